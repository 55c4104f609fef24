//! One question, three answers: SQL on SQLite, SQL on PostgreSQL, and the site's evaluator,
//! which reads the change feed into memory. They must name the same rows in the same order.

mod content;
mod question;
mod server;

use cms_api::query::Status;
use cms_api::query_parse::{Limits, QueryParser};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use ssg::content::Snapshot;

use super::conformance::{Place, SQLITE};
use question::Question;
use server::Answering;

/// Questions per run.
const QUESTIONS: u32 = 600;
/// What a run draws from: the same questions every time, others with `PROPTEST_RNG_SEED`.
const SEED: u64 = 5;

/// What an answer is compared by: the message of a refusal, or rows and their number.
type Answer = Result<(Vec<i64>, u64), String>;

fn over_http(server: &Answering, question: &Question) -> Answer {
    let (status, body) = server.ask(question);
    if status == 400 {
        return Err(body["error"]["message"].as_str().unwrap().to_owned());
    }
    assert_eq!(status, 200, "{}: {body}", question.path(&server.names));
    let ids = body["data"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap());
    Ok((ids.collect(), body["meta"]["pagination"]["total"].as_u64().unwrap()))
}

fn in_memory(snapshot: &Snapshot, server: &Answering, question: &Question) -> Answer {
    let ty = snapshot.model().get(question.uid).unwrap();
    let parser = QueryParser::unrestricted(snapshot.model(), Limits::default());
    let spec = parser.list(ty, &question.tree(&server.names)).map_err(|error| error.message)?;
    assert_eq!(spec.status, Status::Published);
    let found = snapshot.find(&ty.uid, &spec);
    let paged: Vec<_> = snapshot.find_rows(&ty.uid, &spec).iter().map(|row| row.id()).collect();
    let ids: Vec<_> = found.rows.iter().map(|row| row.id()).collect();
    assert_eq!(ids, paged, "the evaluator disagrees with itself: {spec:?}");
    assert_eq!(found.total, snapshot.count(&ty.uid, &spec), "{spec:?}");
    Ok((ids, found.total as u64))
}

#[test]
fn sqlite_postgres_and_the_site_find_the_same_rows() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let sqlite = Answering::start(Place { folder: folders[0].path(), database: SQLITE });
    let postgres = Answering::start(Place::on_postgres(folders[1].path()));
    let snapshot = sqlite.snapshot();
    assert!(snapshot.len() > 60, "{} rows are in the feed", snapshot.len());

    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let rng_seed = match config.rng_seed {
        RngSeed::Random => RngSeed::Fixed(SEED),
        given => given,
    };
    let config = ProptestConfig { cases: config.cases.max(QUESTIONS), rng_seed, ..config };
    let result = TestRunner::new(config).run(&question::any(snapshot.model()), |question| {
        let memory = in_memory(&snapshot, &sqlite, &question);
        let path = question.path(&sqlite.names);
        prop_assert_eq!(&over_http(&sqlite, &question), &memory, "SQLite, {}", path);
        prop_assert_eq!(&over_http(&postgres, &question), &memory, "PostgreSQL, {}", path);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
