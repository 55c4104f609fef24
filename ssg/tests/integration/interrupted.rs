//! Pulls that are cut off: by the network, by a revoked token, by the end of the process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::fake_cms::{Asked, FakeCms};
use super::nginx::PATIENCE;

const PAGES: usize = 4;

/// A site of one page that counts its notes.
fn installation() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("templates");
    fs::create_dir_all(&templates).unwrap();
    let site = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\nlocales = [\"en\"]\n\n\
                [[route]]\npath = \"/\"\ntemplate = \"index.html\"\n";
    fs::write(templates.join("site.toml"), site).unwrap();
    let notes = "{{ count(type=\"api::note.note\") }} notes";
    fs::write(templates.join("index.html"), notes).unwrap();
    folder
}

fn model() -> Value {
    json!({ "components": {}, "types": { "api::note.note": {
        "kind": "collectionType", "collectionName": "notes",
        "info": { "singularName": "note", "pluralName": "notes", "displayName": "Note" },
        "options": { "draftAndPublish": true }, "pluginOptions": {},
        "attributes": { "title": { "type": "string" } },
    } } })
}

/// A page of a listing that has one note on each of its pages, and the model on the first.
fn page(number: usize) -> Value {
    let mut items = Vec::new();
    if number == 1 {
        items.push(json!({ "seq": 0, "op": "schema", "uid": "", "documentId": "", "locale": null,
            "version": 0, "publishedAt": null, "data": model() }));
    }
    let id = format!("note{number}");
    items.push(json!({ "seq": number, "op": "upsert", "uid": "api::note.note",
        "documentId": id, "locale": null, "version": number, "publishedAt": "2026-01-01T00:00:00.000Z",
        "data": { "id": number, "documentId": id, "title": "x" } }));
    let next = if number == PAGES { "next_sync" } else { "next_page" };
    json!({ "items": items, next: format!("p{}", number + 1), "upto": PAGES, "locales": ["en"] })
}

/// Which page of the listing is asked for; none for what comes after it.
fn asked_page(asked: &Asked) -> Option<usize> {
    let token = asked.path.split_once("token=p").map(|(_, number)| number.parse().unwrap());
    let number = token.unwrap_or(1);
    (number <= PAGES).then_some(number)
}

fn listing(asked: &Asked) -> HttpResponse {
    let nothing = json!({ "items": [], "next_sync": "p9", "upto": PAGES, "locales": ["en"] });
    HttpResponse::Ok().json(asked_page(asked).map_or(nothing, page))
}

fn build(folder: &Path, url: &str, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command.current_dir(folder).env_clear().args(["build", "--json"]);
    command.env("SSG_CMS_URL", url).env("SSG_CMS_TOKEN", "secret-token");
    command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn shown(folder: &Path) -> String {
    fs::read_to_string(folder.join("dist/current/index.html")).unwrap_or_default()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_first_listing_that_was_killed_goes_on_where_it_stopped() {
    let folder = installation();
    let stalls = Arc::new(AtomicBool::new(true));
    let stalled = Arc::clone(&stalls);
    let cms = FakeCms::start_slow(move |asked| {
        let (answer, third) = (listing(asked), asked_page(asked) == Some(3));
        let stalled = third && stalled.load(Ordering::SeqCst);
        Box::pin(async move {
            if stalled {
                std::future::pending::<()>().await;
            }
            answer
        })
    });
    let mut cut = build(folder.path(), &cms.url, &[]).spawn().unwrap();
    let give_up = std::time::Instant::now() + PATIENCE;
    while cms.asked().len() < 3 {
        assert!(std::time::Instant::now() < give_up, "{:?}", cms.asked());
        tokio::task::yield_now().await;
    }
    cut.kill().unwrap();
    cut.wait().unwrap();
    stalls.store(false, Ordering::SeqCst);
    cms.forget();
    let output = run(build(folder.path(), &cms.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shown(folder.path()), format!("{PAGES} notes"));
    let asked: Vec<_> = cms.asked().iter().map(|asked| asked.path.clone()).collect();
    assert_eq!(asked, ["/sync?token=p3", "/sync?token=p4"]);
    cms.forget();
    let output = run(build(folder.path(), &cms.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(cms.asked()[0].path, "/sync?token=p5");
    assert!(!folder.path().join("content-cache/listing.part").exists());
}

#[tokio::test]
async fn a_listing_that_the_content_server_no_longer_knows_begins_anew() {
    let folder = installation();
    let cache = folder.path().join("content-cache");
    let cms = FakeCms::start(|asked| match asked_page(asked) {
        Some(3) => HttpResponse::Forbidden().finish(),
        _ => listing(asked),
    });
    assert!(!run(build(folder.path(), &cms.url, &[])).await.status.success());
    assert!(cache.join("listing.part").exists());
    // A listing with other rights: its tokens are not for us.
    let answered = AtomicUsize::new(0);
    let other = FakeCms::start(move |asked| match asked_page(asked) {
        Some(3) if answered.fetch_add(1, Ordering::SeqCst) == 0 => HttpResponse::BadRequest()
            .json(json!({ "data": null, "error": {
                "status": 400, "name": "sync_filter_mismatch", "message": "m", "details": {} } })),
        _ => listing(asked),
    });
    let part = fs::read_to_string(cache.join("listing.part")).unwrap();
    fs::write(cache.join("listing.part"), part.replace(&cms.url, &other.url)).unwrap();
    let output = run(build(folder.path(), &other.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(shown(folder.path()), format!("{PAGES} notes"));
    let asked: Vec<_> = other.asked().iter().filter_map(asked_page).collect();
    assert_eq!(asked, [3, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_token_revoked_half_way_ends_in_a_build_from_the_replica_that_says_so() {
    let folder = installation();
    let revoked = Arc::new(AtomicBool::new(false));
    let refuses = Arc::clone(&revoked);
    let cms =
        FakeCms::start(move |asked| match (refuses.load(Ordering::SeqCst), asked_page(asked)) {
            (false, _) => listing(asked),
            // There is more, and in the middle of it the token is gone.
            (true, None) if asked.path.ends_with("=p5") => HttpResponse::Ok().json(json!({
            "items": [{ "seq": 9, "op": "delete", "uid": "api::note.note", "documentId": "note1",
                "locale": null, "version": 9, "publishedAt": null }],
            "next_page": "p6", "upto": 9, "locales": ["en"] })),
            (true, _) => HttpResponse::Unauthorized().json(json!({ "data": null, "error": {
            "status": 401, "name": "UnauthorizedError", "message": "revoked", "details": {} } })),
        });
    assert!(run(build(folder.path(), &cms.url, &[])).await.status.success());
    revoked.store(true, Ordering::SeqCst);
    let template = folder.path().join("templates/index.html");
    fs::write(&template, fs::read_to_string(&template).unwrap() + " now").unwrap();
    let output = run(build(folder.path(), &cms.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["stale"], true);
    // Half of a pull is none.
    assert_eq!(shown(folder.path()), format!("{PAGES} notes now"));
    let said = said(&output);
    assert!(said.contains("refuses our credentials: revoked"), "{said}");
    assert!(said.contains("replica") && said.contains("SSG_CMS_TOKEN"), "{said}");
    assert!(!said.contains("secret-token"), "{said}");
    // Without a replica there is nothing to build from.
    fs::remove_dir_all(folder.path().join("content-cache")).unwrap();
    assert_eq!(run(build(folder.path(), &cms.url, &[])).await.status.code(), Some(2));
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_asked_for_again() {
    let folder = installation();
    let count = AtomicUsize::new(0);
    let cms = FakeCms::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        // Whole as far as HTTP can tell.
        0 => HttpResponse::Ok().body(page(1).to_string().into_bytes()[..200].to_vec()),
        _ => listing(asked),
    });
    let output = run(build(folder.path(), &cms.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(cms.asked().len(), PAGES + 1);
}

#[tokio::test]
async fn a_pull_ends_at_its_deadline_and_the_next_goes_on() {
    let folder = installation();
    let slow = Arc::new(AtomicBool::new(true));
    let is_slow = Arc::clone(&slow);
    let cms = FakeCms::start_slow(move |asked| {
        let (answer, wait) = (listing(asked), is_slow.load(Ordering::SeqCst));
        Box::pin(async move {
            if wait {
                actix_web::rt::time::sleep(Duration::from_millis(400)).await;
            }
            answer
        })
    });
    let output = run(build(folder.path(), &cms.url, &[("SSG_PHASE_DEADLINE", "1s")])).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("took longer than 1 s"), "{}", said(&output));
    slow.store(false, Ordering::SeqCst);
    let first = cms.asked().len();
    assert!(first < PAGES, "{first}");
    let output = run(build(folder.path(), &cms.url, &[])).await;
    assert!(output.status.success(), "{}", said(&output));
    // The page that was under way, and those after it.
    assert_eq!(cms.asked().len(), PAGES + 1);
    assert_eq!(shown(folder.path()), format!("{PAGES} notes"));
}

#[tokio::test]
async fn folders_that_cannot_be_written_are_named() {
    let folder = installation();
    let cms = FakeCms::start(listing);
    assert!(run(build(folder.path(), &cms.url, &[])).await.status.success());
    for (setting, name) in [("SSG_CACHE", "content-cache"), ("SSG_OUT", "dist")] {
        // Below a file, nobody can make a folder, not even root.
        fs::write(folder.path().join("file"), "").unwrap();
        let place = PathBuf::from("file").join(name).display().to_string();
        let output = run(build(folder.path(), &cms.url, &[(setting, &place)])).await;
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(&place), "{}", said(&output));
        assert_eq!(shown(folder.path()), format!("{PAGES} notes"));
    }
}
