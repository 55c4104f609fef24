//! Publishing actions over several locales: which they reach, and that they are one write.

use serde_json::{Value, json};

use super::harness::{Answer, Client, TestApp};

/// A draft in these locales, each with a title of its own.
async fn draft(client: &Client<'_>, locales: &[&str]) -> String {
    let body = |locale: &str| json!({ "data": { "title": format!("Title {locale}") } });
    let first = client.post("/api/articles?status=draft", body("en")).await.expect(201);
    let id = first.body["data"]["documentId"].as_str().unwrap().to_owned();
    for locale in locales {
        let path = format!("/api/articles/{id}?status=draft&locale={locale}");
        client.put(&path, body(locale)).await.expect(200);
    }
    id
}

async fn act(client: &Client<'_>, id: &str, action: &str, query: &str) -> Answer {
    client.post(&format!("/api/articles/{id}/actions/{action}{query}"), json!({})).await
}

/// The title a locale shows in a status; null without one.
async fn title(client: &Client<'_>, id: &str, locale: &str, status: &str) -> Value {
    let path = format!("/api/articles/{id}?locale={locale}&status={status}");
    client.get(&path).await.body["data"]["title"].clone()
}

async fn edit(client: &Client<'_>, id: &str, locale: &str, data: Value) {
    let path = format!("/api/articles/{id}?status=draft&locale={locale}");
    client.put(&path, json!({ "data": data })).await.expect(200);
}

/// The place in the feed of a write of its own.
async fn place(client: &Client<'_>) -> i64 {
    let answer = client.put("/api/homepage?status=draft", json!({ "data": { "headline": "x" } }));
    answer.await.expect(200).header("x-galley-seq").parse().unwrap()
}

#[actix_web::test]
async fn an_action_may_name_several_locales() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = draft(&client, &["de", "fr"]).await;
    act(&client, &id, "publish", "?locale[]=de&locale[]=fr").await.expect(200);
    assert_eq!(title(&client, &id, "en", "published").await, Value::Null);
    assert_eq!(title(&client, &id, "de", "published").await, "Title de");
    assert_eq!(title(&client, &id, "fr", "published").await, "Title fr");
    act(&client, &id, "unpublish", "?locale[]=de&locale[]=fr").await.expect(200);
    assert_eq!(title(&client, &id, "fr", "published").await, Value::Null);
    act(&client, &id, "publish", "?locale[]=de&locale[]=xx").await.expect(404);
    assert_eq!(title(&client, &id, "de", "published").await, Value::Null);
}

#[actix_web::test]
async fn when_one_locale_cannot_be_published_none_is() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = draft(&client, &["de", "fr"]).await;
    edit(&client, &id, "fr", json!({ "contactEmail": "no address" })).await;
    let before = place(&client).await;
    let refused = act(&client, &id, "publish", "?locale=*").await.expect(400);
    assert_eq!(refused.message(), "contactEmail must be a valid email");
    for locale in ["en", "de", "fr"] {
        assert_eq!(title(&client, &id, locale, "published").await, Value::Null, "{locale}");
    }
    assert_eq!(place(&client).await, before + 1, "the feed must not tell of it");
}

#[actix_web::test]
async fn discarding_every_locale_leaves_those_never_published() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = draft(&client, &["de", "fr"]).await;
    act(&client, &id, "discard-draft", "?locale=*").await.expect(400);
    act(&client, &id, "publish", "?locale[]=en&locale[]=de").await.expect(200);
    for locale in ["en", "de", "fr"] {
        edit(&client, &id, locale, json!({ "title": "Edited" })).await;
    }
    act(&client, &id, "discard-draft", "?locale=*").await.expect(200);
    assert_eq!(title(&client, &id, "en", "draft").await, "Title en");
    assert_eq!(title(&client, &id, "de", "draft").await, "Title de");
    assert_eq!(title(&client, &id, "fr", "draft").await, "Edited");
}

#[actix_web::test]
async fn without_actions_their_paths_are_unknown() {
    let app = TestApp::start_with(&["--actions", "false"]).await;
    let client = app.full_access();
    let id = draft(&client, &[]).await;
    for action in ["publish", "unpublish", "discard-draft"] {
        let answer = act(&client, &id, action, "").await.expect(405);
        assert_eq!(
            (answer.text.as_str(), answer.header("allow")),
            ("Method Not Allowed", "HEAD, GET")
        );
    }
    client.post("/api/homepage/actions/publish", json!({})).await.expect(405);
}
