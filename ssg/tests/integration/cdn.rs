//! Caches in front of the site forget exactly what changed, whatever happens in
//! between: the hosted ones by the requests they would get, Varnish for real.

mod faults;
mod hosted;
mod program;
mod varnish;

use std::{path::Path, time::Duration};

use actix_web::HttpResponse;
use ssg::{
    cdn::{Cdn, Faults, Provider, Purger, Rate, Standing},
    release::Store,
};

use super::{
    fake_cms::{Asked, FakeCms},
    serving::publish,
};

const SITE: &str = "https://www.example.org";
const PATIENCE: Duration = Duration::from_secs(20);
const UNLIMITED: Rate = Rate { burst: 1_000_000, calls: 1_000_000, period: Duration::from_secs(1) };

fn cdn(provider: Provider) -> Cdn {
    Cdn {
        name: "edge".to_owned(),
        provider,
        site: SITE.to_owned(),
        rate: UNLIMITED,
        most: 100_000,
        again: Duration::ZERO,
    }
}

/// Caches that take `PURGE`.
fn purged_at(edge: &FakeCms) -> Cdn {
    cdn(Provider::Purge { endpoints: vec![edge.url.parse().unwrap()] })
}

fn accepting() -> FakeCms {
    FakeCms::start(|_| HttpResponse::Ok().json(serde_json::json!({ "success": true })))
}

/// A site whose cache knows of its first release.
async fn site(dist: &Path, cdn: &Cdn) -> Store {
    let store = Store::open(dist).unwrap();
    let pages = [
        ("index.html", "home"),
        ("a/index.html", "a"),
        ("b/index.html", "b"),
        ("feed.xml", "feed"),
        ("assets/site.css", "css"),
        ("assets/site.0123456789ab.css", "css"),
    ];
    publish(&store, &pages, &[]);
    assert!(catch_up(&store, cdn).await.done);
    store
}

async fn catch_up(store: &Store, cdn: &Cdn) -> Standing {
    catch_up_within(store, cdn, PATIENCE).await
}

async fn catch_up_within(store: &Store, cdn: &Cdn, within: Duration) -> Standing {
    let mut purger = Purger::new(vec![cdn.clone()], store, &Faults::default()).unwrap();
    purger.catch_up(within).await.remove(0)
}

/// The paths that were purged one by one, in order; `*` for everything.
fn purged(asked: &[Asked]) -> Vec<String> {
    let path = |asked: &Asked| {
        assert_eq!(asked.method, "PURGE");
        let everything = asked.header("galley-purge") == Some("everything");
        if everything { "*".to_owned() } else { asked.path.clone() }
    };
    let mut paths: Vec<_> = asked.iter().map(path).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn purged_urls_are_the_changed_urls() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let cdn = purged_at(&edge);
    let store = site(dist.path(), &cdn).await;
    assert_eq!(purged(&edge.asked()), ["*"], "nobody knows what stood there before");
    edge.forget();
    assert!(catch_up(&store, &cdn).await.done);
    assert!(edge.asked().is_empty(), "nothing changed");

    publish(
        &store,
        &[
            ("a/index.html", "other"),
            ("c/index.html", "new"),
            ("assets/site.css", "other"),
            ("assets/site.ba9876543210.css", "other"),
        ],
        &["b/index.html", "assets/site.0123456789ab.css"],
    );
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(
        purged(&edge.asked()),
        [
            "/a/",
            "/a/index.html",
            "/assets/site.css",
            "/b",
            "/b/",
            "/b/index.html",
            "/c",
            "/c/",
            "/c/index.html",
        ]
    );
    assert!(edge.asked().iter().all(|asked| asked.header("host") == Some("www.example.org")));
    let purges = store.purges(2).unwrap();
    assert_eq!(purges["edge"]["outcome"], "purged");
    assert_eq!(purges["edge"]["urls"], 9);
}

#[tokio::test]
async fn going_back_and_forth_purges_though_in_the_end_nothing_differs() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let cdn = purged_at(&edge);
    let store = site(dist.path(), &cdn).await;
    publish(&store, &[("a/index.html", "two")], &[]);
    assert!(catch_up(&store, &cdn).await.done);
    edge.forget();
    store.rollback(None).unwrap();
    store.unpin().unwrap();
    // A page built behind the pin is not live, and not purged.
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["/a/", "/a/index.html"]);
    edge.forget();
    store.rollback(None).unwrap();
    publish(&store, &[("feed.xml", "waits")], &[]);
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["/a/", "/a/index.html"]);
    edge.forget();
    store.unpin().unwrap();
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["/a/", "/a/index.html", "/feed.xml"]);
}

#[tokio::test]
async fn a_cache_that_is_away_is_told_later_and_the_release_says_so() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let cdn = purged_at(&edge);
    let store = site(dist.path(), &cdn).await;
    edge.stop().await;
    publish(&store, &[("a/index.html", "two")], &[]);
    let away = catch_up_within(&store, &cdn, Duration::from_millis(300)).await;
    assert!(!away.done && away.error.is_some(), "{away:?}");
    let purges = store.purges(2).unwrap();
    assert_eq!(purges["edge"]["outcome"], "waiting");
    assert!(purges["edge"]["error"].as_str().unwrap().contains("/a/"), "{purges:?}");

    publish(&store, &[("feed.xml", "two")], &[]);
    let back = accepting();
    let cdn = purged_at(&back);
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&back.asked()), ["/a/", "/a/index.html", "/feed.xml"]);
    for release in [2, 3] {
        assert_eq!(store.purges(release).unwrap()["edge"]["outcome"], "purged");
    }
}

#[tokio::test]
async fn a_busy_cache_is_asked_again_in_the_same_run() {
    let dist = tempfile::tempdir().unwrap();
    let refusals = std::sync::atomic::AtomicUsize::new(3);
    let edge = FakeCms::start(move |_| {
        let left = refusals.load(std::sync::atomic::Ordering::SeqCst);
        if left == 0 {
            return HttpResponse::Ok().finish();
        }
        refusals.store(left - 1, std::sync::atomic::Ordering::SeqCst);
        [HttpResponse::TooManyRequests(), HttpResponse::ServiceUnavailable()][left % 2].finish()
    });
    let store = site(dist.path(), &purged_at(&edge)).await;
    assert_eq!(edge.asked().len(), 4);
    assert_eq!(store.purges(1).unwrap()["edge"]["outcome"], "purged");
}

#[tokio::test]
async fn a_cache_is_told_once_more_when_old_pages_may_still_be_under_way() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let cdn = Cdn { again: Duration::from_millis(30), ..purged_at(&edge) };
    let store = site(dist.path(), &cdn).await;
    assert_eq!(purged(&edge.asked()), ["*", "*"]);
    edge.forget();
    publish(&store, &[("feed.xml", "two")], &[]);
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["/feed.xml", "/feed.xml"]);
    edge.forget();
    assert!(catch_up(&store, &cdn).await.done);
    assert!(edge.asked().is_empty());
}

#[tokio::test]
async fn whoever_missed_too_much_forgets_everything() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let cdn = purged_at(&edge);
    let store = site(dist.path(), &cdn).await;
    edge.forget();
    let few = Cdn { most: 2, ..cdn.clone() };
    publish(&store, &[("a/index.html", "two"), ("feed.xml", "two")], &[]);
    assert!(catch_up(&store, &few).await.done);
    assert_eq!(purged(&edge.asked()), ["*"]);
    assert_eq!(store.purges(2).unwrap()["edge"]["urls"], serde_json::Value::Null);

    // The way from the release it knows is forgotten with that release.
    for n in 0..25 {
        publish(&store, &[("feed.xml", &format!("edit {n}"))], &[]);
    }
    edge.forget();
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["*"]);

    // And a history that began afresh knows nothing of what was before.
    std::fs::remove_dir_all(dist.path().join("trees")).unwrap();
    edge.forget();
    publish(&store, &[("index.html", "again")], &[]);
    assert!(catch_up(&store, &cdn).await.done);
    assert_eq!(purged(&edge.asked()), ["*"]);
}

#[tokio::test]
async fn no_more_calls_are_made_than_the_limit_allows() {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let rate = Rate { burst: 2, calls: 1, period: Duration::from_secs(3600) };
    let cdn = Cdn { rate, ..purged_at(&edge) };
    let store = site(dist.path(), &cdn).await;
    publish(&store, &[("a/index.html", "two"), ("feed.xml", "two")], &[]);
    let waits = catch_up_within(&store, &cdn, Duration::from_millis(200)).await;
    assert!(!waits.done);
    assert_eq!(edge.asked().len(), 2, "one at first, one more, and then the limit");
}

#[tokio::test]
async fn two_caches_do_not_wait_for_each_other() {
    let dist = tempfile::tempdir().unwrap();
    let (near, far) = (accepting(), accepting());
    far.stop().await;
    let store = Store::open(dist.path()).unwrap();
    publish(&store, &[("index.html", "home")], &[]);
    let cdns = vec![
        Cdn { name: "far".to_owned(), ..purged_at(&far) },
        Cdn { name: "near".to_owned(), ..purged_at(&near) },
    ];
    let mut purger = Purger::new(cdns, &store, &Faults::default()).unwrap();
    let standings = purger.catch_up(Duration::from_millis(300)).await;
    let done: Vec<_> = standings.iter().map(|one| (one.cdn.as_str(), one.done)).collect();
    assert_eq!(done, [("far", false), ("near", true)]);
}
