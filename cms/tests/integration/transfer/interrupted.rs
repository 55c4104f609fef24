//! An import that is killed has happened or has not.

use std::path::Path;
use std::process::Stdio;

use cms::store::{Database, StoreError, settings};

use serde_json::Value;

use super::super::conformance::{Place, repository};
use super::super::databases;
use super::{cms, count, imported, seeded, start, uploads};

/// Starts an import and kills it once `reached` says so, or lets it end.
fn killed_when(folder: &Path, reached: impl Fn() -> bool) {
    let mut import = cms(folder)
        .arg("import")
        .arg(seeded())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while import.try_wait().unwrap().is_none() {
        if reached() {
            import.kill().unwrap();
            import.wait().unwrap();
        }
        std::thread::yield_now();
    }
}

/// Files an import has unpacked so far.
fn unpacked(folder: &Path) -> usize {
    let staging = uploads(folder).into_iter().find(|name| name.starts_with(".importing-"));
    let files = staging.map(|name| folder.join("data/uploads").join(name).join("files"));
    files.and_then(|files| std::fs::read_dir(files).ok()).map_or(0, Iterator::count)
}

fn shown(folder: &Path) -> usize {
    uploads(folder).iter().filter(|name| !name.starts_with('.')).count()
}

/// What the transaction wrote so far: SQLite's write-ahead log holds it, PostgreSQL's table.
fn written(folder: &Path) -> u64 {
    if databases::is_postgres() {
        let size = "SELECT COALESCE(2 * pg_relation_size(to_regclass('documents')), 0)";
        let answer = databases::ask(Place::of(folder).database, size);
        return answer[0].parse().unwrap();
    }
    folder.join("data/cms.db-wal").metadata().map_or(0, |it| it.len())
}

/// A token nobody has asked for yet.
fn fresh_token(folder: &Path) -> String {
    let name = ::cms::auth::secret::random_text().unwrap();
    let output = cms(folder)
        .args(["token", "create", "--type", "full-access", "--name", &name])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn articles(folder: &Path) -> u64 {
    let server = start(folder);
    let token = fresh_token(folder);
    let url = format!("{}/api/articles?locale=*&status=draft", server.url);
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let body: Value = answer.json().await.unwrap();
    body["meta"]["pagination"]["total"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_killed_import_leaves_nothing_or_everything() {
    // Articles in all their locales.
    let all = 79;
    let points: [&dyn Fn(&Path) -> bool; 7] = [
        &|folder| unpacked(folder) > 0,
        &|folder| unpacked(folder) > 10,
        &|folder| unpacked(folder) >= 20,
        &|folder| written(folder) > 300_000,
        &|folder| written(folder) > 500_000,
        &|folder| shown(folder) > 0,
        &|folder| shown(folder) > 10,
    ];
    for point in points {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        killed_when(path, || point(path));
        let before = shown(path);
        let rows = articles(path).await;
        assert!(rows == 0 || rows == all, "{rows}");
        // The server's start has finished the import or wiped it away.
        let after = uploads(path);
        assert_eq!(after.len(), if rows == 0 { 0 } else { 20 }, "{after:?}");
        assert!(before == 0 || rows == all, "files were shown before their rows");
        let report = imported(path, &seeded(), &[]);
        let expected = if rows == 0 { "added" } else { "unchanged" };
        assert_eq!(count(&report, "api::article.article", expected), 139);
        assert_eq!(uploads(path).len(), 20);
    }
}

/// A staging folder as an import leaves it when it dies right after the commit, or before.
fn staged(folder: &Path, name: &str, committed: bool) {
    let staging = folder.join("data/uploads").join(name);
    std::fs::create_dir_all(staging.join("files")).unwrap();
    std::fs::write(staging.join("files/note.txt"), "from the archive").unwrap();
    std::fs::write(staging.join("files/..bad"), "no name of a file").unwrap();
    std::fs::create_dir_all(staging.join("schema/components/shared")).unwrap();
    std::fs::write(staging.join("schema/components/shared/new.json"), NEW_COMPONENT).unwrap();
    let sqlite = format!("sqlite:{}", folder.join("data/cms.db").display());
    let db = Database::open(&databases::of(folder, &sqlite).parse().unwrap()).unwrap();
    db.migrate().unwrap();
    if committed {
        let note = format!("transfer.committed/{name}");
        db.write::<_, StoreError>(|conn| settings::set(conn, &note, "1")).unwrap();
    }
}

fn model() -> std::path::PathBuf {
    repository().join("tests/conformance/schemas/src")
}

const NEW_COMPONENT: &str = r#"{"collectionName":"c","attributes":{"a":{"type":"string"}}}"#;

#[test]
fn the_next_start_finishes_what_was_committed_and_wipes_the_rest() {
    for committed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        staged(folder.path(), ".importing-0123456789abcdef", committed);
        let schema = folder.path().join("schema");
        let status = std::process::Command::new("cp").arg("-r").arg(model()).arg(&schema).status();
        assert!(status.unwrap().success());
        let output = cms(folder.path())
            .env("CMS_SCHEMA_DIR", &schema)
            .args(["export", "out.tar"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files: &[&str] = if committed { &["note.txt"] } else { &[] };
        assert_eq!(uploads(folder.path()), files);
        assert_eq!(schema.join("components/shared/new.json").exists(), committed);
    }
}

#[test]
fn two_imports_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/uploads")).unwrap();
    let held = std::fs::File::open(folder.path().join("data/uploads")).unwrap();
    held.lock().unwrap();
    let output = cms(folder.path()).arg("import").arg(seeded()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another import"));
}

/// Every file the media library lists is there, and no other.
async fn files_are_whole(folder: &Path) {
    let server = start(folder);
    let token = fresh_token(folder);
    let url = format!("{}/api/upload/files", server.url);
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
    let listed: Value = answer.json().await.unwrap();
    for file in listed.as_array().unwrap() {
        let url = format!("{}{}", server.url, file["url"].as_str().unwrap());
        let served = reqwest::get(url).await.unwrap();
        assert_eq!(served.status().as_u16(), 200, "{file}");
        let bytes = served.bytes().await.unwrap().len() as f64 / 1000.0;
        let known = file["size"].as_f64().unwrap();
        assert!((bytes - known).abs() < 0.1, "{bytes} KB of {file}");
    }
}

#[actix_web::test]
async fn a_killed_restore_leaves_the_old_or_the_new_and_never_half() {
    const CUTS: u32 = 8;
    // What PostgreSQL loads is one transaction of its own program.
    if databases::is_postgres() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    imported(path, &seeded(), &[]);
    let backup = || cms(path).args(["backup", "backup.tar"]).status().unwrap();
    assert!(backup().success());
    let old = articles(path).await;
    let restore = || {
        let mut command = cms(path);
        command.args(["restore", "backup.tar", "--force"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let began = std::time::Instant::now();
    assert!(restore().wait().unwrap().success());
    let whole = began.elapsed();
    for cut in 0..CUTS {
        let server = start(path);
        let token = fresh_token(path);
        let body = serde_json::json!({ "data": { "title": "Later" } });
        let client = reqwest::Client::new();
        let sent = client.post(format!("{}/api/articles", server.url)).bearer_auth(&token);
        assert_eq!(sent.json(&body).send().await.unwrap().status().as_u16(), 201);
        drop(server);
        let new = articles(path).await;
        assert!(new > old);
        let mut restore = restore();
        std::thread::park_timeout(whole * cut / CUTS);
        restore.kill().unwrap();
        restore.wait().unwrap();
        let left = articles(path).await;
        assert!(left == old || left == new, "after {cut}/{CUTS}: {left}, not {old} or {new}");
        files_are_whole(path).await;
    }
}
