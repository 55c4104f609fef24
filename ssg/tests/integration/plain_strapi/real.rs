//! The same against a real Strapi 5, when there is one: `GALLEY_STRAPI_URL` its address,
//! `GALLEY_STRAPI_TOKEN` a full-access token, `GALLEY_STRAPI_SCHEMAS` its `src` folder. Its
//! content is that of `tests/conformance/seed`.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use ssg::config::CmsConfig;

use super::{SELDOM, Site, token};

#[expect(clippy::disallowed_methods, reason = "where the real Strapi is")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_strapi_is_read_and_followed() {
    let (Some(url), Some(key), Some(schemas)) = (
        setting("GALLEY_STRAPI_URL"),
        setting("GALLEY_STRAPI_TOKEN"),
        setting("GALLEY_STRAPI_SCHEMAS"),
    ) else {
        return;
    };
    let config = CmsConfig {
        url: url.parse().unwrap(),
        credentials: token(&key),
        timeout: Duration::from_secs(30),
        phase_deadline: Duration::from_secs(60),
    };
    let mut site = Site::new(config, Some(PathBuf::from(schemas)), SELDOM);
    let first = site.pull();
    let counted = published(&url, &key).await;
    println!("first pull: {first:?}; documents in English: {counted}");
    assert!(first.rows as u64 >= counted && counted > 0);
    assert_eq!(site.pull().changed, 0);

    let body = json!({ "data": { "title": "Found by a crawl", "slug": "found-by-a-crawl" } });
    let made = call(&url, &key, "POST", "articles?status=published", Some(body)).await;
    let id = made["data"]["documentId"].as_str().unwrap().to_owned();
    let found = site.pull();
    println!("after a new article: {found:?}");
    assert_eq!((found.changed, found.rows), (1, first.rows + 1));
    let body = json!({ "data": { "title": "Edited" } });
    call(&url, &key, "PUT", &format!("articles/{id}?status=published"), Some(body)).await;
    assert_eq!(site.pull().changed, 1);
    call(&url, &key, "DELETE", &format!("articles/{id}"), None).await;
    let gone = site.pull();
    println!("after its removal: {gone:?}");
    assert_eq!((gone.changed, gone.rows), (1, first.rows));
    site.builder = None;
    assert_eq!(site.pull().changed, 0, "reading everything again finds nothing else");
}

async fn published(url: &str, key: &str) -> u64 {
    let mut total = 0;
    for name in ["articles", "authors", "categories", "tags", "events"] {
        let answer = call(url, key, "GET", &format!("{name}?pagination[pageSize]=1"), None).await;
        total += answer["meta"]["pagination"]["total"].as_u64().unwrap();
    }
    total
}

async fn call(url: &str, key: &str, method: &str, path: &str, body: Option<Value>) -> Value {
    let request = reqwest::Client::new()
        .request(method.parse().unwrap(), format!("{url}/api/{path}"))
        .bearer_auth(key);
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let response = request.send().await.unwrap();
    assert!(response.status().is_success(), "{method} {path}: {}", response.status());
    serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default()
}
