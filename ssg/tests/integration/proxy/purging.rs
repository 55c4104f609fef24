//! A change of content takes the answers with it that could show it.

use serde_json::json;

use super::bench::{Bench, counting};

#[tokio::test]
async fn what_a_pull_brings_is_seen_at_once() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    let first = bench.get("/api/articles").await.body;
    assert_eq!(bench.get("/api/articles").await.body, first);
    bench.pulled(&["api::article.article"]);
    assert_ne!(bench.get("/api/articles").await.body, first);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_webhook_is_enough_whatever_becomes_of_the_build() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    let first = bench.get("/api/articles").await.body;
    let body = json!({ "event": "entry.publish", "uid": "api::article.article", "seq": 7 });
    assert_eq!(bench.hook(&body).await, 202);
    assert_ne!(bench.get("/api/articles").await.body, first);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn who_writes_reads_what_was_written() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    let first = bench.get("/api/comments").await.body;
    let posted = bench.send(bench.client.post(bench.url("/api/comments")).body("{}")).await;
    assert_eq!((posted.status, posted.cache()), (200, "ssg; fwd=method; fwd-status=200"));
    assert_ne!(bench.get("/api/comments").await.body, first);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn drafts_are_never_kept() {
    let cms = counting();
    let bench = Bench::start(&cms, "").await;
    for _ in 0..2 {
        let seen = bench.get("/api/articles?status=draft").await;
        assert_eq!(seen.cache(), "ssg; fwd=bypass; fwd-status=200");
    }
    bench.daemon.stop().await;
}
