//! The change feed as server-sent events: what is told, to whom, and to those who are slow.

use std::collections::BTreeSet;

use cms::auth::api_token::TokenKind;
use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Client, TestApp, send};

/// Of an event: its id, name and data.
type Event = (i64, String, Value);

/// An open stream of events.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(client: &Client<'_>, query: &str, last: Option<i64>) -> Self {
        let mut request = client.request(Method::GET, &format!("/events{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next message; nothing at the end.
    async fn message(&mut self) -> Option<String> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(message);
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event that has data.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let message = self.message().await?;
            let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name));
            if let Some(data) = field("data: ") {
                let id = field("id: ").map_or(0, |id| id.parse().unwrap());
                let name = field("event: ").unwrap().to_owned();
                return Some((id, name, serde_json::from_str(data).unwrap()));
            }
        }
    }
}

async fn create(client: &Client<'_>, path: &str, data: Value) -> (String, i64) {
    let answer = client.post(path, json!({ "data": data })).await.expect(201);
    let id = answer.body["data"]["documentId"].as_str().unwrap().to_owned();
    (id, answer.header("x-galley-seq").parse().unwrap())
}

#[actix_web::test]
async fn a_reader_hears_of_changes_and_goes_on_where_it_was() {
    let app = TestApp::start().await;
    let client = app.full_access();
    create(&client, "/api/tags", json!({"name": "before"})).await;
    let mut stream = Stream::open(&client, "", None).await;
    assert!(stream.message().await.unwrap().starts_with("retry: "));
    let (id, seq) = create(&client, "/api/tags", json!({"name": "one"})).await;
    let (at, name, item) = stream.next().await.unwrap();
    assert_eq!((at, name.as_str(), &item["documentId"]), (seq, "upsert", &json!(id)));
    assert_eq!(item["data"]["name"], "one");
    drop(stream);

    let (second, _) = create(&client, "/api/tags", json!({"name": "two"})).await;
    client.delete(&format!("/api/tags/{id}")).await.expect(204);
    let mut stream = Stream::open(&client, "", Some(seq)).await;
    let missed = [stream.next().await.unwrap(), stream.next().await.unwrap()];
    let told: Vec<_> =
        missed.iter().map(|(_, name, item)| (name.as_str(), &item["documentId"])).collect();
    assert_eq!(told, [("upsert", &json!(second)), ("delete", &json!(id))]);
    let mut named = Stream::open(&client, &format!("?lastEventId={}", missed[0].0), None).await;
    assert_eq!(named.next().await.unwrap().1, "delete");
}

#[actix_web::test]
async fn a_reader_hears_of_what_it_asked_for_and_may_find() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let authors = app.with_bearer(app.token("a", TokenKind::Custom, &["api::author.author.find"]));
    let mut own = Stream::open(&authors, "", Some(0)).await;
    let mut german = Stream::open(&client, "?types=api::article.article&locale=de", Some(0)).await;
    create(&client, "/api/tags", json!({"name": "t"})).await;
    let (author, _) = create(&client, "/api/authors", json!({"name": "A"})).await;
    let (article, _) = create(&client, "/api/articles", json!({"title": "English"})).await;
    let path = format!("/api/articles/{article}?locale=de");
    client.put(&path, json!({"data": {"title": "auf deutsch"}})).await.expect(200);
    assert_eq!(own.next().await.unwrap().2["documentId"], json!(author));
    assert_eq!(german.next().await.unwrap().2["data"]["title"], "auf deutsch");

    app.anonymous().get("/events").await.expect(401);
    authors.get("/events?types=api::tag.tag").await.expect(403);
    client.get("/events?types=api::nope.nope").await.expect(400);
    client.get("/events?lastEventId=x").await.expect(400);
    let ahead = client.get("/events?lastEventId=1000000").await.expect(410);
    assert_eq!(ahead.body["error"]["name"], "sync_token_expired");
    let wrong = send(client.request(Method::POST, "/events")).await.expect(405);
    assert_eq!(wrong.header("allow"), "HEAD, GET");
}

#[actix_web::test]
async fn a_quiet_stream_shows_signs_of_life_and_ends_with_the_server() {
    let app = TestApp::start_with(&["--events-heartbeat", "50ms"]).await;
    let client = app.full_access();
    let mut stream = Stream::open(&client, "", None).await;
    stream.message().await.unwrap();
    let beat = stream.message().await.unwrap();
    assert!(beat.starts_with(": ") && beat.contains("\nid: 0"), "{beat}");
    app.stop().await;
    while stream.message().await.is_some() {}
}

#[actix_web::test]
async fn a_slow_reader_is_let_go_for_a_reason_and_can_go_on() {
    const ENTRIES: usize = 160;
    let app = TestApp::start_with(&["--events-patience", "100ms"]).await;
    let client = app.full_access();
    let long = "x".repeat(300_000);
    for n in 0..ENTRIES {
        create(&client, "/api/articles", json!({"title": format!("entry {n}"), "body": long}))
            .await;
    }
    let mut stream = Stream::open(&client, "", Some(0)).await;
    // It takes nothing: sooner or later the server waits for it no longer.
    while app.app.pulse.readers() > 0 {
        actix_web::rt::task::yield_now().await;
    }
    let mut told = BTreeSet::new();
    let mut last = 0;
    let reason = loop {
        let (id, name, item) = stream.next().await.unwrap();
        if name == "dropped" {
            break item;
        }
        last = id;
        told.insert(item["documentId"].as_str().unwrap().to_owned());
    };
    assert_eq!(reason["limit"], "CMS_EVENTS_PATIENCE");
    assert_eq!(stream.next().await, None);
    assert!(!told.is_empty() && told.len() < ENTRIES / 2 + 60, "{} were buffered", told.len());

    // One that reads hears the rest.
    let mut stream = Stream::open(&client, "", Some(last)).await;
    while told.len() < ENTRIES {
        let (_, name, item) = stream.next().await.unwrap();
        assert_eq!(name, "upsert");
        assert!(told.insert(item["documentId"].as_str().unwrap().to_owned()));
    }
}
