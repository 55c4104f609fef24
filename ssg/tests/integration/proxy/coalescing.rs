//! Many who ask the same at once are one question to the CMS.

use std::sync::Arc;

use actix_web::HttpResponse;
use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Semaphore;

use super::bench::{Bench, Seen};
use crate::integration::fake_cms::FakeCms;

const MANY: usize = 200;

/// A CMS that answers once it is allowed to.
fn held(answer: impl Fn() -> HttpResponse + Send + Sync + 'static) -> (FakeCms, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let (opened, answer) = (Arc::clone(&gate), Arc::new(answer));
    let cms = FakeCms::start_slow(move |_| {
        let (gate, answer) = (Arc::clone(&opened), Arc::clone(&answer));
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            answer()
        })
    });
    (cms, gate)
}

async fn ask_at_once(bench: &Bench, gate: &Semaphore) -> Vec<Seen> {
    let visitors = join_all((0..MANY).map(|_| bench.get("/api/articles?sort=title")));
    let opener = async {
        bench.until_waiting(MANY).await;
        gate.add_permits(1);
    };
    tokio::join!(visitors, opener).0
}

#[tokio::test]
async fn two_hundred_identical_requests_are_one_question() {
    let (cms, gate) = held(|| HttpResponse::Ok().json(json!({ "data": 1 })));
    let bench = Bench::start(&cms, "").await;
    let seen = ask_at_once(&bench, &gate).await;
    assert!(seen.iter().all(|seen| seen.status == 200 && seen.body == r#"{"data":1}"#));
    let collapsed = seen.iter().filter(|seen| seen.cache().ends_with("; collapsed")).count();
    assert_eq!((collapsed, cms.asked().len()), (MANY - 1, 1));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_error_is_asked_for_once_as_well() {
    let (cms, gate) = held(|| HttpResponse::InternalServerError().body("oops"));
    let bench = Bench::start(&cms, "").await;
    let seen = ask_at_once(&bench, &gate).await;
    assert!(seen.iter().all(|seen| seen.status == 500 && seen.error() == "InternalServerError"));
    assert_eq!(cms.asked().len(), 1);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn who_asked_first_may_leave() {
    let (cms, gate) = held(|| HttpResponse::Ok().json(json!({ "data": 1 })));
    let bench = Bench::start(&cms, "").await;
    let mut first = Box::pin(bench.get("/api/articles"));
    tokio::select! {
        _ = &mut first => panic!("the CMS has not answered yet"),
        () = bench.until_waiting(1) => {}
    }
    let second = bench.get("/api/articles");
    let leave = async {
        bench.until_waiting(2).await;
        drop(first);
        gate.add_permits(1);
    };
    let (seen, ()) = tokio::join!(second, leave);
    assert_eq!((seen.status, cms.asked().len()), (200, 1));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn an_answer_for_one_is_not_given_to_those_who_wait() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let (cms, gate) = held(move || {
        let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        HttpResponse::Ok()
            .insert_header(("Cache-Control", "private"))
            .json(json!({ "data": count }))
    });
    let bench = Bench::start(&cms, "").await;
    let visitors = join_all((0..5).map(|_| bench.get("/api/articles")));
    let opener = async {
        bench.until_waiting(5).await;
        gate.add_permits(10);
    };
    let mut bodies: Vec<_> =
        tokio::join!(visitors, opener).0.into_iter().map(|seen| seen.body).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!(bodies.len(), 5);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_question_from_before_a_purge_is_not_kept_nor_joined_after_it() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let (cms, gate) = held(move || {
        let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        HttpResponse::Ok().json(json!({ "data": count }))
    });
    let bench = Bench::start(&cms, "").await;
    let before = bench.get("/api/articles");
    let change = async {
        bench.until_waiting(1).await;
        bench.pulled(&["api::article.article"]);
        let after = bench.get("/api/articles");
        let opener = async {
            bench.until_waiting(2).await;
            gate.add_permits(2);
        };
        tokio::join!(after, opener).0
    };
    let (before, after) = tokio::join!(before, change);
    assert_ne!(before.body, after.body);
    assert!(!before.cache().contains("stored"), "{}", before.cache());
    assert_eq!(bench.get("/api/articles").await.body, after.body);
    assert_eq!(cms.asked().len(), 2);
    bench.daemon.stop().await;
}
