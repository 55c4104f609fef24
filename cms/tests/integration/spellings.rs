//! What clients may write in more than one way, and the older shape they may ask for.

use std::io::Write as _;

use reqwest::Method;
use serde_json::{Value, json};

use super::harness::{Client, TestApp, send};

async fn article(client: &Client<'_>, author: &Value) -> Value {
    let data = json!({
        "title": "A story",
        "author": author,
        "seo": { "metaTitle": "m", "links": [{ "label": "l", "url": "u" }] },
        "sections": [{ "__component": "blocks.quote", "text": "t", "author": author }],
    });
    let path = "/api/articles?populate=author";
    client.post(path, json!({ "data": data })).await.expect(201).body["data"].clone()
}

#[actix_web::test]
async fn a_client_may_ask_for_the_shape_of_strapi_four() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let body = json!({ "data": { "name": "Ada" } });
    let author = client.post("/api/authors", body).await.expect(201).body["data"].clone();
    let id = article(&client, &author["documentId"]).await["documentId"].clone();
    let ask = |path: String, format: &str| {
        send(client.request(Method::GET, &path).header("strapi-response-format", format))
    };
    let one = format!(
        "/api/articles/{}?fields=title&populate[author][fields]=name&populate[cover]=true\
         &populate[seo][populate]=links&populate[sections][on][blocks.quote][populate]=author\
         &populate[categories]=true&populate[localizations]=true",
        id.as_str().unwrap()
    );
    let answer = ask(one.clone(), "v4").await.expect(200).body;
    let data = &answer["data"];
    let attributes = &data["attributes"];
    assert_eq!(data["documentId"], id);
    assert_eq!(data.get("title"), None);
    assert_eq!(attributes["title"], "A story");
    assert_eq!(attributes["author"]["data"]["attributes"], json!({ "name": "Ada" }));
    assert_eq!(attributes["cover"], json!({ "data": null }));
    assert_eq!(attributes["categories"], json!({ "data": [] }));
    assert_eq!(attributes["localizations"], json!({ "data": [] }));
    assert_eq!(attributes["seo"]["links"][0]["label"], "l");
    let section = &attributes["sections"][0];
    assert_eq!(section["__component"], "blocks.quote");
    assert_eq!(section["author"]["data"]["attributes"]["name"], "Ada");
    let list = ask("/api/articles?fields=title".into(), "v4").await.expect(200).body;
    assert_eq!(list["data"][0]["attributes"]["title"], "A story");
    assert_eq!(list["meta"]["pagination"]["total"], 1);

    let plain = ask(one.clone(), "v5").await.expect(200);
    assert_eq!(plain.body["data"]["title"], "A story");
    let other = ask(one, "v4").await;
    assert_ne!(plain.header("etag"), other.header("etag"), "a tag names one shape");
    let write = client.request(Method::POST, "/api/authors").header("strapi-response-format", "v4");
    let written = send(write.json(&json!({ "data": { "name": "Bob" } }))).await.expect(201);
    assert_eq!(written.body["data"]["attributes"]["name"], "Bob");
}

#[actix_web::test]
async fn the_number_of_a_row_has_many_spellings() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let body = json!({ "username": "ada", "email": "ada@example.test", "password": "Secret-1" });
    app.anonymous().post("/api/auth/local/register", body).await.expect(200);
    for number in ["1", "01", "+1", "%201", "1.0", "1e0"] {
        let user = client.get(&format!("/api/users/{number}")).await.expect(200);
        assert_eq!(user.body["username"], "ada", "{number}");
        client.get(&format!("/api/users-permissions/roles/{number}")).await.expect(200);
    }
    for number in ["1.5", "1x", "0x1", "%00", "1%00"] {
        client.get(&format!("/api/users/{number}")).await.expect(204);
        client.get(&format!("/api/users-permissions/roles/{number}")).await.expect(404);
    }
    app.anonymous().get("/api/users/%00").await.expect(403);
}

#[actix_web::test]
async fn an_empty_bound_of_a_list_of_users_is_none() {
    let app = TestApp::start().await;
    let client = app.full_access();
    for name in ["ada", "bob"] {
        let email = format!("{name}@example.test");
        let body = json!({ "username": name, "email": email, "password": "Secret-1" });
        app.anonymous().post("/api/auth/local/register", body).await.expect(200);
    }
    let count = async |query: &str| {
        let answer = client.get(&format!("/api/users?{query}")).await.expect(200);
        answer.body.as_array().unwrap().len()
    };
    assert_eq!(count("start=&limit=").await, 2);
    assert_eq!(count("start&limit").await, 2);
    assert_eq!(count("start[]=1").await, 1);
    let two = client.get("/api/users?limit[]=1&limit[]=2").await.expect(400);
    assert_eq!(two.message(), "convertLimitQueryParams expected a positive integer got NaN");
}

#[actix_web::test]
async fn an_existing_user_is_not_given_a_role_that_is_none() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let body = |role: Value| {
        json!({
            "username": "ada", "email": "ada@example.test", "password": "Secret-1", "role": role,
        })
    };
    let user = client.post("/api/users", body(json!(0))).await.expect(201).body;
    assert_eq!(user["role"]["type"], "authenticated", "a new one gets the default");
    let path = format!("/api/users/{}", user["id"]);
    for (role, message) in [
        (
            json!(0),
            "1 relation(s) of type plugin::users-permissions.role associated with this entity do not exist",
        ),
        (json!(""), "Invalid relations"),
    ] {
        let refused = client.put(&path, json!({ "role": role })).await.expect(400);
        assert_eq!(refused.message(), message);
    }
    assert_eq!(user["provider"], "local");
}

#[actix_web::test]
async fn bodies_may_be_compressed_or_marked() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let json = br#"{"data":{"name":"Ada"}}"#;
    let post = |encoding: &'static str, body: Vec<u8>| {
        let request = client.request(Method::POST, "/api/authors");
        let request = request.header("content-type", "application/json");
        send(request.header("content-encoding", encoding).body(body))
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(json).unwrap();
    post("gzip", gzip.finish().unwrap()).await.expect(201);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(json).unwrap();
    post("deflate", zlib.finish().unwrap()).await.expect(201);
    post("identity", json.to_vec()).await.expect(201);
    post("gzip", json.to_vec()).await.expect(400);
    let unknown = post("zstd", json.to_vec()).await.expect(415);
    assert_eq!(unknown.message(), "Unsupported Content-Encoding: zstd");
    assert_eq!(unknown.body["error"].get("details"), None);

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 8 << 20]).unwrap();
    post("gzip", bomb.finish().unwrap()).await.expect(413);

    let marked = ["\u{feff}".as_bytes(), json].concat();
    let request = client.request(Method::POST, "/api/authors");
    send(request.header("content-type", "application/json").body(marked)).await.expect(201);
    let request = app.anonymous().request(Method::POST, "/api/auth/local");
    let text = send(request.header("content-type", "text/plain").body("\u{feff}{}")).await;
    let text = text.expect(400);
    assert!(text.message().ends_with("`\"{}\"`."), "{}", text.message());
}

/// Names of members in the order they stand in.
fn names(entry: &str) -> Vec<String> {
    let entry: serde_json::Map<String, Value> = serde_json::from_str(entry).unwrap();
    entry.keys().cloned().collect()
}

#[actix_web::test]
async fn what_takes_more_questions_to_populate_stands_behind_what_takes_fewer() {
    let app = TestApp::start().await;
    let client = app.full_access();
    let body = json!({ "data": { "name": "Ada", "address": { "city": "Paris" } } });
    let author = client.post("/api/authors", body).await.expect(201).body["data"].clone();
    let article = article(&client, &author["documentId"]).await;
    let ask = async |populate: &str| {
        let id = article["documentId"].as_str().unwrap();
        let path = format!("/api/articles/{id}?fields=title&{populate}");
        let data = client.get(&path).await.expect(200).body["data"].to_string();
        names(&data).split_off(3).join(" ")
    };
    for (populate, order) in [
        ("populate[cover]=true&populate[author]=true", "cover author"),
        ("populate[author][populate]=address&populate[cover]=true", "cover author"),
        ("populate[sections]=true&populate[author]=true", "author sections"),
        ("populate[author][populate]=address&populate[sections]=true", "sections author"),
        // Nothing below a relation that leads nowhere, but that is found out first.
        ("populate[reviewer][populate]=*&populate[cover]=true", "cover reviewer"),
        ("populate[author][populate]=address&populate[reviewer][populate]=*", "reviewer author"),
        ("populate=*", POPULATED),
    ] {
        assert_eq!(ask(populate).await, order, "{populate}");
    }
}

/// What `*` populates of an article.
const POPULATED: &str =
    "cover gallery seo author reviewer categories tags related localizations sections";
