//! Endpoints of site.toml: redirects, fixed answers, pieces of HTML, other paths of the CMS.

use actix_web::HttpResponse;
use reqwest::Method;
use serde_json::{Value, json};
use ssg::{
    config::{Credentials, NginxConfig},
    rules::Rules,
    site::Site,
};

use super::bench::{Bench, HEAD, Script};
use crate::integration::nginx::{Nginx, client};

const SITE: &str = r#"
[[endpoint]]
path = "/go/shop"
redirect = "https://shop.example/?from=site"
status = 301

[[endpoint]]
path = "/api/about"
json = { name = "T", tags = ["a"] }
status = 201

[[endpoint]]
path = "/latest"
upstream = "/api/articles?sort=publishedOn:desc&pagination[limit]=3"
query = ["page", "sort"]
fragment = "latest.html"
"#;

fn articles() -> Script {
    Script::new(|asked| {
        let title = format!("<b>{}</b>", asked.path.replace('&', " "));
        HttpResponse::Ok().json(json!({ "data": [{ "title": title, "on": "2026-01-02" }] }))
    })
}

fn bench(script: &Script) -> Bench {
    let template = "{% for one in data %}<li>{{ site.title }} {{ one.title }} {{ one.on | date(format=\"%Y\") }}</li>{% endfor %}";
    Bench::with_files(&script.cms, SITE, &[("latest.html", template)], Credentials::Anonymous)
}

#[tokio::test]
async fn endpoints_answer_as_they_are_declared() {
    let script = articles();
    let bench = bench(&script);
    let shop = bench.get("/go/shop").await;
    assert_eq!((shop.status, shop.header("location")), (301, "https://shop.example/?from=site"));
    let about = bench.get("/api/about").await;
    assert_eq!((about.status, about.json()), (201, json!({ "name": "T", "tags": ["a"] })));
    let posted = bench.send(bench.client.request(Method::POST, bench.url("/go/shop"))).await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET, HEAD"));
    assert_eq!(script.cms.asked().len(), 0);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_piece_of_html_is_made_of_what_the_cms_says_and_kept() {
    let script = articles();
    let bench = bench(&script);
    let first = bench.get("/latest?page=2&sort=title&utm=1").await;
    assert_eq!(first.header("content-type"), "text/html; charset=utf-8");
    let question = "/api/articles?page=2&pagination[limit]=3&sort=publishedOn:desc";
    assert_eq!(script.cms.asked()[0].path, question);
    assert!(first.body.starts_with("<li>T &lt;b&gt;"), "{}", first.body);
    assert!(first.body.ends_with(" 2026</li>"), "{}", first.body);
    let again = bench.get("/latest?page=2").await;
    assert_eq!((again.cache(), &again.body), ("ssg; hit; ttl=5", &first.body));
    let known = bench.get_with("/latest?page=2", &[("If-None-Match", first.header("etag"))]).await;
    assert_eq!(known.status, 304);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_template_that_is_not_there_closes_the_api() {
    let script = articles();
    let bench = Bench::with_files(&script.cms, SITE, &[], Credentials::Anonymous);
    assert_eq!(bench.get("/api/articles").await.status, 503);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn nginx_passes_what_is_declared_to_the_daemon() {
    let script = articles();
    let bench = bench(&script);
    let (dist, prefix) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = NginxConfig {
        upstream: bench.daemon.url().trim_start_matches("http://").to_owned(),
        declared: vec!["/go/shop".into(), "/latest".into()],
        ..NginxConfig::default()
    };
    let nginx = Nginx::start_as(prefix.path(), dist.path(), &Rules::default(), &config).await;
    let get = async |path: &str| client().get(format!("{}{path}", nginx.url)).send().await.unwrap();
    let shop = get("/go/shop").await;
    assert_eq!(
        (shop.status().as_u16(), &shop.headers()["location"]),
        (301, &"https://shop.example/?from=site".parse().unwrap())
    );
    assert!(get("/latest").await.text().await.unwrap().starts_with("<li>T "));
    assert_eq!(get("/go/other").await.status(), 404);
    bench.daemon.stop().await;
}

/// nginx lets pass what some rule lets pass, and the daemon decides for each path.
#[tokio::test]
async fn nginx_takes_the_longest_body_that_the_site_takes() {
    const KB: usize = 1 << 10;
    let script = articles();
    let site = "[proxy]\nbody_limit = \"4KB\"\n\
                [[proxy.route]]\npath = \"/api/large\"\nmethods = [\"POST\"]\nbody_limit = \"3MB\"\n\
                [[proxy.route]]\npath = \"/api/small\"\nmethods = [\"POST\"]\n";
    let bench = Bench::start(&script.cms, site).await;
    let parsed = Site::parse("site.toml", &format!("{HEAD}{site}")).unwrap();
    let (dist, prefix) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = NginxConfig {
        upstream: bench.daemon.url().trim_start_matches("http://").to_owned(),
        body_limit: parsed.proxy.longest_body(),
        ..NginxConfig::default()
    };
    let nginx = Nginx::start_as(prefix.path(), dist.path(), &Rules::default(), &config).await;
    let post = async |path: &str, length: usize| {
        let body = format!("\"{}\"", "x".repeat(length - 2));
        let request = client().post(format!("{}{path}", nginx.url)).body(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"]["name"].clone())
    };
    let large = json!("PayloadTooLargeError");
    assert_eq!(post("/api/large", 2048 * KB).await, (200, Value::Null));
    assert_eq!(post("/api/large", 3072 * KB).await, (200, Value::Null));
    assert_eq!(post("/api/large", 3072 * KB + 1).await, (413, large.clone()), "by nginx");
    assert_eq!(post("/api/small", 5 * KB).await, (413, large), "by the daemon");
    let passed = script.cms.asked().into_iter().map(|asked| asked.body.len());
    assert_eq!(passed.collect::<Vec<_>>(), [2048 * KB, 3072 * KB]);
    bench.daemon.stop().await;
}
