//! A whole site moved to another kind of database and back: nobody notices.

use std::path::Path;
use std::process::Output;

use cms::store::{Database, StoreError, settings};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::super::conformance::{Place, SQLITE, cms, start, token};
use super::super::databases;
use super::{seeded, uploads};

/// Questions of every kind.
const QUESTIONS: [&str; 24] = [
    "/api/articles",
    "/api/articles?populate=*",
    "/api/articles?status=draft&populate=*&pagination[pageSize]=100",
    "/api/articles?locale=de&populate=*",
    "/api/articles?locale=*&sort=title:desc",
    "/api/articles?sort=views:desc,title&fields=title,views",
    "/api/articles?filters[views][$gt]=3&sort=id",
    "/api/articles?filters[title][$containsi]=a&pagination[limit]=7",
    "/api/articles?filters[author][name][$notNull]=true&populate[author][populate]=*",
    "/api/articles?populate[seo][populate]=*&populate[sections][populate]=*",
    "/api/articles?populate[tags][sort]=name&populate[author][populate]=articles",
    "/api/articles?pagination[page]=2&pagination[pageSize]=5",
    "/api/articles?_q=the",
    "/api/authors?populate=*",
    "/api/tags?sort=name&populate=*",
    "/api/events?populate=*",
    "/api/site-setting?populate=*",
    "/api/site-setting?locale=de",
    "/api/upload/files",
    "/api/users?populate=*",
    "/api/users-permissions/roles",
    "/api/i18n/locales",
    "/api/content-type-builder/content-types",
    "/sync?initial=true&limit=500",
];

fn transfer(folder: &Path, arguments: &[&str]) -> Output {
    let place = Place { folder, database: SQLITE };
    cms(place).env_remove("CMS_DATABASE_URL").arg("transfer").args(arguments).output().unwrap()
}

fn moved(folder: &Path, arguments: &[&str]) -> Value {
    let output = transfer(folder, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Why it failed; with this exit code.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = transfer(folder, arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

/// A server and somebody who may do everything.
struct Site {
    server: super::super::conformance::Server,
    token: String,
}

impl Site {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.server.url);
        let mut request = Client::new().request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn answers(&self) -> Vec<(u16, Value)> {
        let mut answers = Vec::new();
        for path in QUESTIONS {
            let mut answer = self.get(path).await;
            // Tokens are signed at the moment they are given out.
            for name in ["next_page", "next_sync"] {
                answer.1.as_object_mut().map(|page| page.remove(name));
            }
            answers.push(answer);
        }
        answers
    }

    /// What changed since the token, and the token for what comes after.
    async fn feed(&self, query: &str) -> (Vec<Value>, String) {
        let (mut items, mut path) = (Vec::new(), format!("/sync?{query}"));
        loop {
            let (status, page) = self.get(&path).await;
            assert_eq!(status, 200, "{page}");
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_page"].as_str() {
                Some(token) => path = format!("/sync?token={token}"),
                None => return (items, page["next_sync"].as_str().unwrap().to_owned()),
            }
        }
    }

    async fn auth(&self, path: &str, body: Value) -> Value {
        let request = Client::new().post(format!("{}{path}", self.server.url)).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn refresh(&self, session: &Value) -> Value {
        let token = &session["refreshToken"];
        self.auth("/api/auth/refresh", json!({ "refreshToken": token })).await
    }

    /// The number of a new tag, which is deleted again.
    async fn numbered(&self, name: &str) -> i64 {
        let body = json!({ "data": { "name": name } });
        let (status, made) = self.send(Method::POST, "/api/tags", Some(body)).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/api/tags/{}", made["data"]["documentId"].as_str().unwrap());
        assert_eq!(self.send(Method::DELETE, &path, None).await.0, 204);
        made["data"]["id"].as_i64().unwrap()
    }
}

/// What each move must keep: compares the site with what it was, and changes it a little.
async fn goes_on(
    place: Place<'_>,
    token: &str,
    before: &[(u16, Value)],
    feed: &str,
    session: &Value,
    number: i64,
) -> (Vec<(u16, Value)>, String, Value, i64) {
    let site = Site { server: start(place), token: token.to_owned() };
    for (path, (was, is)) in QUESTIONS.iter().zip(before.iter().zip(site.answers().await)) {
        assert_eq!(*was, is, "{path}");
    }
    for file in site.get("/api/upload/files").await.1.as_array().unwrap() {
        let served = site.get(file["url"].as_str().unwrap()).await.0;
        assert_eq!(served, 200, "{file}");
    }
    let (items, feed) = site.feed(&format!("token={feed}")).await;
    assert_eq!(items, Vec::<Value>::new());
    let session = site.refresh(session).await;
    let next = site.numbered("passing").await;
    assert!(next > number, "{next} was given before");
    let body = json!({ "data": { "title": format!("Written on {}", place.database) } });
    let (status, made) = site.send(Method::POST, "/api/articles", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    let (items, feed) = site.feed(&format!("token={feed}")).await;
    let ids: Vec<_> = items.iter().filter(|item| item["op"] == "upsert").collect();
    assert_eq!(ids.len(), 1, "{items:?}");
    assert_eq!(ids[0]["documentId"], made["data"]["documentId"]);
    (site.answers().await, feed, session, next)
}

fn deliveries(place: Place<'_>) -> String {
    let output = cms(place).args(["webhook", "log", "--name", "nobody"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = String::from_utf8(output.stdout).unwrap();
    // What waits for its next attempt says when that is due.
    log.lines().filter_map(|line| line.split_whitespace().next()).collect::<Vec<_>>().join(" ")
}

#[actix_web::test]
async fn sqlite_to_postgres_and_back_nobody_notices() {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [first, second, third] = folders.each_ref().map(|folder| folder.path());
    let old = Place { folder: first, database: SQLITE };
    let import = cms(old).arg("import").arg(seeded()).output().unwrap();
    assert!(import.status.success());
    let site = Site { server: start(old), token: token(old, "full-access") };
    // Nobody listens there: what is sent waits for another attempt.
    let hook = ["webhook", "add", "--name", "nobody", "--url", "http://127.0.0.1:9/x"];
    assert!(cms(old).args(hook).arg("--allow-private").output().unwrap().status.success());
    let body = json!({ "username": "mover", "email": "m@example.test", "password": "Secret-1" });
    let session = site.auth("/api/auth/local/register", body).await;
    let number = site.numbered("first").await;
    let (_, feed) = site.feed("initial=true").await;
    let before = site.answers().await;
    let token = site.token.clone();
    drop(site);
    let waiting = deliveries(old);
    assert!(!waiting.is_empty());

    let on_postgres = databases::on_postgres(second);
    let sqlite = format!("sqlite:{}", first.join("data/cms.db").display());
    let (files, keys) = (second.join("data/uploads"), second.join("cms/data"));
    let (files, keys) = (files.display().to_string(), keys.display().to_string());
    let to = ["--from", &sqlite, "--to", on_postgres];
    let further = ["--to-uploads", &files, "--to-data-dir", &keys];
    let report = moved(first, &[to, further].concat());
    assert_eq!((&report["files"], &report["signingKey"]), (&json!(20), &json!(true)));
    let there = Place { folder: second, database: on_postgres };
    assert_eq!(deliveries(there), waiting);
    let (before, feed, session, number) =
        goes_on(there, &token, &before, &feed, &session, number).await;

    let back = format!("sqlite:{}", third.join("data/cms.db").display());
    let (files, keys) = (third.join("data/uploads"), third.join("data"));
    let (files, keys) = (files.display().to_string(), keys.display().to_string());
    let to = ["--from", on_postgres, "--to", &back];
    let further = ["--to-uploads", &files, "--to-data-dir", &keys];
    moved(second, &[to, further].concat());
    let there = Place { folder: third, database: SQLITE };
    goes_on(there, &token, &before, &feed, &session, number).await;
}

#[test]
fn a_move_from_sqlite_to_postgres_happens_whole_or_not_at_all() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let old = Place { folder: here.path(), database: SQLITE };
    let url = databases::on_postgres(there.path());
    let (files, keys) = (there.path().join("uploads"), there.path().join("keys"));
    let (files, keys) = (files.display().to_string(), keys.display().to_string());
    let arguments = ["--from", SQLITE, "--to", url, "--to-uploads", &files];
    let arguments = [&arguments[..], &["--to-data-dir", &keys]].concat();
    let forced = [&arguments[..], &["--force"]].concat();
    assert!(refused(here.path(), &arguments).contains("no content to move"));

    assert!(cms(old).arg("import").arg(seeded()).output().unwrap().status.success());
    let server = start(old);
    assert!(refused(here.path(), &arguments).contains("in use"));
    drop(server);
    let schema = ["--schema", "elsewhere"];
    std::fs::create_dir_all(here.path().join("elsewhere/api")).unwrap();
    let said = refused(here.path(), &[&arguments[..], &schema].concat());
    assert!(said.contains("content model"), "{said}");

    // A text that PostgreSQL cannot hold stands in the way at the end.
    let sqlite = format!("sqlite:{}", here.path().join("data/cms.db").display());
    let write = |value: &str| {
        let db = Database::open(&sqlite.parse().unwrap()).unwrap();
        db.write::<_, StoreError>(|conn| settings::set(conn, "zzz", value)).unwrap();
    };
    write("a\0b");
    let said = refused(here.path(), &arguments);
    assert!(said.contains("`settings`"), "{said}");
    assert_eq!(databases::ask(url, "SELECT count(*) FROM documents"), ["0"]);
    assert_eq!(std::fs::read_dir(&files).unwrap().count(), 0);
    assert!(!Path::new(&keys).join("jwt.secret").exists());

    write("fits");
    moved(here.path(), &arguments);
    let articles = "SELECT count(*) FROM documents WHERE uid = 'api::article.article'";
    assert_eq!(databases::ask(url, articles), ["139"]);
    assert_eq!(uploads(here.path()).len(), std::fs::read_dir(&files).unwrap().count());
    let said = refused(here.path(), &arguments);
    assert!(said.contains("not empty") && said.contains("--force"), "{said}");
    write("a\0b");
    refused(here.path(), &forced);
    assert_eq!(databases::ask(url, articles), ["139"], "what was there is there");
    write("again");
    moved(here.path(), &forced);
    assert_eq!(databases::ask(url, articles), ["139"]);
    let next = "INSERT INTO locales (code, name, is_default, created_at) \
        VALUES ('xx', 'x', FALSE, 0) RETURNING id > (SELECT max(id) FROM locales)";
    assert_eq!(databases::ask(url, next), ["t"]);
}
