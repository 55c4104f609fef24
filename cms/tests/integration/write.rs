//! Writes over HTTP: bodies, statuses, permissions, publishing actions, the feed's number.

use cms::auth::api_token::TokenKind;
use reqwest::Method;
use serde_json::{Value, json};

use super::databases;
use super::harness::{Answer, Client, TestApp, send};

async fn created(client: &Client<'_>, path: &str, data: Value) -> String {
    let answer = client.post(path, json!({ "data": data })).await.expect(201);
    answer.body["data"]["documentId"].as_str().unwrap().to_owned()
}

fn seq(answer: &Answer) -> i64 {
    answer.header("x-galley-seq").parse().unwrap()
}

#[actix_web::test]
async fn every_write_says_its_place_in_the_feed() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let first = client.post("/api/tags", json!({"data": {"name": "a"}})).await.expect(201);
    let id = first.body["data"]["documentId"].as_str().unwrap();
    let second =
        client.put(&format!("/api/tags/{id}"), json!({"data": {"name": "b"}})).await.expect(200);
    let third = client.delete(&format!("/api/tags/{id}")).await.expect(204);
    assert_eq!([seq(&first), seq(&second), seq(&third)], [1, 2, 3]);
    assert_eq!(third.text, "");
    // Nothing to delete any more: no change, so the newest place.
    assert_eq!(seq(&client.delete(&format!("/api/tags/{id}")).await.expect(204)), 3);
}

#[actix_web::test]
async fn a_form_is_a_body_and_other_types_are_none() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let send_as = |kind: &'static str, body: &'static str| {
        send(client.request(Method::POST, "/api/tags").header("content-type", kind).body(body))
    };
    let form = "application/x-www-form-urlencoded";
    let answer = send_as(form, "data[name]=from+form&data[weight]=5").await.expect(201);
    assert_eq!(answer.body["data"]["weight"], 5);
    let missing = "Missing \"data\" payload in the request body";
    for (kind, body) in
        [("text/plain", "hello"), ("application/xml", "<a/>"), ("application/json", "[1,2]")]
    {
        assert_eq!(send_as(kind, body).await.expect(400).message(), missing, "{kind}");
    }
    for body in ["{\"data\": {", "12", "null"] {
        let answer = send_as("application/json", body).await.expect(400);
        assert_eq!(answer.body["error"]["name"], "SyntaxError");
        assert_eq!(answer.body["error"].get("details"), None);
    }
}

#[actix_web::test]
async fn the_texts_of_a_multipart_body_are_read_like_a_form() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let post = async |path: &str, parts: &[(&str, &str)]| {
        let text = |(head, value): &(&str, &str)| {
            format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n")
        };
        let body: String = parts.iter().map(text).collect::<String>() + "--x--\r\n";
        let kind = "multipart/form-data; boundary=x";
        send(client.request(Method::POST, path).header("content-type", kind).body(body)).await
    };
    let weight = ("name=\"data[weight]\"", "5");
    let file = ("name=\"files.icon\"; filename=\"a.txt\"\r\nContent-Type: text/plain", "icon");
    let name = ("name=\"data[name]\"", "from parts & more");
    let answer = post("/api/tags", &[name, weight, file]).await.expect(201);
    assert_eq!(answer.body["data"]["name"], "from parts & more");
    assert_eq!(answer.body["data"]["weight"], 5);
    let answer = post("/api/tags", &[("name=\"data\"", "{\"name\":\"x\"}")]).await.expect(400);
    assert_eq!(answer.message(), "Missing \"data\" payload in the request body");
    let long = "x".repeat(1_100_000);
    post("/api/tags", &[("name=\"data[name]\"", &long)]).await.expect(413);
    let login = [("name=\"identifier\"", "nobody"), ("name=\"password\"", "x")];
    let answer = post("/api/auth/local", &login).await.expect(400);
    assert_eq!(answer.message(), "Invalid identifier or password");
}

#[actix_web::test]
async fn a_body_beyond_the_limit_is_refused() {
    let app = TestApp::start().await;
    let body = json!({"data": {"name": "x".repeat(1_100_000)}});
    let answer = app.full_access().post("/api/tags", body).await.expect(413);
    assert_eq!(
        answer.body,
        json!({"data": null, "error": {
            "status": 413, "name": "PayloadTooLargeError", "message": "request entity too large"
        }})
    );
}

#[actix_web::test]
async fn publishing_actions_move_between_draft_and_published() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = created(&client, "/api/articles?status=draft", json!({"title": "Draft"})).await;
    let act = async |action: &str| {
        client.post(&format!("/api/articles/{id}/actions/{action}"), json!({})).await
    };
    assert_eq!(
        act("discard-draft").await.expect(400).message(),
        "There is no published version to go back to"
    );
    let published = act("publish").await.expect(200);
    assert_ne!(published.body["data"]["publishedAt"], Value::Null);
    let again = act("publish").await.expect(200);
    assert_eq!(again.body, published.body, "publishing what is published changes nothing");
    assert_eq!(seq(&again), seq(&published));
    let path = format!("/api/articles/{id}?status=draft");
    client.put(&path, json!({"data": {"title": "Edited"}})).await.expect(200);
    let draft = act("discard-draft").await.expect(200);
    assert_eq!(draft.body["data"]["title"], "Draft");
    assert_eq!(draft.body["data"]["publishedAt"], Value::Null);
    assert_eq!(act("unpublish").await.expect(200).body["data"]["publishedAt"], Value::Null);
    assert_eq!(act("nope").await.expect(405).text, "Method Not Allowed");
    client
        .post("/api/articles/aaaaaaaaaaaaaaaaaaaaaaaa/actions/publish", json!({}))
        .await
        .expect(404);
    client.post(&format!("/api/tags/{id}/actions/publish"), json!({})).await.expect(404);
}

#[actix_web::test]
async fn an_action_on_every_locale_reaches_each_of_them() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = created(&client, "/api/articles?status=draft", json!({"title": "English"})).await;
    let german = format!("/api/articles/{id}?locale=de&status=draft");
    client.put(&german, json!({"data": {"title": "Deutsch"}})).await.expect(200);
    let answer = client
        .post(&format!("/api/articles/{id}/actions/publish?locale=*"), json!({}))
        .await
        .expect(200);
    assert_eq!(answer.body["data"]["locale"], "en");
    let german = client.get(&format!("/api/articles/{id}?locale=de")).await.expect(200);
    assert_eq!(german.body["data"]["title"], "Deutsch");
    client
        .post(&format!("/api/articles/{id}/actions/publish?locale=fr"), json!({}))
        .await
        .expect(404);
}

#[actix_web::test]
async fn a_single_type_is_made_by_its_first_write() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let answer = client
        .put("/api/homepage?status=draft", json!({"data": {"headline": "Hello"}}))
        .await
        .expect(200);
    assert_eq!(answer.body["data"]["theme"], "light");
    client.post("/api/homepage/actions/publish", json!({})).await.expect(200);
    assert_eq!(client.get("/api/homepage").await.expect(200).body["data"]["headline"], "Hello");
    client.delete("/api/homepage").await.expect(204);
    client.get("/api/homepage").await.expect(404);
}

#[actix_web::test]
async fn each_verb_needs_its_own_permission() {
    let app = TestApp::start().await;
    let id = created(&app.full_access(), "/api/articles", json!({"title": "Guarded"})).await;
    let uid = "api::article.article";
    let publisher = app.with_bearer(app.token(
        "publisher",
        TokenKind::Custom,
        &["api::article.article.publish"],
    ));
    publisher.post(&format!("/api/articles/{id}/actions/publish"), json!({})).await.expect(200);
    for action in ["unpublish", "discard-draft"] {
        publisher
            .post(&format!("/api/articles/{id}/actions/{action}"), json!({}))
            .await
            .expect(403);
    }
    publisher.put(&format!("/api/articles/{id}"), json!({"data": {}})).await.expect(403);
    app.read_only().delete(&format!("/api/articles/{id}")).await.expect(403);
    app.anonymous().post("/api/articles", json!({"data": {"title": "No"}})).await.expect(403);
    // A relation to a type the caller may not see cannot be written.
    app.grant("public", &[&format!("{uid}.create")]);
    let data = json!({"title": "Linked", "author": []});
    let answer = app.anonymous().post("/api/articles", json!({ "data": data })).await.expect(400);
    assert_eq!(answer.message(), "Invalid key author");
}

#[actix_web::test]
async fn parameters_that_cannot_be_meant_are_refused() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let data = json!({"data": {"title": "Everywhere"}});
    let answer = client.post("/api/articles?locale=*", data).await.expect(400);
    assert_eq!(
        answer.message(),
        "Invalid locale param * provided. Document locales must be strings."
    );
    let id = created(&client, "/api/articles", json!({"title": "Kept"})).await;
    client.delete(&format!("/api/articles/{id}?status=draft")).await.expect(400);
    client.get(&format!("/api/articles/{id}")).await.expect(200);
}

#[actix_web::test]
async fn keys_the_server_sets_are_refused() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for (data, details) in [
        (
            json!({"title": "abc", "bogus": 1}),
            json!({"key": "bogus", "path": null, "source": "body"}),
        ),
        (
            json!({"title": "abc", "createdBy": 1}),
            json!({"key": "createdBy", "path": "createdBy", "source": "body"}),
        ),
        (json!({"title": "abc", "id": 1}), json!({"key": "id", "source": "body"})),
        (
            json!({"title": "abc", "seo": {"zzz": 1}}),
            json!({"key": "zzz", "path": "seo", "source": "body"}),
        ),
        (
            json!({"title": "abc", "author": {"foo": 1}}),
            json!({"key": "foo", "path": "author", "source": "body"}),
        ),
    ] {
        let answer = client.post("/api/articles", json!({ "data": data })).await.expect(400);
        assert_eq!(answer.body["error"]["details"], details);
    }
}

#[actix_web::test]
async fn text_that_postgres_cannot_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let url = databases::on_postgres(folder.path());
    let app = TestApp::start_with(&["--database-url", url]).await;
    let client = app.full_access();
    let author = created(&client, "/api/authors", json!({"name": "A", "articles": []})).await;
    let quote = json!({"__component": "blocks.quote", "text": "q", "author": author});
    let data = json!({"title": "First", "slug": "first", "views": 3, "author": author, "sections": [quote]});
    let id = created(&client, "/api/articles", data).await;
    let path = format!("/api/articles/{id}");
    client
        .put(&format!("{path}?locale=de"), json!({"data": {"title": "Erstes"}}))
        .await
        .expect(200);
    let shared =
        client.put(&format!("{path}?locale=de"), json!({"data": {"views": 9}})).await.expect(200);
    assert_eq!(shared.body["data"]["views"], 9);
    let taken = json!({"data": {"title": "Second", "slug": "first"}});
    assert_eq!(
        client.post("/api/articles", taken).await.expect(400).message(),
        "This attribute must be unique"
    );
    let event = json!({"name": "Ev", "code": "AB-0001", "startsAt": "2024-01-01", "serial": 5});
    created(&client, "/api/events", event.clone()).await;
    let again = client.post("/api/events", json!({ "data": event })).await.expect(400);
    assert_eq!(again.body["error"]["details"]["errors"].as_array().unwrap().len(), 2);
    let nul = json!({"data": {"title": "a\u{0}b", "meta": {"k\u{0}": 1}}});
    let refused = client.post("/api/articles", nul).await.expect(400);
    assert_eq!(refused.message(), "Text must not contain the character U+0000");
    client.post(&format!("{path}/actions/unpublish?locale=*"), json!({})).await.expect(200);
    client
        .put(&format!("/api/authors/{author}"), json!({"data": {"articles": {"set": []}}}))
        .await
        .expect(200);
    client.delete(&format!("{path}?locale=*")).await.expect(204);
}

#[actix_web::test]
async fn of_writers_at_the_same_moment_one_gets_a_unique_value() {
    let app = TestApp::start_with(&["--workers", "4"]).await;
    let client = app.full_access();
    let body = json!({"data": {"name": "wanted"}});
    let tries = (0..12).map(|_| client.post("/api/tags", body.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(400)), (1, 11));
}

#[actix_web::test]
async fn places_in_the_feed_have_no_gaps_under_concurrent_writes() {
    let app = TestApp::start_with(&["--workers", "4"]).await;
    let client = app.full_access();
    let tries = (0..20).map(|index| {
        // Every third write fails and must not take a number.
        let name = if index % 3 == 0 { Value::Null } else { json!(format!("tag {index}")) };
        client.post("/api/tags", json!({"data": {"name": name}}))
    });
    let answers = futures_util::future::join_all(tries).await;
    let written = answers.iter().filter(|answer| answer.status == 201);
    let mut places: Vec<i64> = written.map(seq).collect();
    places.sort_unstable();
    assert_eq!(places, (1..=13).collect::<Vec<_>>());
}

#[actix_web::test]
async fn what_is_deleted_must_be_found_by_the_request() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let id = created(&client, "/api/articles", json!({"title": "Kept until found"})).await;
    let path = format!("/api/articles/{id}");
    for query in ["_q=nowhere", "filters[title]=other"] {
        client.delete(&format!("{path}?{query}")).await.expect(204);
        client.get(&path).await.expect(200);
    }
    for query in ["lookup[locale]=de", "lookup[]=x", "lookup=0"] {
        let refused = client.delete(&format!("{path}?{query}")).await.expect(400);
        assert_eq!(refused.message(), "Invalid params: 'lookup'", "{query}");
    }
    client.delete(&format!("{path}?_q=found")).await.expect(204);
    client.get(&path).await.expect(404);
}

#[actix_web::test]
async fn the_answer_shows_what_was_written_whatever_the_query_asks() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for query in ["filters[title]=other", "_q=nowhere", "hasPublishedVersion=false"] {
        let path = format!("/api/articles?{query}");
        let body = json!({ "data": { "title": "Shown" } });
        let answer = client.post(&path, body).await.expect(201);
        assert_eq!(answer.body["data"]["title"], "Shown", "{query}");
    }
    let body = json!({ "data": { "nope": 1 } });
    let refused = client.post("/api/articles?locale=*", body).await.expect(400);
    assert_eq!(refused.message(), "Invalid key nope", "the locale is looked at last");
}

#[actix_web::test]
async fn other_locales_take_over_shared_values_after_the_answer() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let put = async |query: &str, data: Value| {
        client.put(&format!("/api/homepage?{query}"), json!({ "data": data })).await.expect(200)
    };
    put("", json!({ "headline": "Hello" })).await;
    put("locale=de", json!({ "headline": "Hallo" })).await;
    let answer = put("populate=localizations", json!({ "theme": "dark" })).await;
    assert_eq!(answer.body["data"]["theme"], "dark");
    assert_eq!(answer.body["data"]["localizations"][0]["theme"], "light");
    let german = client.get("/api/homepage?locale=de").await.expect(200);
    assert_eq!(german.body["data"]["theme"], "dark");
}
