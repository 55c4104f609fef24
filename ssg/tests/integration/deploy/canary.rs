//! A canary is looked at before anybody else sees the release.

use actix_web::{HttpResponse, http::StatusCode};
use ssg::{config::NginxConfig, rules::Rules};

use super::*;
use crate::integration::{fake_cms::FakeCms, nginx::Nginx};

struct Watched {
    fleet: Fleet,
    _nginx: Nginx,
    _prefix: TempDir,
}

/// A canary behind a real nginx, and two more targets.
async fn watched() -> Watched {
    let mut fleet = Fleet::new(&["canary", "one", "two"]);
    let prefix = tempfile::tempdir().unwrap();
    // Nothing is there yet; nginx answers 404 until there is.
    fs::create_dir_all(fleet.root("canary")).unwrap();
    let config = NginxConfig::default();
    let root = fleet.root("canary");
    let nginx = Nginx::start_as(prefix.path(), &root, &Rules::default(), &config).await;
    fleet.targets[0].canary = true;
    fleet.targets[0].url = Some(nginx.url.clone());
    Watched { fleet, _nginx: nginx, _prefix: prefix }
}

#[tokio::test]
async fn a_good_canary_is_followed_by_the_others() {
    let watched = watched().await;
    let fleet = &watched.fleet;
    assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
    publish(&fleet.store, &[("a/index.html", "other")], &["b/index.html"]);
    assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
    for name in ["canary", "one", "two"] {
        assert_eq!(fleet.shown(name), fleet.here());
    }
}

#[tokio::test]
async fn a_canary_waits_for_somebody_unless_told_otherwise() {
    let watched = watched().await;
    let fleet = &watched.fleet;
    fleet.deploy().await.unwrap();
    let before = fleet.here();
    publish(&fleet.store, &[("a/index.html", "other")], &[]);
    let manual = || Rollout { promote: false, ..fleet.rollout() };
    for _ in 0..2 {
        assert_eq!(manual().deploy(2).await.unwrap(), Settled::Waiting);
        assert_eq!(fleet.shown("canary"), fleet.here());
        assert_eq!(fleet.shown("one"), before);
    }
    assert_eq!(manual().abort().unwrap(), 2);
    for name in ["canary", "one", "two"] {
        assert_eq!(fleet.shown(name), before, "{name}");
    }
    assert!(manual().promote().await.is_err(), "it is over");
    manual().deploy(2).await.unwrap();
    assert_eq!(manual().promote().await.unwrap(), 2);
    assert_eq!(fleet.shown("two"), fleet.here());
    // A newer release takes the place of one that waits.
    publish(&fleet.store, &[("a/index.html", "three")], &[]);
    manual().deploy(3).await.unwrap();
    publish(&fleet.store, &[("a/index.html", "four")], &[]);
    manual().deploy(4).await.unwrap();
    assert_eq!(fleet.shown("canary")["a/index.html"].0, "four");
    assert_eq!(fleet.shown("one")["a/index.html"].0, "other");
    manual().promote().await.unwrap();
    assert_eq!(fleet.shown("one"), fleet.here());
}

/// A node that serves its files, and fails as the test says.
fn node(
    root: PathBuf,
    fails: impl Fn(&str, &str) -> Option<u16> + Send + Sync + 'static,
) -> FakeCms {
    FakeCms::start(move |asked| {
        assert_eq!(asked.header("host"), Some("example.org"));
        let file = format!("{}index.html", asked.path.trim_start_matches('/'));
        let Ok(text) = fs::read_to_string(root.join("current").join(file)) else {
            return HttpResponse::NotFound().finish();
        };
        match fails(&asked.path, &text) {
            Some(200) => HttpResponse::Ok().body("something else"),
            Some(status) => HttpResponse::build(StatusCode::from_u16(status).unwrap()).finish(),
            None => HttpResponse::Ok().body(text),
        }
    })
}

/// A release whose page `/a/` fails on the canary is seen by nobody else.
async fn refused(status: Option<u16>, log: &str) -> String {
    let mut fleet = Fleet::new(&["canary", "one", "two"]);
    let fails = move |path: &str, text: &str| status.filter(|_| path == "/a/" && text == "bad");
    let node = node(fleet.root("canary"), fails);
    fleet.targets[0].canary = true;
    fleet.targets[0].url = Some(node.url.clone());
    fleet.targets[0].log = Some(fleet.folder.path().join("canary.log"));
    fleet.deploy().await.unwrap();
    fs::write(fleet.folder.path().join("canary.log"), log).unwrap();
    let before = fleet.here();
    publish(&fleet.store, &[("a/index.html", "bad")], &[]);
    let rollout = Rollout { watch: Duration::from_millis(1), ..fleet.rollout() };
    let refused = format!("{:#}", rollout.deploy(2).await.unwrap_err());
    assert!(refused.contains("release 2 was taken back: target `canary`"), "{refused}");
    for name in ["canary", "one", "two"] {
        assert_eq!(fleet.shown(name), before, "{name}");
        assert!(!fleet.root(name).join("current.new").exists());
    }
    let journal = fleet.journal();
    assert_eq!(journal.phase, Phase::Aborted);
    assert!(journal.reason.unwrap().contains("target `canary`"));
    fs::write(fleet.folder.path().join("canary.log"), "").unwrap();
    publish(&fleet.store, &[("a/index.html", "good")], &[]);
    fleet.deploy().await.unwrap();
    assert_eq!(fleet.shown("two"), fleet.here());
    refused
}

#[tokio::test]
async fn a_canary_that_answers_5xx_never_becomes_live_for_everyone() {
    for status in [500, 502, 503] {
        let said = refused(Some(status), "").await;
        assert!(said.contains(&format!("`/a/` answers {status}")), "{said}");
    }
}

#[tokio::test]
async fn a_canary_that_shows_something_else_does_not_either() {
    let said = refused(Some(404), "").await;
    assert!(said.contains("`/a/` answers 404"), "{said}");
    let said = refused(Some(200), "").await;
    assert!(said.contains("`/a/` does not show the bytes of the release"), "{said}");
}

#[tokio::test]
async fn a_canary_whose_visitors_are_failed_does_not_either() {
    // Its pages are fine for whoever looks at them from outside.
    let line = |time: &str, status: u16| format!("{time} {status} /a/\n");
    let long_ago = line("1700000000.000", 200).repeat(100);
    let since = line("4000000000.000", 200).repeat(97) + &line("4000000000.000", 502).repeat(3);
    let said = refused(None, &(long_ago + &since)).await;
    assert!(said.contains("3 of 100 answers were server errors (3.0 %, before 0.0 %)"), "{said}");
}
