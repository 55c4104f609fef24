//! The change feed over HTTP.

use std::path::Path;

use cms::auth::api_token::TokenKind;
use serde_json::{Value, json};

use super::harness::{Client, TestApp};

async fn create(client: &Client<'_>, path: &str, data: Value) -> String {
    let answer = client.post(path, json!({ "data": data })).await.expect(201);
    answer.body["data"]["documentId"].as_str().unwrap().to_owned()
}

/// All pages from a query on: their items, and the token for what comes after.
async fn read(client: &Client<'_>, query: &str) -> (Vec<Value>, String) {
    let mut items = Vec::new();
    let mut path = format!("/sync?{query}");
    loop {
        let page = client.get(&path).await.expect(200).body;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_page"].as_str() {
            Some(token) => path = format!("/sync?token={token}"),
            None => return (items, page["next_sync"].as_str().unwrap().to_owned()),
        }
    }
}

async fn since(client: &Client<'_>, token: &str) -> (Vec<Value>, String) {
    read(client, &format!("token={token}")).await
}

fn said(items: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items.iter().map(|item| (text(&item["op"]), text(&item["documentId"]))).collect()
}

fn pair(op: &str, id: &str) -> (String, String) {
    (op.to_owned(), id.to_owned())
}

#[actix_web::test]
async fn an_initial_listing_is_the_model_and_every_published_entry_page_by_page() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(create(&client, "/api/tags", json!({"name": format!("t{n}")})).await);
    }
    create(&client, "/api/articles?status=draft", json!({"title": "a draft"})).await;

    let (items, token) = read(&client, "initial=true&limit=2").await;
    assert_eq!(items[0]["op"], "schema");
    assert!(items[0]["data"]["types"]["api::tag.tag"].is_object());
    let listed: Vec<_> = ids.iter().map(|id| pair("upsert", id)).collect();
    assert_eq!(said(&items[1..]), listed);
    assert_eq!(since(&client, &token).await.0, Vec::<Value>::new());

    let (drafts, _) = read(&client, "initial=true&status=draft&types=api::article.article").await;
    assert_eq!(drafts[1]["data"]["title"], "a draft");
    assert_eq!((&drafts[1]["locale"], &drafts[1]["publishedAt"]), (&json!("en"), &Value::Null));
}

#[actix_web::test]
async fn an_entry_names_what_it_owns_and_hides_what_is_private() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let author =
        create(&client, "/api/authors", json!({"name": "A", "accessCode": "abcdef"})).await;
    let tag = create(&client, "/api/tags", json!({"name": "t"})).await;
    let article = json!({
        "title": "One", "secretNote": "s", "author": author, "tags": [tag],
        "seo": {"metaTitle": "M", "links": [{"label": "l", "url": "u"}]},
        "sections": [{"__component": "blocks.quote", "text": "Q", "author": author}],
    });
    let id = create(&client, "/api/articles", article).await;

    let (items, _) = read(&client, "initial=true").await;
    let data = |id: &str| {
        let item = items.iter().find(|item| item["documentId"] == id).unwrap();
        item["data"].clone()
    };
    let entry = data(&id);
    assert_eq!(entry["author"], json!(author));
    assert_eq!(entry["tags"], json!([tag]));
    assert_eq!((&entry["cover"], &entry["gallery"]), (&Value::Null, &json!([])));
    assert_eq!(entry["seo"]["links"][0]["label"], "l");
    assert_eq!(entry["sections"][0]["author"], json!(author));
    assert_eq!(entry["sections"][0]["__component"], "blocks.quote");
    assert!(entry["sections"][0]["id"].is_i64());
    assert_eq!(entry.get("secretNote"), None);
    assert_eq!((data(&author).get("accessCode"), data(&author).get("articles")), (None, None));
}

#[actix_web::test]
async fn a_delta_tells_the_last_state_of_each_entry_once() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let kept = create(&client, "/api/articles", json!({"title": "first"})).await;
    let gone = create(&client, "/api/tags", json!({"name": "gone"})).await;
    let hidden = create(&client, "/api/articles", json!({"title": "hidden"})).await;
    let (_, token) = read(&client, "initial=true").await;

    for title in ["second", "third"] {
        let body = json!({"data": {"title": title}});
        client.put(&format!("/api/articles/{kept}"), body).await.expect(200);
    }
    client.delete(&format!("/api/tags/{gone}")).await.expect(204);
    let action = format!("/api/articles/{hidden}/actions/unpublish");
    client.post(&action, json!({})).await.expect(200);
    create(&client, "/api/articles?status=draft", json!({"title": "unseen"})).await;

    let (items, next) = since(&client, &token).await;
    let expected = [pair("upsert", &kept), pair("delete", &gone), pair("delete", &hidden)];
    assert_eq!(said(&items), expected);
    assert_eq!(items[0]["data"]["title"], "third");
    assert!(items.windows(2).all(|pair| pair[0]["seq"].as_i64() < pair[1]["seq"].as_i64()));
    assert_eq!(since(&client, &next).await.0, Vec::<Value>::new());
    assert_eq!(said(&since(&client, &token).await.0), expected, "a token can be used again");
}

#[actix_web::test]
async fn what_changes_while_the_listing_is_read_arrives_afterwards() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(create(&client, "/api/tags", json!({"name": format!("t{n}")})).await);
    }
    let first = client.get("/sync?initial=true&limit=2").await.expect(200).body;
    let body = json!({"data": {"name": "changed"}});
    client.put(&format!("/api/tags/{}", ids[0]), body).await.expect(200);
    let late = create(&client, "/api/tags", json!({"name": "late"})).await;

    let token = first["next_page"].as_str().unwrap();
    let (rest, next) = since(&client, token).await;
    assert_eq!(said(&rest), [pair("upsert", &ids[2]), pair("upsert", &ids[3])]);
    let (changed, _) = since(&client, &next).await;
    assert_eq!(said(&changed), [pair("upsert", &ids[0]), pair("upsert", &late)]);
}

#[actix_web::test]
async fn only_readable_types_are_listed_and_new_rights_start_again() {
    let app = TestApp::start().await;
    let admin = app.full_access();
    create(&admin, "/api/tags", json!({"name": "t"})).await;
    create(&admin, "/api/authors", json!({"name": "a"})).await;
    let token = app.token("tags", TokenKind::Custom, &["api::tag.tag.find"]);
    let client = app.with_bearer(token);
    let (items, next) = read(&client, "initial=true").await;
    let uids: Vec<_> = items[1..].iter().map(|item| item["uid"].clone()).collect();
    assert_eq!(uids, ["api::tag.tag"]);
    client.get("/sync?initial=true&types=api::author.author").await.expect(403);

    let other = admin.get(&format!("/sync?token={next}")).await.expect(410);
    assert_eq!(other.body["error"]["name"], "sync_token_expired");
}

#[actix_web::test]
async fn a_feed_needs_a_bearer_token_and_a_token_of_its_own() {
    let app = TestApp::start().await;
    let client = app.full_access();
    app.anonymous().get("/sync?initial=true").await.expect(401);
    client.get("/sync").await.expect(400);
    client.get("/sync?initial=true&types=api::nope.nope").await.expect(400);
    let (_, token) = read(&client, "initial=true&types=api::tag.tag").await;
    for query in [format!("{token}x"), format!("{token}&types=api::author.author")] {
        let answer = client.get(&format!("/sync?token={query}")).await.expect(400);
        assert_eq!(answer.body["error"]["name"], "sync_filter_mismatch", "{query}");
    }
    client.get(&format!("/sync?token={token}&types=api::tag.tag")).await.expect(200);
}

/// Copies what there is of the database from one folder to another.
fn copy_database(from: &Path, to: &Path) {
    for name in ["cms.db", "cms.db-wal", "cms.db-shm"] {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[actix_web::test]
async fn a_restored_sqlite_file_makes_its_readers_start_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("cms.db").display());
    let on_sqlite = ["--database-url", url.as_str()];
    let app = TestApp::start_in(folder, &on_sqlite).await;
    for name in ["one", "two", "three"] {
        create(&app.full_access(), "/api/tags", json!({"name": name})).await;
    }
    let (_, before) = read(&app.full_access(), "initial=true").await;
    let folder = app.stop().await;
    let backup = tempfile::tempdir().unwrap();
    copy_database(folder.path(), backup.path());

    let app = TestApp::start_in(folder, &on_sqlite).await;
    let client = app.full_access();
    create(&client, "/api/tags", json!({"name": "lost"})).await;
    let (_, after) = read(&client, "initial=true").await;
    let first = client.get("/sync?initial=true&limit=1").await.expect(200).body;
    let middle = first["next_page"].as_str().unwrap().to_owned();
    let folder = app.stop().await;
    copy_database(backup.path(), folder.path());

    let app = TestApp::start_in(folder, &on_sqlite).await;
    let client = app.full_access();
    assert_eq!(since(&client, &before).await.0, Vec::<Value>::new());
    for token in [after, middle] {
        let answer = client.get(&format!("/sync?token={token}")).await.expect(410);
        assert_eq!(answer.body["error"]["name"], "sync_token_expired");
    }
}
