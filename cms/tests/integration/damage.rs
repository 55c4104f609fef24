//! Installations with one thing wrong each: what the server does with it, and what the doctor
//! says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use cms::store::statement::Statement;
use cms::store::{Database, StoreError};
use serde_json::{Value, json};

use super::conformance::{Place, SQLITE, cms, start, token};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    cms(Place { folder, database: SQLITE }).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The details of the findings that are not good, by what they are about.
fn findings(output: &Output) -> Vec<(String, String, String)> {
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    let all = report["findings"].as_array().unwrap().iter();
    all.filter(|it| it["state"] != "ok")
        .map(|it| (text(it, "what"), text(it, "state"), text(it, "detail")))
        .collect()
}

/// The doctor finds this one thing and says so.
#[track_caller]
fn diagnosed(folder: &Path, what: &str, state: &str, detail: &str) {
    let output = run(folder, &["doctor", "--json"]);
    let found = findings(&output);
    assert_eq!(output.status.code(), Some(if state == "error" { 2 } else { 0 }), "{found:?}");
    let fits = found.len() == 1 && found[0].0 == what && found[0].1 == state;
    assert!(fits && found[0].2.contains(detail), "{found:#?}");
}

/// Runs SQL on the stored content.
fn execute(folder: &Path, sql: &str) {
    let url = format!("sqlite:{}", folder.join("data/cms.db").display()).parse().unwrap();
    let db = Database::open(&url).unwrap();
    let run = db.write::<_, StoreError>(|conn| {
        let mut statement = Statement::new(conn.dialect());
        statement.push(sql);
        statement.execute(conn)
    });
    run.unwrap();
    db.checkpoint();
}

/// A server's folder with one tag in it, and a token for it.
async fn installation() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { folder: folder.path(), database: SQLITE };
    let server = start(place);
    let token = token(place, "full-access");
    let body = json!({ "data": { "name": "one" } });
    let sent = reqwest::Client::new().post(format!("{}/api/tags", server.url));
    let sent = sent.bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(sent.status().as_u16(), 201);
    drop(server);
    // Folds the log into the database.
    execute(folder.path(), "DELETE FROM attempts");
    (folder, token)
}

async fn tags(folder: &Path, token: &str) -> u64 {
    let server = start(Place { folder, database: SQLITE });
    let sent = reqwest::Client::new().get(format!("{}/api/tags", server.url)).bearer_auth(token);
    let body: Value = sent.send().await.unwrap().json().await.unwrap();
    body["meta"]["pagination"]["total"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_database_that_was_cut_off_is_refused_by_name_and_restored() {
    let (folder, token) = installation().await;
    let path = folder.path();
    succeeds(path, &["backup", "backup.tar"]);
    let database = path.join("data/cms.db");
    let whole = fs::read(&database).unwrap();
    for (length, why) in [
        (0, "is empty"),
        (50, "is no SQLite database"),
        (whole.len() / 2, "was cut off"),
        (whole.len() - 1, "was cut off"),
    ] {
        fs::write(&database, &whole[..length]).unwrap();
        let output = run(path, &["serve"]);
        assert_eq!(output.status.code(), Some(2), "{length}: {}", said(&output));
        for part in [why, "data/cms.db", "cms restore"] {
            assert!(said(&output).contains(part), "{length}: {}", said(&output));
        }
        assert_eq!(fs::read(&database).unwrap(), &whole[..length], "it was touched");
        diagnosed(path, "database", "error", why);
        // What the message says helps.
        succeeds(path, &["restore", "backup.tar", "--force"]);
        assert_eq!(tags(path, &token).await, 1);
    }
}

#[actix_web::test]
async fn the_doctor_finds_what_is_wrong() {
    let (folder, _) = installation().await;
    let path = folder.path();
    let healthy = run(path, &["doctor", "--json"]);
    assert_eq!(findings(&healthy), [], "{}", said(&healthy));

    let key = path.join("data").join(cms::auth::keys::FILE_NAME);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    diagnosed(path, "signing key", "warning", "others can read it");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    // Below a file nobody can make a folder, not even root.
    fs::write(path.join("file"), "").unwrap();
    let output = run(path, &["doctor", "--json", "--uploads", "file/uploads"]);
    let found = findings(&output);
    assert!(found.len() == 1 && found[0].0 == "uploads", "{found:?}");
    assert!(found[0].2.contains("file/uploads"), "{found:?}");

    let hook =
        ["webhook", "add", "--name", "site", "--url", "http://127.0.0.1:9/", "--allow-private"];
    succeeds(path, &hook);
    execute(path, "UPDATE webhooks SET secret = 'whsec_?'");
    diagnosed(path, "webhooks", "error", "no usable secret: site; `cms webhook rotate`");
    succeeds(path, &["webhook", "rotate", "--name", "site"]);
    succeeds(path, &["webhook", "disable", "--name", "site"]);
    diagnosed(path, "webhooks", "warning", "disabled: site");
    succeeds(path, &["webhook", "enable", "--name", "site"]);

    let tomorrow = cms::clock::now() + 86_400_000;
    execute(path, &format!("UPDATE changes SET at = {tomorrow} WHERE seq = 1"));
    diagnosed(path, "clock", "error", "set the clock by NTP");
    execute(path, "UPDATE changes SET at = 1 WHERE seq = 1");

    execute(path, "DELETE FROM __diesel_schema_migrations");
    diagnosed(path, "database", "warning", "migrations have not run");
}

#[test]
fn the_doctor_looks_for_room() {
    let folder = tempfile::tempdir().unwrap();
    succeeds(folder.path(), &["migrate"]);
    let command = cms(Place { folder: folder.path(), database: SQLITE });
    let script = format!(
        "cp -a data away; mount -t tmpfs -o size=8m none data; cp -a away/. data/; exec '{}' doctor --json",
        command.get_program().to_str().unwrap()
    );
    // A small disk in a namespace of its own, as anybody may have it.
    let mut small = Command::new("unshare");
    small.args(["-rm", "sh", "-c", &script]).current_dir(folder.path());
    small.envs(command.get_envs().map(|(name, value)| (name, value.unwrap())));
    let output = small.output().unwrap();
    let found = findings(&output);
    assert!(found.iter().any(|it| it.0 == "disk" && it.1 == "error"), "{found:?}");
}
