//! Several servers on one PostgreSQL: to a client they are one.

mod behind_nginx;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::databases;
use super::harness::{Answer, TestApp};

const SECRET: &str = "a signing key that all servers of the site share";
const PASSWORD: &str = "Secret-1";
/// Longest time anything may take in a test.
const DEADLINE: Duration = Duration::from_secs(30);

/// Two servers on one database, which goes with the folder.
async fn pair(flags: &[&str]) -> (tempfile::TempDir, TestApp, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::on_postgres(folder.path());
    let uploads = folder.path().join("uploads").display().to_string();
    let shared =
        ["--database-url", url, "--jwt-secret", SECRET, "--workers", "2", "--uploads", &uploads];
    let flags = [&shared, flags].concat();
    let one = TestApp::start_with(&flags).await;
    let other = TestApp::start_with(&flags).await;
    (folder, one, other)
}

async fn log_in(app: &TestApp) -> Answer {
    let body = json!({ "identifier": "ada", "password": PASSWORD });
    app.anonymous().post("/api/auth/local", body).await
}

async fn refresh(app: &TestApp, session: &Value) -> Answer {
    let body = json!({ "refreshToken": session["refreshToken"] });
    app.anonymous().post("/api/auth/refresh", body).await
}

#[actix_web::test]
async fn a_login_holds_on_all_servers_and_ends_on_all() {
    let (_folder, one, other) = pair(&[]).await;
    one.grant("authenticated", &["plugin::users-permissions.user.me"]);
    let body = json!({ "username": "ada", "email": "ada@example.test", "password": PASSWORD });
    let first = one.anonymous().post("/api/auth/local/register", body).await.expect(200).body;
    let me = |session: &Value| session["jwt"].as_str().unwrap().to_owned();
    other.with_bearer(me(&first)).get("/api/users/me").await.expect(200);
    let second = refresh(&other, &first).await.expect(200).body;
    let third = refresh(&one, &second).await.expect(200).body;
    // Somebody has the first token too: the login is over, here and there.
    refresh(&other, &first).await.expect(401);
    refresh(&one, &third).await.expect(401);

    let session = log_in(&one).await.expect(200).body;
    other.with_bearer(me(&session)).post("/api/auth/logout", json!({})).await.expect(200);
    refresh(&one, &session).await.expect(401);
}

#[actix_web::test]
async fn attempts_to_log_in_are_counted_together() {
    let (_folder, one, other) = pair(&["--auth-rate-limit", "3/1h"]).await;
    for app in [&one, &other, &one] {
        log_in(app).await.expect(400);
    }
    for app in [&one, &other] {
        log_in(app).await.expect(429);
    }
}

#[actix_web::test]
async fn what_an_administrator_changes_holds_on_all_servers_from_the_next_request_on() {
    let (_folder, one, other) = pair(&[]).await;
    other.anonymous().get("/api/tags").await.expect(403);
    one.admin(&["permission", "grant", "public", "api::tag.tag.find"]).await;
    other.anonymous().get("/api/tags").await.expect(200);
    one.anonymous().get("/api/tags").await.expect(200);
    other.admin(&["permission", "revoke", "public", "api::tag.tag.find"]).await;
    one.anonymous().get("/api/tags").await.expect(403);
    let token = one.full_access();
    token.post("/api/tags", json!({"data": {"name": "red"}})).await.expect(201);
    one.admin(&["locale", "add", "nl"]).await;
    let locales = other.full_access().get("/api/i18n/locales").await.expect(200).body;
    assert_eq!(locales.as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_reader_of_events_hears_what_another_server_wrote() {
    let (_folder, one, other) = pair(&[]).await;
    let client = other.full_access();
    let mut stream = client.request(reqwest::Method::GET, "/events").send().await.unwrap();
    let made = one.full_access().post("/api/tags", json!({"data": {"name": "red"}})).await;
    let id = made.expect(201).body["data"]["documentId"].as_str().unwrap().to_owned();
    let heard = async {
        let mut text = String::new();
        while !text.contains(&id) {
            text.push_str(&String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()));
        }
    };
    tokio::time::timeout(DEADLINE, heard).await.unwrap();
}

const WRITERS: usize = 6;
const WRITES: usize = 25;

#[actix_web::test]
async fn a_reader_misses_nothing_while_servers_write_at_once() {
    let (_folder, one, other) = pair(&[]).await;
    let (first, second) = (one.full_access(), other.full_access());
    let first_page = first.get("/sync?initial=true").await.expect(200).body;
    let mut token = first_page["next_sync"].as_str().unwrap().to_owned();
    let writers = (0..WRITERS).map(|writer| {
        let client = if writer % 2 == 0 { &first } else { &second };
        async move {
            let mut written = Vec::new();
            for number in 0..WRITES {
                let body = json!({"data": {"name": format!("{writer} {number}")}});
                let made = client.post("/api/tags", body).await.expect(201);
                let seq: u64 = made.header("x-galley-seq").parse().unwrap();
                let id = made.body["data"]["documentId"].as_str().unwrap().to_owned();
                written.push((seq, id));
            }
            written
        }
    });
    let writing = std::cell::Cell::new(true);
    let all_writes = async {
        let written = futures_util::future::join_all(writers).await;
        writing.set(false);
        written.concat()
    };
    let reading = async {
        let (mut read, mut polls) = (Vec::new(), 0);
        loop {
            let is_last = !writing.get();
            let client = if polls % 2 == 0 { &second } else { &first };
            let page = client.get(&format!("/sync?token={token}")).await.expect(200).body;
            for item in page["items"].as_array().unwrap() {
                let id = item["documentId"].as_str().unwrap().to_owned();
                read.push((item["seq"].as_u64().unwrap(), id));
            }
            let next = page["next_page"].as_str().or(page["next_sync"].as_str()).unwrap();
            next.clone_into(&mut token);
            polls += 1;
            if is_last && page["next_page"].is_null() {
                return (read, polls);
            }
        }
    };
    let (mut written, (read, polls)) = futures_util::future::join(all_writes, reading).await;
    assert!(polls > 5, "{polls} polls saw all of it");
    assert!(read.is_sorted_by(|a, b| a.0 < b.0), "{read:?}");
    written.sort();
    let ids: BTreeSet<_> = written.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), WRITERS * WRITES);
    assert_eq!(read, written);
}
