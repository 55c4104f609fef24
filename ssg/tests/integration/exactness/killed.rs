//! The same with the real program: `ssg build` is killed at any moment (SIGKILL, no chance to
//! clean up), and the next run makes up for it.
//!
//! Only with `GALLEY_SOAK`: a process per build is dear, and the places where a program may die
//! are simulated one by one otherwise.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use cms_api::change::SyncPage;
use proptest::test_runner::{TestCaseError, TestError};
use serde_json::Value;
use ssg::build::{Report, Request, Scratch, Source};

use super::desk::{Built, Desk};
use super::{Case, STEPS, case, runner, soak, told};
use crate::integration::fake_cms::{Asked, FakeCms};
use crate::integration::site_harness::Cms;

/// Sequences per hundred of those in process.
const PERCENT: u64 = 3;
/// Cuts per step: from before the first read to after the last write.
const CUTS: u32 = 3;
const PART: u64 = 1_000;

/// The CMS in memory, over HTTP.
pub(in crate::integration) fn serve(cms: &Cms) -> FakeCms {
    let cms = cms.clone();
    FakeCms::start(move |asked| answer(&cms, asked))
}

fn answer(cms: &Cms, asked: &Asked) -> HttpResponse {
    if asked.path.starts_with("/uploads/") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        return match cms.fetch(&asked.path, &file) {
            Ok(()) => HttpResponse::Ok().body(std::fs::read(file).unwrap()),
            Err(_) => HttpResponse::NotFound().finish(),
        };
    }
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("token="));
    let pulled = cms.pull(cursor).unwrap();
    HttpResponse::Ok().json(SyncPage {
        items: pulled.items,
        next_page: None,
        next_sync: Some(pulled.cursor),
        upto: pulled.seq,
        locales: pulled.locales,
    })
}

fn build(desk: &Desk, url: &str) -> Command {
    let paths = desk.paths();
    let path = |path: &Path| path.display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command
        .args(["build", "--json"])
        .current_dir(paths.site.parent().unwrap())
        .env("SSG_CMS_URL", url)
        .env("SSG_CMS_TOKEN", "any")
        .env("SSG_SITE", path(&paths.site))
        .env("SSG_OUT", path(&paths.out))
        .env("SSG_CACHE", path(&paths.cache))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Runs a build to its end; how long it took is the span within which the next one is cut.
fn whole(desk: &Desk, url: &str) -> Result<(Report, Duration), String> {
    let started = Instant::now();
    let output = build(desk, url).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text)
        .map_err(|error| format!("{}: {error}: {text}", output.status))?;
    let report = serde_json::from_value(report).map_err(|error| error.to_string())?;
    Ok((report, started.elapsed()))
}

fn cut(desk: &Desk, url: &str, after: Duration) {
    let mut child = build(desk, url).stdout(Stdio::null()).spawn().unwrap();
    std::thread::park_timeout(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn run(case: &Case, cuts: &mut u32) -> Result<(), String> {
    let mut desk = Desk::new(case.model.clone(), case.design.clone(), &case.beginning, None);
    let cms = serve(&desk.cms);
    let (_, mut span) = settle(&mut desk, &cms.url)?;
    for (number, step) in case.steps.iter().enumerate() {
        step.verbs.iter().for_each(|verb| desk.apply(verb));
        desk.write();
        for _ in 0..CUTS {
            let before = desk.tree();
            // Spread evenly, and never twice alike.
            *cuts += 1;
            let part = f64::from(cuts.wrapping_mul(61) % 97) / 97.0;
            cut(&desk, &cms.url, span.mul_f64(part));
            desk.known.killed = true;
            desk.check_whole(&before)?;
        }
        let settled = settle(&mut desk, &cms.url);
        span = settled.map_err(|error| format!("after step {number}, {step:?}: {error}"))?.1;
    }
    Ok(())
}

/// Builds twice: the first makes the site, the second has nothing to do.
fn settle(desk: &mut Desk, url: &str) -> Result<(Report, Duration), String> {
    desk.pulled = desk.cms.frozen();
    let (report, span) = whole(desk, url)?;
    let tree = desk.tree();
    let scratch = Scratch::build(&desk.paths().site, &desk.pulled, desk.now);
    let scratch = scratch.map_err(|error| error.to_string())?;
    if let Ok(scratch) = &scratch {
        let built = Built::told(report.clone(), Request::default());
        desk.check_failures(&built, scratch)?;
        desk.check_tree(&built, scratch, &tree)?;
        desk.learn(&built, scratch, tree.clone());
    } else if !desk.known.killed && tree != desk.known.tree {
        return Err("a refused build changed the tree".to_owned());
    }
    let (again, _) = whole(desk, url)?;
    let failing = scratch.map_or(0, |scratch| scratch.failed.len() as u64);
    if again.rendered != failing || desk.tree() != tree {
        return Err(format!("a second build has work to do: {again:#?}"));
    }
    Ok((report, span))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_build_is_made_up_for_by_the_next() {
    let Some(soak) = soak() else { return };
    let result = tokio::task::spawn_blocking(move || {
        let cuts = std::cell::Cell::new(0);
        runner(PART, soak * PERCENT / 100, 40)
            .run(&case(STEPS), |case| {
                let mut count = cuts.get();
                let result = run(&case, &mut count);
                cuts.set(count);
                result.map_err(TestCaseError::fail)
            })
            .map_err(Box::new)
    });
    let Err(error) = result.await.unwrap() else { return };
    match *error {
        TestError::Fail(why, case) => panic!("{why}\n{}", told(&case)),
        TestError::Abort(why) => panic!("{why}"),
    }
}
