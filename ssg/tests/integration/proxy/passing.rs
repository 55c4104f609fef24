//! Which requests pass, and with which headers.

use actix_web::HttpResponse;
use reqwest::Method;
use serde_json::json;

use super::bench::{Bench, Script, counting};

#[tokio::test]
async fn only_listed_routes_and_methods_pass() {
    let cms = counting();
    let site = "[proxy]\nroutes = \"listed\"\n[[proxy.route]]\npath = \"/api/articles/*\"\nmethods = [\"GET\", \"PUT\"]\n";
    let bench = Bench::start(&cms, site).await;
    assert_eq!(bench.get("/api/articles/x").await.status, 200);
    for path in ["/api/articles", "/api/tags", "/api/auth/local"] {
        assert_eq!(bench.get(path).await.status, 404, "{path}");
    }
    let send =
        async |method, path: &str| bench.send(bench.client.request(method, bench.url(path))).await;
    assert_eq!(send(Method::PUT, "/api/articles/x").await.status, 200);
    let refused = send(Method::DELETE, "/api/articles/x").await;
    assert_eq!((refused.status, refused.header("allow")), (405, "GET, PUT, HEAD"));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_site_with_mistakes_lets_nothing_through_until_they_are_mended() {
    let cms = counting();
    let bench = Bench::start(&cms, "[proxy]\nroutes = \"lsited\"\n").await;
    assert_eq!(bench.get("/api/articles").await.status, 503);
    assert_eq!(cms.asked().len(), 0);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn the_body_limit_is_the_routes() {
    let cms = counting();
    let site =
        "[[proxy.route]]\npath = \"/api/comments\"\nmethods = [\"POST\"]\nbody_limit = \"10B\"\n";
    let bench = Bench::start(&cms, site).await;
    let post =
        async |path: &str| bench.send(bench.client.post(bench.url(path)).body("12345678901")).await;
    let large = post("/api/comments").await;
    assert_eq!((large.status, large.error().as_str()), (413, "PayloadTooLargeError"));
    assert_eq!(post("/api/others").await.status, 200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn headers_of_a_hop_stay_there_and_each_hop_says_who_it_is() {
    let script = Script::new(|_| {
        HttpResponse::Ok()
            .insert_header(("Keep-Alive", "timeout=5"))
            .insert_header(("Proxy-Authenticate", "Basic"))
            .json(json!({}))
    });
    let bench = Bench::start(&script.cms, "").await;
    let headers = [
        ("Authorization", "Bearer x"),
        ("Connection", "x-own"),
        ("X-Own", "1"),
        ("TE", "trailers"),
        ("X-Forwarded-For", "192.0.2.9"),
        ("Forwarded", "for=192.0.2.9"),
        ("Cookie", "a=b"),
    ];
    let seen = bench.get_with("/api/articles", &headers).await;
    assert_eq!((seen.header("proxy-authenticate"), seen.header("keep-alive")), ("", ""));
    assert_eq!(seen.header("cache-control"), "private, no-store");
    let asked = &script.cms.asked()[0];
    for name in ["x-own", "te", "cookie"] {
        assert_eq!(asked.header(name), None, "{name}");
    }
    assert_eq!(asked.header("x-forwarded-for"), Some("192.0.2.9, 127.0.0.1"));
    let forwarded = asked.header("forwarded").unwrap();
    assert!(forwarded.starts_with("for=192.0.2.9, for=127.0.0.1;host=\"127.0.0.1:"), "{forwarded}");
    assert_eq!(asked.header("via"), Some("1.1 galley-ssg"));
    assert_eq!(asked.header("x-request-id"), Some(seen.header("x-request-id")));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn fields_are_taken_out_before_anybody_sees_them() {
    let script = Script::new(|_| {
        HttpResponse::Ok().insert_header(("ETag", "\"cms\"")).json(
            json!({ "data": [{ "title": "a", "secret": 1, "img": { "url": "/uploads/a.png" } }] }),
        )
    });
    let route = "[[proxy.route]]\npath = \"/api/articles\"\ndrop = [\"data.secret\"]\nrename = { \"data.title\" = \"name\" }\nmedia = \"absolute\"\n";
    let bench = Bench::start(&script.cms, route).await;
    let expected = json!({ "data": [{ "name": "a", "img": { "url": "https://site.example/uploads/a.png" } }] });
    let kept = bench.get("/api/articles").await;
    assert_eq!(kept.json(), expected);
    assert_ne!(kept.header("etag"), "\"cms\"", "these are other bytes");
    let own = bench.get_with("/api/articles", &[("Authorization", "Bearer x")]).await;
    assert_eq!(own.json(), expected);
    let part = bench.get_with("/api/articles", &[("Range", "bytes=0-5")]).await;
    assert_eq!(part.json(), expected);
    script.now(|_| HttpResponse::Ok().body("secret"));
    let text = bench.get("/api/articles?x=1").await;
    assert_eq!(text.status, 502, "what cannot be changed is not shown");
    bench.daemon.stop().await;
}
