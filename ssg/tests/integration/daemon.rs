//! The daemon as the CMS, visitors and load balancers meet it. The build is
//! the test's own, so that only the daemon is tested.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::HttpResponse;
use anyhow::bail;
use cms_api::webhook::Secret;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use ssg::{
    build::Revalidation,
    clock::Clock,
    config::{Credentials, ServeConfig},
    daemon::{Batching, Built, Cause, Daemon, Options, Orders, Pipeline},
    release::{Changes, Meta, Store},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::fake_cms::FakeCms;

const PATIENCE: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(3600);

/// Tells of every build, and does what the test wants of it.
struct Work {
    told: UnboundedSender<Cause>,
    act: Mutex<Box<dyn FnMut(Cause) -> anyhow::Result<Built> + Send>>,
}

impl Pipeline for Work {
    fn run(&self, cause: Cause, orders: &mut Orders) -> anyhow::Result<Built> {
        let urls = |wanted: &Revalidation| vec![format!("page of {}", wanted.target())];
        orders.marked(&orders.targets().iter().map(urls).collect::<Vec<_>>());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            (self.act.lock().unwrap_or_else(std::sync::PoisonError::into_inner))(cause)
        }));
        self.told.send(cause).unwrap();
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn options(cms: &FakeCms, folder: &Path) -> Options {
    Options {
        serve: ServeConfig {
            listen: "127.0.0.1:0".into(),
            serve_static: false,
            poll_interval: NEVER,
            batching: Batching::default(),
            webhook_secrets: vec![Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32])],
            webhook_authorization: Some("Bearer agreed".into()),
        },
        cms: cms.config(Credentials::ApiToken("the-site's-own".into())),
        site: folder.join("templates"),
        folders: Vec::new(),
        cache: folder.join("cache"),
        clock: Clock::default(),
    }
}

struct Bench {
    daemon: Daemon,
    builds: UnboundedReceiver<Cause>,
    store: Store,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn start(
        cms: &FakeCms,
        adjust: impl FnOnce(&mut Options),
        act: impl FnMut(Cause) -> anyhow::Result<Built> + Send + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("templates")).unwrap();
        let store = Store::open(&folder.path().join("dist")).unwrap();
        let mut options = options(cms, folder.path());
        adjust(&mut options);
        let (told, builds) = unbounded_channel();
        let work = Work { told, act: Mutex::new(Box::new(act)) };
        let daemon = Daemon::start(&options, store.clone(), Arc::new(work)).unwrap();
        let mut bench = Self { daemon, builds, store, folder };
        assert!(bench.build().await.start, "the first build catches up");
        bench
    }

    async fn quiet(cms: &FakeCms) -> Self {
        Self::start(cms, |_| {}, |_| Ok(Built::default())).await
    }

    async fn build(&mut self) -> Cause {
        tokio::time::timeout(PATIENCE, self.builds.recv()).await.unwrap().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.daemon.url())
    }

    async fn get(&self, path: &str) -> Response {
        Client::new().get(self.url(path)).send().await.unwrap()
    }

    async fn hook(&self, headers: &[(&str, &str)], body: &str) -> Response {
        self.post("/hooks/cms", headers, body).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let request = Client::new().post(self.url(path)).body(body.to_owned());
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap()
    }

    async fn signed(&self, id: &str, age: i64, body: &str) -> Response {
        self.signed_with(Secret::from_bytes([2; 32]), id, age, body).await
    }

    async fn signed_with(&self, secret: Secret, id: &str, age: i64, body: &str) -> Response {
        self.signed_to("/hooks/cms", secret, id, age, body).await
    }

    async fn revalidate(&self, query: &str, body: &Value) -> Response {
        let path = format!("/-/revalidate{query}");
        let secret = Secret::from_bytes([2; 32]);
        self.signed_to(&path, secret, "msg_r", 0, &body.to_string()).await
    }

    async fn signed_to(
        &self,
        path: &str,
        secret: Secret,
        id: &str,
        age: i64,
        body: &str,
    ) -> Response {
        let time = jiff::Timestamp::now().as_second() - age;
        let signature = secret.sign(id, time, body.as_bytes());
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &time.to_string()),
            ("webhook-signature", &signature),
        ];
        self.post(path, &headers, body).await
    }
}

/// A daemon whose builds do nothing, for tests of what it serves.
pub(super) fn daemon_for(cms: &FakeCms, dist: &Path, adjust: impl FnOnce(&mut Options)) -> Daemon {
    struct Nothing;
    impl Pipeline for Nothing {
        fn run(&self, _: Cause, _: &mut Orders) -> anyhow::Result<Built> {
            Ok(Built::default())
        }
    }
    let mut options = options(cms, dist);
    adjust(&mut options);
    Daemon::start(&options, Store::open(dist).unwrap(), Arc::new(Nothing)).unwrap()
}

fn idle() -> FakeCms {
    FakeCms::start(|_| HttpResponse::Ok().finish())
}

#[tokio::test]
async fn a_signed_webhook_builds_once_however_often_it_comes() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    let body = json!({ "event": "entry.publish", "seq": 42 }).to_string();
    for _ in 0..3 {
        let response = bench.signed("msg_1", 0, &body).await;
        assert_eq!(response.status(), 202);
        assert_eq!(response.json::<Value>().await.unwrap(), json!({ "seq": 42 }));
    }
    assert_eq!(bench.build().await.hint, Some(42));
    let standard = json!({ "type": "entry.publish", "data": { "seq": 43 } }).to_string();
    assert_eq!(
        bench.signed_with(Secret::from_bytes([1; 32]), "msg_2", 0, &standard).await.status(),
        202
    );
    assert_eq!(bench.build().await.hint, Some(43), "the repeated ones had no effect");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn repeated_ids_are_known_after_a_restart() {
    let cms = idle();
    let folder = tempfile::tempdir().unwrap();
    for run in ["first", "second"] {
        let cache = folder.path().join("cache");
        let keep = |options: &mut Options| options.cache = cache;
        let mut bench = Bench::start(&cms, keep, |_| Ok(Built::default())).await;
        assert_eq!(bench.signed("msg_1", 0, r#"{"seq":99}"#).await.status(), 202);
        assert_eq!(bench.signed(run, 0, r#"{"seq":9}"#).await.status(), 202);
        let hint = bench.build().await.hint;
        assert_eq!(hint, Some(if run == "first" { 99 } else { 9 }));
        bench.daemon.stop().await;
    }
}

#[tokio::test]
async fn forged_stale_oversized_and_garbled_webhooks_are_refused() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    let status = async |response: Response| response.status().as_u16();
    let wrong = Secret::from_bytes([9; 32]);
    assert_eq!(status(bench.signed_with(wrong, "m", 0, "{}").await).await, 401);
    assert_eq!(status(bench.signed("m", 301, "{}").await).await, 401);
    assert_eq!(status(bench.signed("m", -360, "{}").await).await, 401);
    assert_eq!(status(bench.signed("bad id", 0, "{}").await).await, 401);
    assert_eq!(status(bench.signed("m", 0, "not json").await).await, 400);
    assert_eq!(status(bench.hook(&[], "{}").await).await, 401);
    assert_eq!(status(bench.hook(&[("authorization", "Bearer other")], "{}").await).await, 401);
    let large = "x".repeat(16 * 1024 * 1024 + 1);
    assert_eq!(status(bench.signed("m", 0, &large).await).await, 413);
    let get = bench.get("/hooks/cms").await;
    assert_eq!((get.status().as_u16(), get.headers()["allow"].to_str().unwrap()), (405, "POST"));
    // None of them woke the loop: the next build is this one's.
    assert_eq!(status(bench.signed("good", 0, r#"{"seq":1}"#).await).await, 202);
    assert_eq!(bench.build().await.hint, Some(1));
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_plain_strapi_is_heard_with_the_agreed_header() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    let body = json!({ "event": "entry.update", "model": "article" }).to_string();
    let response = bench.hook(&[("authorization", "Bearer agreed")], &body).await;
    assert_eq!(response.status(), 202);
    let cause = bench.build().await;
    assert!(cause.hinted && cause.hint.is_none());
    bench.daemon.stop().await;
}

#[tokio::test]
async fn changes_are_found_without_webhooks() {
    let cms = idle();
    let poll = |options: &mut Options| options.serve.poll_interval = Duration::from_millis(10);
    let mut bench = Bench::start(&cms, poll, |_| Ok(Built::default())).await;
    for _ in 0..3 {
        assert_eq!(bench.build().await, Cause::default());
    }
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_changed_template_is_built() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    fs::write(bench.folder.path().join("templates/page.html"), "x").unwrap();
    assert!(bench.build().await.site_changed);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn failing_and_panicking_builds_leave_site_and_daemon_alone() {
    let cms = idle();
    let mut count = 0;
    let mut bench = Bench::start(
        &cms,
        |_| {},
        move |_| {
            count += 1;
            match count {
                2 => bail!("broken template"),
                3 => panic!("a panic in a build, as this test wants"),
                _ => Ok(Built::default()),
            }
        },
    )
    .await;
    let page = Changes { upserts: vec![("a".into(), "x".into())], ..Changes::default() };
    bench.store.publish(page, Meta::default()).unwrap();
    for id in ["a", "b", "c"] {
        bench.signed(id, 0, "{}").await;
        bench.build().await;
    }
    assert_eq!(bench.get("/readyz").await.status(), 200);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn readiness_tells_of_release_pin_and_lag() {
    let cms = idle();
    let seq = Arc::new(AtomicI64::new(0));
    let known = Arc::clone(&seq);
    let built = move |_| Ok(Built { seq: known.load(Ordering::SeqCst), ..Built::default() });
    let mut bench = Bench::start(&cms, |_| {}, built).await;
    let empty = bench.get("/readyz").await;
    assert_eq!(empty.status(), 503);
    assert_eq!(
        empty.json::<Value>().await.unwrap(),
        json!({ "ready": false, "release": null, "seq": null, "pinned": false, "lag": 0 })
    );
    for (number, text) in [(5, "one"), (7, "two")] {
        let page = Changes { upserts: vec![("a".into(), text.into())], ..Changes::default() };
        bench.store.publish(page, Meta { seq: number, ..Meta::default() }).unwrap();
    }
    bench.store.rollback(None).unwrap();
    seq.store(7, Ordering::SeqCst);
    bench.signed("m", 0, "{}").await;
    bench.build().await;
    bench.signed("n", 0, r#"{"seq":8}"#).await;
    let ready = bench.get("/readyz").await;
    assert_eq!(ready.status(), 200);
    assert_eq!(
        ready.json::<Value>().await.unwrap(),
        json!({ "ready": true, "release": 1, "seq": 5, "pinned": true, "lag": 3 })
    );
    assert_eq!(bench.get("/healthz").await.status(), 200);
    let metrics = bench.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("ssg_webhooks_total{outcome=\"accepted\"} 2"), "{metrics}");
    assert!(metrics.contains("ssg_release_pinned 1"), "{metrics}");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn visitors_reach_the_api_as_themselves() {
    let cms = FakeCms::start(|asked| match asked.path.as_str() {
        "/api/articles/none" => HttpResponse::NotFound().json(json!({ "error": "from the CMS" })),
        _ => HttpResponse::Ok()
            .insert_header(("Set-Cookie", "a=b"))
            .insert_header(("X-Powered-By", "cms"))
            .insert_header(("ETag", "\"e\""))
            .body(vec![7_u8; 300_000]),
    });
    let bench = Bench::quiet(&cms).await;
    let response = bench.get("/api/articles?filters[a][$eq]=1").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["etag"], "\"e\"");
    assert!(!response.headers().contains_key("set-cookie"));
    assert!(!response.headers().contains_key("x-powered-by"));
    assert_eq!(response.bytes().await.unwrap().len(), 300_000);
    assert_eq!(bench.get("/api/articles/none").await.status(), 404);
    let post = Client::new()
        .post(bench.url("/api/comments"))
        .header("Authorization", "Bearer visitor")
        .header("Cookie", "secret=1")
        .body("hello")
        .send()
        .await
        .unwrap();
    assert_eq!(post.status(), 200);
    let asked = cms.asked();
    assert_eq!(asked[0].path, "/api/articles?filters[a][$eq]=1");
    assert_eq!(asked[0].header("authorization"), None, "the site's own token stays here");
    assert_eq!(asked[0].header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(asked[2].header("authorization"), Some("Bearer visitor"));
    assert_eq!(asked[2].header("cookie"), None);
    assert_eq!(asked[2].body, "hello");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn the_proxy_passes_content_routes_only_and_bodies_within_the_limit() {
    let cms = idle();
    let bench = Bench::quiet(&cms).await;
    for path in ["/api/auth/local", "/api/users", "/api/upload/files", "/admin", "/uploads/x.png"] {
        assert_eq!(bench.get(path).await.status(), 404, "{path}");
    }
    let put = Client::new().put(bench.url("/api/articles/x")).send().await.unwrap();
    assert_eq!(
        (put.status().as_u16(), put.headers()["allow"].to_str().unwrap()),
        (405, "GET, HEAD")
    );
    let large = vec![0_u8; 1024 * 1024 + 1];
    let announced =
        Client::new().post(bench.url("/api/x")).body(large.clone()).send().await.unwrap();
    assert_eq!(announced.status(), 413);
    let chunks = large.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let stream = futures_util::stream::iter(chunks.collect::<Vec<_>>());
    let chunked = Client::new().post(bench.url("/api/x")).body(reqwest::Body::wrap_stream(stream));
    assert_eq!(chunked.send().await.unwrap().status(), 413);
    assert_eq!(cms.asked().len(), 0);
    bench.daemon.stop().await;
}

#[tokio::test]
async fn a_cms_that_is_away_is_a_bad_gateway() {
    let cms = idle();
    let bench = Bench::quiet(&cms).await;
    cms.stop().await;
    let response = bench.get("/api/articles").await;
    assert_eq!(response.status(), 502);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["name"], "BadGatewayError");
    bench.daemon.stop().await;
}

#[tokio::test]
async fn pages_are_revalidated_by_path_and_tag() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    let body = json!({ "paths": ["/blog/"], "tags": ["article"] });
    let response = bench.revalidate("", &body).await;
    assert_eq!(response.status(), 202);
    let pages = json!(["page of /blog/", "page of article"]);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "build_id": 2, "pages": pages }));
    assert!(bench.build().await.ordered);
    let response = bench.revalidate("?wait=live", &body).await;
    assert_eq!(response.status(), 200);
    let answer = response.json::<Value>().await.unwrap();
    assert_eq!((&answer["build_id"], &answer["live"]), (&json!(3), &json!(true)));
}

#[tokio::test]
async fn a_revalidation_that_makes_no_sense_is_refused_with_a_reason() {
    let cms = idle();
    let bench = Bench::quiet(&cms).await;
    for (body, why) in [
        (json!({}), "neither `paths` nor `tags` names anything"),
        (json!({ "paths": ["blog"] }), "must start with `/`"),
        (json!({ "paths": [format!("/{}", "x".repeat(1024))] }), "at most 1024 characters"),
        (json!({ "tags": [""] }), "a tag must have 1 to 256 characters"),
        (json!({ "tags": ["x"], "scope": "layout" }), "\"page\" or \"subtree\""),
        (json!({ "path": "/" }), "unknown field `path`"),
        (json!([1]), "expected is"),
    ] {
        let response = bench.revalidate("", &body).await;
        assert_eq!(response.status(), 400, "{body}");
        let answer = response.json::<Value>().await.unwrap();
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(why), "{body}: {message}");
    }
    let response = bench.revalidate("?wait=done", &json!({ "tags": ["x"] })).await;
    assert_eq!(response.status(), 400);
    let response = bench.post("/-/revalidate", &[], r#"{"tags":["x"]}"#).await;
    assert_eq!(response.status(), 401, "it is not signed");
}

#[tokio::test]
async fn a_revalidation_whose_build_fails_says_so() {
    let cms = idle();
    let act = |cause: Cause| if cause.ordered { bail!("no") } else { Ok(Built::default()) };
    let bench = Bench::start(&cms, |_| {}, act).await;
    let response = bench.revalidate("?wait=live", &json!({ "tags": ["x"] })).await;
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn a_page_that_is_due_is_built_without_anybody_asking() {
    let cms = idle();
    let mut left = 3;
    let act = move |_| {
        left -= 1;
        let due = (left > 0).then(|| jiff::Timestamp::now().as_second());
        Ok(Built { due, ..Built::default() })
    };
    let mut bench = Bench::start(&cms, |_| {}, act).await;
    for _ in 0..2 {
        assert_eq!(bench.build().await, Cause::default());
    }
}

#[tokio::test]
async fn a_thousand_hooks_at_once_make_few_builds_that_end_at_the_last() {
    let cms = idle();
    let mut bench = Bench::quiet(&cms).await;
    let hooks = (1..=1_000).map(|seq| {
        let bench = &bench;
        let body = json!({ "event": "entry.publish", "seq": seq }).to_string();
        async move {
            let response = bench.signed(&format!("msg_{seq}"), 0, &body).await;
            assert_eq!(response.status(), 202);
        }
    });
    futures_util::StreamExt::for_each_concurrent(futures_util::stream::iter(hooks), 16, |hook| {
        hook
    })
    .await;
    let mut builds = 0;
    let mut furthest = None;
    while furthest < Some(1_000) {
        furthest = furthest.max(bench.build().await.hint);
        builds += 1;
    }
    assert!(builds < 200, "{builds} builds for a burst");
}
