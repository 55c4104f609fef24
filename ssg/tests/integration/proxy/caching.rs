//! What is kept, for how long, and what visitors are told about it.

use actix_web::HttpResponse;
use serde_json::json;

use super::bench::{Bench, Script, counting};

#[tokio::test]
async fn a_public_answer_is_kept_for_seconds_and_then_renewed() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    let first = bench.get("/api/articles").await;
    assert_eq!((first.status, first.body.as_str()), (200, r#"{"data":1}"#));
    assert_eq!(first.cache(), "ssg; fwd=uri-miss; fwd-status=200; stored; ttl=5");
    let policy = "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400";
    assert_eq!(first.header("cache-control"), policy);
    bench.wait(3);
    let second = bench.get("/api/articles").await;
    assert_eq!(second.body, first.body);
    assert_eq!((second.cache(), second.header("age")), ("ssg; hit; ttl=2", "3"));
    // Old, but young enough to be shown while a new one is fetched: once, for all.
    bench.wait(3);
    for _ in 0..3 {
        let stale = bench.get("/api/articles").await;
        if stale.body == first.body {
            assert_eq!(stale.cache(), "ssg; hit; ttl=-1; detail=swr");
        }
    }
    bench.until_waiting(0).await;
    while bench.get("/api/articles").await.body != r#"{"data":2}"# {}
    assert_eq!(cms.asked().len(), 2);
    // Too old for that.
    bench.wait(66);
    let third = bench.get("/api/articles").await;
    assert_eq!(third.body, r#"{"data":3}"#);
    assert_eq!(third.cache(), "ssg; fwd=stale; fwd-status=200; stored; ttl=5");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn questions_differ_by_path_and_parameters_and_not_by_their_order() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    let body = async |path: &str| bench.get(path).await.body;
    let one = body("/api/articles?sort=title&filters[a]=1&filters[b]=2").await;
    assert_eq!(body("/api/articles?filters[b]=2&filters[a]=1&sort=title").await, one);
    for other in [
        "/api/articles",
        "/api/articles?sort=title",
        "/api/tags?sort=title&filters[a]=1&filters[b]=2",
    ] {
        assert_ne!(body(other).await, one, "{other}");
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn only_the_parameters_of_the_list_pass_and_count() {
    let cms = counting();
    let bench = Bench::start(&cms, "[proxy]\nquery = [\"sort\"]\n").await;
    let one = bench.get("/api/articles?utm_source=x&sort=title").await;
    let other = bench.get("/api/articles?sort=title&fbclid=1").await;
    assert_eq!((one.body, other.cache()), (other.body.clone(), "ssg; hit; ttl=5"));
    assert_eq!(cms.asked()[0].path, "/api/articles?sort=title");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn who_has_the_answer_gets_a_304_and_head_gets_what_get_would() {
    let script = Script::new(|_| {
        HttpResponse::Ok().insert_header(("ETag", "\"v1\"")).json(json!({ "data": 1 }))
    });
    let bench = Bench::start(&script.cms, "").await;
    let url = bench.url("/api/articles/x");
    let head = bench.send(bench.client.head(&url)).await;
    assert_eq!(
        (head.status, head.header("content-length"), head.header("etag")),
        (200, "10", "\"v1\"")
    );
    assert_eq!(bench.get("/api/articles/x").await.cache(), "ssg; hit; ttl=5");
    for tag in ["\"v1\"", "W/\"v1\"", "\"v0\", \"v1\"", "*"] {
        let seen = bench.get_with("/api/articles/x", &[("If-None-Match", tag)]).await;
        assert_eq!(
            (seen.status, seen.body.as_str(), seen.header("etag")),
            (304, "", "\"v1\""),
            "{tag}"
        );
    }
    assert_eq!(bench.get_with("/api/articles/x", &[("If-None-Match", "\"v2\"")]).await.status, 200);
    assert_eq!(script.cms.asked().len(), 1);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_old_answer_is_confirmed_without_its_body() {
    let script = Script::new(|asked| match asked.header("if-none-match") {
        Some("\"v1\"") => HttpResponse::NotModified().finish(),
        _ => HttpResponse::Ok()
            .insert_header(("ETag", "\"v1\""))
            .insert_header(("Cache-Control", "no-cache"))
            .json(json!({ "data": 1 })),
    });
    let bench = Bench::start(&script.cms, "").await;
    bench.get("/api/articles").await;
    let again = bench.get("/api/articles").await;
    assert_eq!((again.status, again.body.as_str()), (200, r#"{"data":1}"#));
    assert_eq!(again.cache(), "ssg; fwd=stale; fwd-status=304; stored; ttl=0");
    assert_eq!(script.cms.asked().len(), 2);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_the_cms_does_not_want_kept_is_not_kept() {
    for header in [
        ("Cache-Control", "no-store"),
        ("Cache-Control", "private, max-age=60"),
        ("Set-Cookie", "a=b"),
        ("Vary", "*"),
    ] {
        let script = Script::new(move |asked| {
            let body = json!({ "data": asked.header("x-request-id") });
            HttpResponse::Ok().insert_header(header).json(body)
        });
        let bench = Bench::start(&script.cms, "").await;
        let one = bench.get("/api/articles").await;
        let other = bench.get("/api/articles").await;
        assert_ne!(one.body, other.body, "{header:?}");
        assert!(!other.cache().contains("stored"), "{}", other.cache());
        bench.daemon.stop().await;
    }
}

#[tokio::test]
async fn answers_that_differ_by_language_are_kept_apart() {
    let script = Script::new(|asked| {
        let language = asked.header("accept-language").unwrap_or("none").to_owned();
        HttpResponse::Ok()
            .insert_header(("Vary", "Accept-Language"))
            .json(json!({ "data": language }))
    });
    let bench = Bench::start(&script.cms, "").await;
    for _ in 0..2 {
        for language in ["en", "de"] {
            let seen = bench.get_with("/api/articles", &[("Accept-Language", language)]).await;
            assert_eq!(seen.json()["data"], language);
        }
    }
    assert_eq!(script.cms.asked().len(), 2);
    let other = bench.get("/api/articles").await;
    assert!(other.cache().starts_with("ssg; fwd=vary-miss"), "{}", other.cache());
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_again_within_seconds() {
    let script = Script::new(|_| {
        HttpResponse::NotFound()
            .insert_header(("Cache-Control", "max-age=600"))
            .json(json!({ "data": null, "error": { "status": 404 } }))
    });
    let bench = Bench::start(&script.cms, "").await;
    for _ in 0..2 {
        assert_eq!(bench.get("/api/articles/x").await.status, 404);
    }
    assert_eq!(script.cms.asked().len(), 1);
    bench.wait(5);
    script.now(|_| HttpResponse::Ok().json(json!({ "data": 1 })));
    assert_eq!(bench.get("/api/articles/x").await.status, 200, "never shown when it is old");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_large_answer_passes_and_is_not_kept() {
    let script = Script::new(|_| HttpResponse::Ok().json(json!({ "data": "x".repeat(5_000) })));
    let bench = Bench::start(&script.cms, "[proxy]\ncache = { max_entry = \"1KB\" }\n").await;
    for _ in 0..2 {
        let seen = bench.get("/api/articles").await;
        assert_eq!(seen.json()["data"].as_str().unwrap().len(), 5_000);
        assert!(!seen.cache().contains("stored"), "{}", seen.cache());
    }
    assert_eq!(script.cms.asked().len(), 2);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn without_a_cache_every_request_is_asked() {
    let cms = counting();
    let bench = Bench::start(&cms, "[proxy]\ncache = false\n").await;
    bench.get("/api/articles").await;
    let seen = bench.get("/api/articles").await;
    assert_eq!(
        (seen.body.as_str(), seen.cache()),
        (r#"{"data":2}"#, "ssg; fwd=bypass; fwd-status=200")
    );
    bench.daemon.stop().await;
}
