//! A backup made while editors write, put in place elsewhere; and archives nobody should trust.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::{rt, web};
use reqwest::Client;
use serde_json::{Value, json};

use super::super::conformance::{Place, cms, start, token};
use super::uploads;
use crate::integration::databases;

const ARCHIVE: &str = "backup.tar";

fn run(place: Place<'_>, arguments: &[&str]) -> Output {
    cms(place).args(arguments).output().unwrap()
}

fn succeeds(place: Place<'_>, arguments: &[&str]) -> String {
    let output = run(place, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Fails with this exit code; why.
fn fails(place: Place<'_>, arguments: &[&str], code: i32) -> String {
    let output = run(place, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// An editor who adds entries, adds files and deletes them again, until told to stop.
struct Editor {
    stop: Arc<AtomicBool>,
    /// Entries whose creation was answered.
    written: Arc<AtomicUsize>,
    task: rt::task::JoinHandle<()>,
}

impl Editor {
    fn start(base: &str, token: &str) -> Self {
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (base, token) = (base.to_owned(), token.to_owned());
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&written));
        let task = rt::spawn(async move {
            let client = Client::new();
            while !stopped.load(Ordering::Relaxed) {
                let number = counted.load(Ordering::Relaxed);
                let body = json!({ "data": { "title": format!("Number {number:05}") } });
                let url = format!("{base}/api/articles");
                let sent = client.post(url).bearer_auth(&token).json(&body).send().await.unwrap();
                assert_eq!(sent.status().as_u16(), 201);
                counted.fetch_add(1, Ordering::Relaxed);
                let file = upload(&client, &base, &token, &format!("n{number}.txt")).await;
                if number % 2 == 0 {
                    let url = format!("{base}/api/upload/files/{file}");
                    client.delete(url).bearer_auth(&token).send().await.unwrap();
                }
            }
        });
        Self { stop, written, task }
    }

    async fn has_written(&self, count: usize) {
        while self.written.load(Ordering::Relaxed) < count {
            rt::task::yield_now().await;
        }
    }

    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
    }
}

/// The id of a new file.
async fn upload(client: &Client, base: &str, token: &str, name: &str) -> i64 {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\ncontent of {name}\r\n--b--\r\n"
    );
    let request = client.post(format!("{base}/api/upload")).bearer_auth(token).body(body);
    let request = request.header("content-type", "multipart/form-data; boundary=b");
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer[0]["id"].as_i64().unwrap()
}

async fn get(base: &str, path: &str, token: &str) -> Value {
    let request = Client::new().get(format!("{base}{path}")).bearer_auth(token);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.json().await.unwrap()
}

/// A user's access token.
async fn log_in(base: &str) -> String {
    let body = json!({ "username": "ada", "email": "ada@example.test", "password": "Secret-1" });
    let register = Client::new().post(format!("{base}/api/auth/local/register")).json(&body);
    let answer: Value = register.send().await.unwrap().json().await.unwrap();
    answer["jwt"].as_str().unwrap().to_owned()
}

/// Where a reader of the feed is once it has read everything.
async fn feed_position(base: &str, token: &str) -> String {
    let mut path = "/sync?initial=true".to_owned();
    loop {
        let page = get(base, &path, token).await;
        match page["next_page"].as_str() {
            Some(next) => path = format!("/sync?token={next}"),
            None => return page["next_sync"].as_str().unwrap().to_owned(),
        }
    }
}

/// What a restored server answers to those who had access to the first one.
async fn assert_whole(place: Place<'_>, token: &str, user: &str, at_least: usize) -> usize {
    let server = start(place);
    let path = "/api/articles?sort=title:desc&pagination[pageSize]=1";
    let newest = get(&server.url, path, token).await;
    let total = newest["meta"]["pagination"]["total"].as_u64().unwrap() as usize;
    assert!(total >= at_least, "{total} of {at_least} entries");
    assert_eq!(newest["data"][0]["title"], format!("Number {:05}", total - 1));
    let files = get(&server.url, "/api/upload/files", token).await;
    for file in files.as_array().unwrap() {
        let served = reqwest::get(format!("{}{}", server.url, file["url"].as_str().unwrap()));
        let text = served.await.unwrap().text().await.unwrap();
        assert_eq!(text, format!("content of {}", file["name"].as_str().unwrap()));
    }
    assert_eq!(files.as_array().unwrap().len(), uploads(place.folder).len());
    // Only the same signing key accepts what the other server signed.
    assert_eq!(get(&server.url, "/api/users/me", user).await["username"], "ada");
    total
}

/// Backs up a server that is written to, and restores it in `elsewhere`.
async fn moves(from: Place<'_>, elsewhere: Place<'_>) {
    let archive = from.folder.join(ARCHIVE);
    let path = archive.to_str().unwrap();
    let server = start(from);
    let token = token(from, "full-access");
    let user = log_in(&server.url).await;
    grant_me(from);
    let feed = feed_position(&server.url, &token).await;
    let editor = Editor::start(&server.url, &token);
    editor.has_written(5).await;
    let before = editor.written.load(Ordering::Relaxed);
    let mut backup = cms(from);
    backup.args(["backup", path, "--json"]);
    let output = web::block(move || backup.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["missing"], &report["signingKey"]), (&json!([]), &json!(true)));
    editor.has_written(before + 1).await;
    editor.end().await;
    drop(server);
    assert!(!uploads(from.folder).iter().any(|name| name.starts_with('.')));

    refuses_what_was_damaged(&archive, elsewhere);
    succeeds(elsewhere, &["restore", path]);
    let total = assert_whole(elsewhere, &token, &user, before).await;
    let said = fails(elsewhere, &["restore", path], 2);
    assert!(said.contains("not empty") && said.contains("--force"), "{said}");

    let server = start(elsewhere);
    // A reader of the feed begins again: numbers it knows are given out again.
    let asked = Client::new().get(format!("{}/sync?token={feed}", server.url)).bearer_auth(&token);
    let answer: Value = asked.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["error"]["name"], "sync_filter_mismatch");
    // What was written since goes, with its files.
    upload(&Client::new(), &server.url, &token, "later.txt").await;
    let said = fails(elsewhere, &["restore", path, "--force"], 2);
    assert!(said.contains("stop the server"), "{said}");
    assert!(uploads(elsewhere.folder).iter().any(|name| name.starts_with("later")));
    drop(server);
    succeeds(elsewhere, &["restore", path, "--force"]);
    assert!(!uploads(elsewhere.folder).iter().any(|name| name.starts_with("later")));
    assert_eq!(assert_whole(elsewhere, &token, &user, before).await, total);
}

/// Lets users ask who they are.
fn grant_me(place: Place<'_>) {
    let action = "plugin::users-permissions.user.me";
    succeeds(place, &["permission", "grant", "authenticated", action]);
}

/// Every kind of damage is refused for what it is, and leaves nothing behind.
fn refuses_what_was_damaged(archive: &Path, place: Place<'_>) {
    let whole = std::fs::read(archive).unwrap();
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| -> PathBuf {
        let mut bytes = whole.clone();
        change(&mut bytes);
        let path = archive.with_file_name("damaged.tar");
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let refused = |path: PathBuf, why: &str| {
        let said = fails(place, &["restore", path.to_str().unwrap()], 1);
        assert!(said.contains(why), "{said}");
        let left = std::fs::read_dir(place.folder).unwrap().count();
        assert_eq!(left, 0, "{said}");
    };
    for part in [1, 2, 3] {
        let length = whole.len() * part / 4;
        refused(damaged(&|bytes| bytes.truncate(length)), "");
    }
    // A tar file's end mark follows the manifest's sum.
    let find = |text: &[u8]| whole.windows(text.len()).rposition(|part| part == text).unwrap();
    let manifest = find(b"manifest.json\0");
    refused(damaged(&|bytes| bytes.truncate(manifest)), "not complete");
    let alter = |at: usize| damaged(&move |bytes: &mut Vec<u8>| bytes[at] ^= 1);
    refused(alter(find(b"content of n1.txt")), "was altered");
    refused(alter(find(b"\"createdAt\"")), "was altered");
    refused(alter(2048), "was altered");
    refused(damaged(&|bytes| bytes.clear()), "");
}

#[actix_web::test]
async fn a_backup_of_a_busy_server_is_restored_elsewhere() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let from = Place::of(folder.path());
    moves(from, Place::of(other.path())).await;
}

#[test]
fn a_backup_fits_its_own_kind_of_database_and_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::of(folder.path());
    let said = fails(place, &["backup", "x.tar"], 2);
    assert!(said.contains("no content to back up"), "{said}");
    succeeds(place, &["migrate"]);
    succeeds(place, &["backup", "x.tar.gz.enc", "--key", "secret"]);
    let other_folder = folder.path().join("other");
    std::fs::create_dir(&other_folder).unwrap();
    let other = Place { database: databases::of(&other_folder, "sqlite:other/cms.db"), ..place };
    let into = ["restore", "x.tar.gz.enc", "--uploads", "other/uploads", "--key"];
    let with = |key| into.into_iter().chain([key]).collect::<Vec<_>>();
    fails(other, &with("wrong"), 1);
    let (nowhere, kind) = match databases::is_postgres() {
        true => ("sqlite:nowhere/cms.db", "PostgreSQL"),
        false => ("postgres://nobody@localhost:1/x", "SQLite"),
    };
    let nowhere = Place { database: nowhere, ..place };
    assert!(fails(nowhere, &with("secret"), 1).contains(&format!("backup of {kind}")));
    succeeds(other, &with("secret"));
    let export = super::seeded();
    let said = fails(other, &["restore", export.to_str().unwrap(), "--force"], 1);
    assert!(said.contains("this is no backup"), "{said}");
}
