//! Readers and editors at once, at a rate that does not wait for the server: no request fails.
//!
//! The rate suits a build for tests on a small machine; `GALLEY_LOAD=full` asks for the whole
//! of it, and `scripts/bench load` measures the release build for minutes.

use std::time::Duration;

use cms::auth::api_token::TokenKind;
use serde_json::json;

use super::harness::TestApp;
use steady::Load;

#[path = "../../benches/api/steady.rs"]
mod steady;

const ARTICLES: usize = 40;
const TIME: Duration = Duration::from_secs(20);
const WRITES_PER_SECOND: f64 = 20.0;

#[expect(clippy::disallowed_methods, reason = "tests are asked for more by the environment")]
fn reads_per_second() -> f64 {
    if std::env::var("GALLEY_LOAD").is_ok_and(|it| it == "full") { 2_000.0 } else { 150.0 }
}

#[actix_web::test]
async fn readers_and_editors_meet_no_error() {
    // The promise is about one file on one small machine.
    if super::databases::is_postgres() {
        return;
    }
    let app = TestApp::start_with(&["--workers", "2"]).await;
    let mut articles = Vec::new();
    let author = app.full_access().post("/api/authors", json!({ "data": { "name": "Ada" } })).await;
    for n in 0..ARTICLES {
        let data = json!({ "title": format!("Article {n}"), "body": "Text. ".repeat(200),
            "author": author.body["data"]["documentId"] });
        let made =
            app.full_access().post("/api/articles", json!({ "data": data })).await.expect(201);
        articles.push(made.body["data"]["documentId"].as_str().unwrap().to_owned());
    }
    let load = Load {
        address: app.base.trim_start_matches("http://").to_owned(),
        token: app.token("load", TokenKind::FullAccess, &[]),
        articles,
        reads_per_second: reads_per_second(),
        writes_per_second: WRITES_PER_SECOND,
        time: TIME,
    };
    let outcome = actix_web::web::block(move || load.run()).await.unwrap();
    eprintln!(
        "{} reads and {} writes in {:.1} s; p99 {:.1} and {:.1} ms",
        outcome.reads.count(),
        outcome.writes.count(),
        outcome.elapsed.as_secs_f64(),
        outcome.reads.within(0.99),
        outcome.writes.within(0.99),
    );
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.reads.count(), (TIME.as_secs_f64() * reads_per_second()) as usize);
}
