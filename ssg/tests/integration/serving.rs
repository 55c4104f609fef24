//! The site over HTTP: by a real nginx with the configuration that `ssg nginx`
//! prints, and by `ssg serve --static`. Visitors see no difference.

use std::path::Path;

use reqwest::Response;
use ssg::release::{Changes, Meta, Store};

use super::{
    daemon::daemon_for,
    fake_cms::FakeCms,
    nginx::{Nginx, client},
};

const HASHED: &str = "assets/site.0123456789ab.css";

pub(crate) fn publish(store: &Store, upserts: &[(&str, &str)], removes: &[&str]) {
    let upserts = upserts.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
    let removes = removes.iter().map(|path| (*path).into()).collect();
    let changes = Changes { upserts, removes, full: false };
    store.publish(changes, Meta::default()).unwrap().unwrap();
}

fn site(dist: &Path) -> Store {
    let store = Store::open(dist).unwrap();
    let pages = [
        ("index.html", "home"),
        ("blog/index.html", "blog"),
        ("blog/page/2/index.html", "blog 2"),
        ("blog/über uns/index.html", "über uns"),
        ("feed.xml", "<feed/>"),
        ("404.html", "nothing here"),
        ("de/index.html", "Start"),
        ("de/404.html", "nichts da"),
        (HASHED, "body{}"),
        ("assets/plain.css", "p{}"),
        ("uploads/evil.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("robots.txt", "User-agent: *"),
    ];
    publish(&store, &pages, &[]);
    store
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// What visitors may rely on, whoever serves.
async fn check_site(url: &str, store: &Store) {
    check_pages(url).await;
    check_redirects(url).await;
    check_missing(url).await;
    check_caching(url, store).await;
    check_safety(url).await;
}

async fn check_pages(url: &str) {
    for (path, body, kind) in [
        ("/", "home", "text/html; charset=utf-8"),
        ("/index.html", "home", "text/html; charset=utf-8"),
        ("/blog/", "blog", "text/html; charset=utf-8"),
        ("/blog/page/2/", "blog 2", "text/html; charset=utf-8"),
        ("/blog/%C3%BCber%20uns/", "über uns", "text/html; charset=utf-8"),
        ("/blog/?utm=1", "blog", "text/html; charset=utf-8"),
        ("/feed.xml", "<feed/>", "text/xml; charset=utf-8"),
        ("/robots.txt", "User-agent: *", "text/plain; charset=utf-8"),
    ] {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, "content-type").to_lowercase(), kind, "{path}");
        assert_eq!(header(&response, "cache-control"), "public, no-cache", "{path}");
        assert_eq!(response.text().await.unwrap(), body, "{path}");
    }
    let head = client().head(format!("{url}/blog/")).send().await.unwrap();
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "4"));
}

async fn check_redirects(url: &str) {
    for (path, to) in [
        ("/blog", "/blog/"),
        ("/blog?a=b&c=d", "/blog/?a=b&c=d"),
        ("/blog/page/2", "/blog/page/2/"),
        ("/blog/%C3%BCber%20uns", "/blog/%C3%BCber%20uns/"),
        ("/de", "/de/"),
    ] {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "location")),
            (301, to),
            "{path}"
        );
    }
}

async fn check_missing(url: &str) {
    for (path, body) in [
        ("/none", "nothing here"),
        ("/none/", "nothing here"),
        ("/blog/page/", "nothing here"),
        ("/blog/page", "nothing here"),
        ("/de/none/", "nichts da"),
        ("/de/none", "nichts da"),
        ("/fr/none", "nothing here"),
        ("/assets/site.ffffffffffff.css", "nothing here"),
        ("/uploads/none.png", "nothing here"),
    ] {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(header(&response, "cache-control"), "public, no-cache", "{path}");
        assert_eq!(response.text().await.unwrap(), body, "{path}");
    }
}

async fn check_caching(url: &str, store: &Store) {
    let hashed = client().get(format!("{url}/{HASHED}")).send().await.unwrap();
    assert_eq!(header(&hashed, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&hashed, "content-type"), "text/css; charset=utf-8");
    let plain = client().get(format!("{url}/assets/plain.css")).send().await.unwrap();
    assert_eq!(header(&plain, "cache-control"), "public, no-cache");

    let first = client().get(format!("{url}/blog/")).send().await.unwrap();
    let etag = header(&first, "etag").to_owned();
    let ask =
        |etag: &str| client().get(format!("{url}/blog/")).header("If-None-Match", etag).send();
    assert_eq!(ask(&etag).await.unwrap().status(), 304);
    // Another page changes: this one stays known. The same length, at once:
    // still another ETag.
    publish(store, &[("index.html", "HOME")], &[]);
    assert_eq!(ask(&etag).await.unwrap().status(), 304);
    publish(store, &[("blog/index.html", "BLOG")], &[HASHED]);
    let changed = ask(&etag).await.unwrap();
    assert_eq!(changed.status(), 200);
    assert_eq!(changed.text().await.unwrap(), "BLOG");
    // A page of the release before still finds its stylesheet.
    let retired = client().get(format!("{url}/{HASHED}")).send().await.unwrap();
    assert_eq!(retired.status(), 200);
    assert_eq!(header(&retired, "cache-control"), "public, max-age=31536000, immutable");
    store.rollback(None).unwrap();
    assert_eq!(ask(&etag).await.unwrap().status(), 304, "the old bytes have their old ETag");
}

async fn check_safety(url: &str) {
    let page = client().get(format!("{url}/")).send().await.unwrap();
    assert_eq!(header(&page, "x-content-type-options"), "nosniff");
    assert_eq!(header(&page, "x-frame-options"), "SAMEORIGIN");
    assert!(header(&page, "content-security-policy").contains("frame-ancestors"));
    let server = header(&page, "server");
    assert!(!server.contains(char::is_numeric), "{server}");
    let upload = client().get(format!("{url}/uploads/evil.svg")).send().await.unwrap();
    assert!(header(&upload, "content-security-policy").starts_with("sandbox"));
    let post = client().post(format!("{url}/blog/")).send().await.unwrap();
    assert_eq!(post.status(), 405);
    for path in [
        "/..%2freleases.redb",
        "/%2e%2e/releases.redb",
        "/releases.redb",
        "/assets/..%2f..%2f..%2freleases.redb",
    ] {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        assert!(matches!(response.status().as_u16(), 400 | 404), "{path}: {}", response.status());
    }
}

#[tokio::test]
async fn nginx_serves_the_site() {
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    let store = site(dist.path());
    let nginx = Nginx::start(prefix.path(), dist.path(), "127.0.0.1:1").await;
    check_site(&nginx.url, &store).await;
    // The daemon is away: the API says so, the site stays up.
    let api = client().get(format!("{}/api/articles", nginx.url)).send().await.unwrap();
    assert_eq!(api.status(), 502);
    let home = client().get(&nginx.url).send().await.unwrap();
    assert_eq!(home.status(), 200);
}

#[tokio::test]
async fn the_daemon_serves_the_site_alike() {
    let dist = tempfile::tempdir().unwrap();
    let store = site(dist.path());
    let cms = FakeCms::start(|_| actix_web::HttpResponse::Ok().finish());
    let daemon = daemon_for(&cms, dist.path(), |options| options.serve.serve_static = true);
    check_site(&daemon.url(), &store).await;
    daemon.stop().await;
}

#[tokio::test]
async fn nginx_passes_the_api_and_webhooks_to_the_daemon() {
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    site(dist.path());
    let cms = FakeCms::start(|asked| actix_web::HttpResponse::Ok().body(asked.path.clone()));
    let daemon = daemon_for(&cms, dist.path(), |_| {});
    let nginx = Nginx::start(prefix.path(), dist.path(), &daemon.url()).await;
    let api =
        client().get(format!("{}/api/articles?sort[0]=title", nginx.url)).send().await.unwrap();
    assert_eq!(api.status(), 200);
    assert_eq!(api.text().await.unwrap(), "/api/articles?sort[0]=title");
    let hook = client().post(format!("{}/hooks/cms", nginx.url)).body("{}").send().await.unwrap();
    assert_eq!(hook.status(), 401);
    daemon.stop().await;
}

/// Visitors come and go without a break while releases switch under them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_visitor_notices_a_switch() {
    const SWITCHES: usize = 150;
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    let store = site(dist.path());
    let nginx = Nginx::start(prefix.path(), dist.path(), "127.0.0.1:1").await;
    let (done, mut stop) = tokio::sync::watch::channel(());
    let visitor = {
        let url = format!("{}/blog/", nginx.url);
        let client = client();
        tokio::spawn(async move {
            let mut visits = 0_u32;
            while !stop.has_changed().unwrap_or(true) {
                let response = client.get(&url).send().await.unwrap();
                assert_eq!(response.status(), 200);
                assert!(response.text().await.unwrap().starts_with("blog"));
                visits += 1;
            }
            stop.mark_unchanged();
            visits
        })
    };
    let switching = tokio::task::spawn_blocking(move || {
        for number in 0..SWITCHES {
            publish(&store, &[("blog/index.html", &format!("blog {number}"))], &[]);
        }
    });
    switching.await.unwrap();
    done.send(()).unwrap();
    assert!(visitor.await.unwrap() > 0);
}
