//! A CMS that is away, slow, broken or lies about what it sends.

use actix_web::HttpResponse;
use serde_json::json;

use super::bench::{Bench, Script};
use crate::integration::fake_cms::FakeCms;

fn good() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "data": "good" }))
}

/// Old enough that it may only be shown for want of a better one.
const OLD: u64 = 120;

#[tokio::test]
async fn a_stopped_cms_leaves_what_is_known() {
    let script = Script::new(|_| good());
    let bench = Bench::start(&script.cms, "").await;
    bench.get("/api/articles").await;
    script.cms.stop().await;
    bench.wait(OLD);
    let known = bench.get("/api/articles").await;
    assert_eq!((known.status, known.body.as_str()), (200, r#"{"data":"good"}"#));
    assert_eq!(known.cache(), "ssg; fwd=stale; fwd-status=502; ttl=-115; detail=sie");
    assert_eq!(known.header("age"), "120");
    let unknown = bench.get("/api/tags").await;
    assert_eq!((unknown.status, unknown.error().as_str()), (502, "BadGatewayError"));
    bench.wait(24 * 60 * 60);
    assert_eq!(bench.get("/api/articles").await.status, 502, "a day later it is too old");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_slow_cms_is_not_waited_for() {
    let cms = FakeCms::start_slow(|asked| {
        let slow = asked.path.contains("slow");
        Box::pin(async move { if slow { std::future::pending().await } else { good() } })
    });
    let bench = Bench::start(&cms, "[proxy]\ndeadline = \"50ms\"\n").await;
    let slow = bench.get("/api/slow").await;
    assert_eq!((slow.status, slow.error().as_str()), (504, "GatewayTimeoutError"));
    assert_eq!(slow.header("cache-control"), "no-store");
    let posted = bench.send(bench.client.post(bench.url("/api/slow")).body("{}")).await;
    assert_eq!(posted.status, 504);
    assert_eq!(bench.get("/api/fast").await.status, 200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_error_of_the_cms_is_ours_and_is_never_kept() {
    let script = Script::new(|_| HttpResponse::InternalServerError().body("stack trace"));
    let bench = Bench::start(&script.cms, "").await;
    let seen = bench.get_with("/api/articles", &[("X-Request-Id", "req-7")]).await;
    assert_eq!(seen.status, 500);
    assert_eq!(
        seen.json(),
        json!({ "data": null, "error": {
            "status": 500,
            "name": "InternalServerError",
            "message": "Internal Server Error",
            "details": { "requestId": "req-7" },
        } })
    );
    assert_eq!(seen.header("x-request-id"), "req-7");
    assert_eq!(script.cms.asked()[0].header("x-request-id"), Some("req-7"));
    script.now(|_| HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "7")).finish());
    let busy = bench.get("/api/articles").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, "7"));
    script.now(|_| good());
    assert_eq!(bench.get("/api/articles").await.status, 200);
    script.now(|_| HttpResponse::InternalServerError().finish());
    bench.wait(OLD);
    let stale = bench.get("/api/articles").await;
    assert_eq!(
        (stale.status, stale.cache()),
        (200, "ssg; fwd=stale; fwd-status=500; ttl=-115; detail=sie")
    );
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_says_that_it_is_json_must_be() {
    let wrong = |_: &_| HttpResponse::Ok().content_type("application/json").body("<html>{\"data\"");
    let script = Script::new(wrong);
    let bench = Bench::start(&script.cms, "").await;
    for _ in 0..2 {
        let seen = bench.get("/api/articles").await;
        assert_eq!((seen.status, seen.error().as_str()), (502, "BadGatewayError"));
    }
    assert_eq!(script.cms.asked().len(), 2, "it was not kept");
    script.now(|_| good());
    bench.get("/api/articles").await;
    script.now(wrong);
    bench.wait(OLD);
    assert_eq!(bench.get("/api/articles").await.json()["data"], "good");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_answer_that_ends_too_early_is_none() {
    let script = Script::new(|_| {
        let cut = futures_util::stream::iter([
            Ok(actix_web::web::Bytes::from_static(b"{\"data\":")),
            Err(std::io::Error::other("gone")),
        ]);
        HttpResponse::Ok().content_type("application/json").streaming(cut)
    });
    let bench = Bench::start(&script.cms, "").await;
    let seen = bench.get("/api/articles").await;
    assert_eq!((seen.status, seen.error().as_str()), (502, "BadGatewayError"));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn what_must_be_confirmed_is_not_shown_unconfirmed() {
    let script = Script::new(|_| {
        HttpResponse::Ok()
            .insert_header(("Cache-Control", "max-age=10, must-revalidate"))
            .json(json!({ "data": 1 }))
    });
    let bench = Bench::start(&script.cms, "").await;
    bench.get("/api/articles").await;
    bench.wait(9);
    assert_eq!(bench.get("/api/articles").await.cache(), "ssg; hit; ttl=1");
    script.now(|_| HttpResponse::BadGateway().finish());
    bench.wait(1);
    assert_eq!(bench.get("/api/articles").await.status, 502);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_cms_that_refuses_is_believed() {
    let script = Script::new(|_| good());
    let bench = Bench::start(&script.cms, "").await;
    bench.get("/api/articles").await;
    script
        .now(|_| HttpResponse::Forbidden().json(json!({ "error": { "name": "ForbiddenError" } })));
    bench.wait(OLD);
    assert_eq!(
        bench.get("/api/articles").await.status,
        403,
        "no old answer for who may not see it"
    );
    script.cms.stop().await;
    assert_eq!(bench.get("/api/articles").await.status, 502, "and none later");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_cms_that_is_away_is_left_alone_for_a_while() {
    let script = Script::new(|_| good());
    let bench = Bench::start(&script.cms, "[proxy]\nfailures = 3\npause = \"10s\"\n").await;
    bench.get("/api/articles").await;
    script.now(|_| HttpResponse::BadGateway().finish());
    for number in 0..3 {
        assert_eq!(bench.get(&format!("/api/tags/{number}")).await.status, 502);
    }
    let asked = script.cms.asked().len();
    let resting = bench.get("/api/tags").await;
    assert_eq!((resting.status, resting.error().as_str()), (503, "ServiceUnavailableError"));
    assert_eq!(resting.header("retry-after"), "10");
    assert_eq!(bench.get("/api/articles").await.status, 200, "what is known is shown");
    assert_eq!(script.cms.asked().len(), asked);
    // One tries; it fails, so all wait again.
    bench.wait(10);
    assert_eq!(bench.get("/api/tags").await.status, 502);
    assert_eq!(bench.get("/api/tags").await.status, 503);
    let known = bench.get("/api/articles").await;
    assert_eq!(known.json()["data"], "good");
    bench.until_waiting(0).await;
    bench.wait(10);
    script.now(|_| good());
    for number in 0..3 {
        assert_eq!(bench.get(&format!("/api/tags/{number}")).await.status, 200);
    }
    bench.daemon.stop().await;
}
