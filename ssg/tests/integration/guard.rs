//! The guard: a release that visitors fare worse with is taken back by itself.

use std::{
    fs,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use actix_web::HttpResponse;
use serde_json::{Value, json};
use ssg::{
    config::NginxConfig,
    daemon::Daemon,
    release::{Meta, StageKind, Store},
    rules::Rules,
};

use super::{
    daemon::daemon_for,
    fake_cms::FakeCms,
    nginx::{Nginx, PATIENCE, client},
};

const SITE: &str = "[site]\ntitle = \"x\"\nbase_url = \"https://example.org\"\n\
                    [guard]\nmin_requests = 5\nmax_404 = 0.2\n";
/// As promised.
const BACK_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

struct Place {
    folder: tempfile::TempDir,
    cms: FakeCms,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("templates")).unwrap();
        fs::write(folder.path().join("templates/site.toml"), SITE).unwrap();
        Self { folder, cms: FakeCms::start(|_| HttpResponse::Ok().finish()) }
    }

    fn dist(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("cache/guard.log")
    }

    fn store(&self) -> Store {
        Store::open(self.dist()).unwrap()
    }

    /// Publishes; `unpublished`: the editors wanted these to go.
    fn publish(&self, pages: &[&str], gone: &[&str], unpublished: &[&str]) -> u64 {
        let stage = self.store().stage(StageKind::Changes).unwrap();
        for page in pages {
            stage.put(page, page.as_bytes()).unwrap();
        }
        for page in gone {
            stage.remove(page).unwrap();
        }
        let report = json!({ "unpublished": unpublished });
        stage.publish(Meta { report, ..Meta::default() }).unwrap().unwrap().id
    }

    fn daemon(&self, serve_static: bool) -> Daemon {
        daemon_for(&self.cms, self.dist(), |options| options.serve.serve_static = serve_static)
    }

    /// Says in nginx's words what visitors got just now.
    fn log_lines(&self, status: u16, target: &str, count: usize) {
        let now = jiff::Timestamp::now().as_millisecond();
        let line = format!("{}.{:03} {status} {target}\n", now / 1000, now % 1000);
        fs::create_dir_all(self.log().parent().unwrap()).unwrap();
        let log = fs::File::options().create(true).append(true).open(self.log());
        log.unwrap().write_all(line.repeat(count).as_bytes()).unwrap();
    }

    fn live(&self) -> u64 {
        self.store().live().unwrap().unwrap().id
    }
}

async fn ready(daemon: &Daemon) -> Value {
    let answer = client().get(format!("{}/readyz", daemon.url())).send().await.unwrap();
    answer.json().await.unwrap()
}

/// What `/readyz` tells once it tells what is looked for.
async fn told(daemon: &Daemon, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let body = ready(daemon).await;
        if is_so(&body) {
            return body;
        }
        assert!(Instant::now() < give_up, "never {what}: {body}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn watched(count: u64) -> impl Fn(&Value) -> bool {
    move |body| body["guard"]["requests"].as_u64() >= Some(count)
}

#[tokio::test]
async fn a_page_that_visitors_miss_is_back_within_seconds() {
    let place = Place::new();
    place.publish(&["index.html", "shop/index.html"], &[], &[]);
    let daemon = place.daemon(false);
    let prefix = tempfile::tempdir().unwrap();
    let config = NginxConfig {
        upstream: "127.0.0.1:1".into(),
        guard_log: Some(place.log()),
        ..NginxConfig::default()
    };
    fs::create_dir_all(place.log().parent().unwrap()).unwrap();
    let nginx = Nginx::start_as(prefix.path(), place.dist(), &Rules::default(), &config).await;
    let visit = async |path: &str| {
        client().get(format!("{}{path}", nginx.url)).send().await.unwrap().status().as_u16()
    };
    assert_eq!(visit("/shop/").await, 200);
    let bad = place.publish(&["new/index.html"], &["shop/index.html"], &[]);
    let since = Instant::now();
    for _ in 0..5 {
        assert_eq!(visit("/shop/?from=mail").await, 404);
    }
    let body = told(&daemon, "rolled back", |body| body["rolled_back"].is_object()).await;
    assert!(since.elapsed() < BACK_WITHIN, "{:?}", since.elapsed());
    assert_eq!(visit("/shop/").await, 200);
    assert_eq!((&body["release"], &body["pinned"]), (&json!(1), &json!(true)));
    assert_eq!(body["rolled_back"]["release"], bad);
    let all = place.store().list().unwrap();
    let note = all[0].note.clone().unwrap();
    assert!(note.starts_with("rolled back to 1 by the guard: 5 of 5 answers were not found"));

    // It stays so until somebody decides.
    place.publish(&["other/index.html"], &[], &[]);
    assert_eq!(place.live(), 1);
    place.store().unpin().unwrap();
    assert!(ready(&daemon).await.get("rolled_back").is_none());
    daemon.stop().await;
}

#[tokio::test]
async fn server_errors_are_compared_with_how_it_was() {
    let place = Place::new();
    place.publish(&["index.html", "a/index.html"], &[], &[]);
    for status in [200, 500] {
        place.log_lines(status, "/a/", 50);
    }
    tokio::time::sleep(LOOK_AGAIN).await;
    place.publish(&["b/index.html"], &[], &[]);
    let daemon = place.daemon(false);
    place.log_lines(500, "/a/", 20);
    place.log_lines(200, "/a/", 20);
    told(&daemon, "40 requests", watched(40)).await;
    assert_eq!(place.live(), 2, "it was as bad before");
    place.log_lines(502, "/a", 60);
    told(&daemon, "rolled back", |body| body["rolled_back"].is_object()).await;
    assert_eq!(place.live(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_new_or_unpublished_says_nothing() {
    let place = Place::new();
    place.publish(&["index.html", "old/index.html", "a/index.html"], &[], &[]);
    let daemon = place.daemon(false);
    let gone = ["old/index.html"];
    place.publish(&["new/index.html"], &gone, &gone);
    place.log_lines(404, "/old/", 50);
    place.log_lines(404, "/wp-login.php", 50);
    place.log_lines(500, "/new/", 50);
    place.log_lines(200, "/a/", 10);
    let body = told(&daemon, "10 requests", watched(10)).await;
    assert_eq!(
        body["guard"],
        json!({
            "release": 2, "good": 1, "requests": 10, "server_errors": 0, "missing": 0,
        })
    );
    assert_eq!(place.live(), 2);
    daemon.stop().await;
}

#[tokio::test]
async fn a_daemon_that_starts_again_goes_on_watching() {
    let place = Place::new();
    place.publish(&["index.html", "a/index.html"], &[], &[]);
    let daemon = place.daemon(false);
    place.publish(&["b/index.html"], &[], &[]);
    place.log_lines(404, "/a/", 3);
    told(&daemon, "3 requests", watched(3)).await;
    daemon.stop().await;
    place.log_lines(404, "/a/", 3);
    let daemon = place.daemon(false);
    let body = told(&daemon, "rolled back", |body| body["rolled_back"].is_object()).await;
    assert!(body["rolled_back"]["reason"].as_str().unwrap().starts_with("6 of 6 answers"));
    assert_eq!(place.live(), 1);
    daemon.stop().await;
}

#[tokio::test]
async fn releases_that_follow_each_other_are_judged_together() {
    let place = Place::new();
    place.publish(&["index.html", "a/index.html"], &[], &[]);
    let daemon = place.daemon(false);
    place.publish(&["b/index.html"], &["a/index.html"], &[]);
    place.log_lines(404, "/a/", 4);
    told(&daemon, "4 requests", watched(4)).await;
    place.publish(&["c/index.html"], &[], &[]);
    place.log_lines(404, "/a/", 4);
    told(&daemon, "rolled back", |body| body["rolled_back"].is_object()).await;
    assert_eq!(place.live(), 1, "not to the one that is no better");
    daemon.stop().await;
}

#[tokio::test]
async fn the_daemons_own_answers_count_where_no_nginx_is() {
    let place = Place::new();
    place.publish(&["index.html", "shop/index.html"], &[], &[]);
    let daemon = place.daemon(true);
    place.publish(&["new/index.html"], &["shop/index.html"], &[]);
    for _ in 0..6 {
        let answer = client().get(format!("{}/shop/", daemon.url())).send().await.unwrap();
        assert_eq!(answer.status(), 404);
    }
    told(&daemon, "rolled back", |body| body["rolled_back"].is_object()).await;
    let answer = client().get(format!("{}/shop/", daemon.url())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    daemon.stop().await;
}
