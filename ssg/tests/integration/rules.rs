//! `_redirects` and `_headers`: one table of requests and answers, tried on a
//! real nginx with the printed configuration and on `ssg serve --static`.

use std::{fmt::Write, fs, path::Path};

use reqwest::Method;
use ssg::{build::STATIC_FOLDER, release::Store, rules::Rules};

use super::{
    daemon::daemon_for,
    fake_cms::FakeCms,
    nginx::{Nginx, client},
    serving::publish,
};

const REDIRECTS: &str = "\
# where things went
/old                  /new/
/moved/here           /blog/                                302
/see-other            /blog/?from=here#top                  303
/temporary            https://example.org:8080/x/           307
/kept                 /new/                                 308   # methods stay
/über                 /blog/
/Case                 /upper/
/case                 /lower/
/price                /cost$100{}/|
/news/:year/:month/:slug   /blog/:year-:month/:slug.html
/tree/*               /forest/:splat                        302
/tree/deep/*          /never/
/other/*              https://example.org/o/:splat
/store id=:id         /products/:id/
/store                /products/
/find q=:q page=2     /search/second?term=:q                302
/find q=:q            /search/:q                            302
/find kind=a%20b      /search/kinds/                        302
/feed.xml             /blog/feed.xml
/blog/old             /blog/
/blog/*               /archive/:splat                       302
/forced.txt           /new/                                 301!
/app/*                /app/index.html                       200
/pretty/:page         /:page                                200
/styles               /assets/site.0123456789ab.css         200
/picture              /uploads/evil.svg                     200
/hidden/*             /index.html                           200!
/nowhere              /nothing/there/                       200
/gone/quiet           410
/gone/*               /sorry/                               410
/lost/*               /missing.html                         404
/lost-too             /none.html                            404
/new/shut/*           404!
/a-very-long-path-that-does-not-fit-a-bucket-of-the-hash/x  /long/
/assets/*             /index.html                           200
";

const HEADERS: &str = "\
/*
  X-All: 1
  X-Frame-Options: DENY
/blog/*
  X-All: 2
  Cache-Control: public, max-age=60
  X-Quote: say \"hi\" \\ {there}; # not a comment
/blog/two/
  ! X-All
  ! X-Frame-Options
  X-All: 3
/*.txt
  X-Text: yes
  ! Referrer-Policy
/:lang/start
  Link: </a.css>; rel=preload
  Link: </b.css>; rel=preload
/uploads/*
  Content-Security-Policy: default-src *
  ! X-Content-Type-Options
/index.html
  Content-Security-Policy: default-src 'self'
";

fn store(dist: &Path) -> Store {
    let store = Store::open(dist).unwrap();
    let pages = [
        ("index.html", "home"),
        ("404.html", "nothing here"),
        ("de/404.html", "nichts da"),
        ("de/start/index.html", "Start"),
        ("new/index.html", "new"),
        ("new/shut/index.html", "shut"),
        ("blog/index.html", "blog"),
        ("blog/two/index.html", "two"),
        ("feed.xml", "<feed/>"),
        ("forced.txt", "still here"),
        ("free.txt", "free"),
        ("app/index.html", "app"),
        ("app/about/index.html", "about the app"),
        ("hidden/index.html", "hidden"),
        ("sorry/index.html", "sorry"),
        ("missing.html", "missing"),
        ("assets/site.0123456789ab.css", "body{}"),
        ("assets/gone.0123456789ab.css", "p{}"),
        ("uploads/evil.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ];
    publish(&store, &pages, &[]);
    publish(&store, &[("index.html", "home")], &["assets/gone.0123456789ab.css"]);
    store
}

/// Request, status, and the location or the body.
const ANSWERS: &[(&str, u16, &str)] = &[
    // Literal paths; the trailing slash is not looked at, the query is handed on.
    ("/old", 301, "/new/"),
    ("/old/", 301, "/new/"),
    ("/old?a=1&b=%20", 301, "/new/?a=1&b=%20"),
    ("/%6Fld", 301, "/new/"),
    ("/OLD", 404, "nothing here"),
    ("/old/x", 404, "nothing here"),
    ("/moved/here", 302, "/blog/"),
    ("/see-other?x=y", 303, "/blog/?from=here#top"),
    ("/temporary", 307, "https://example.org:8080/x/"),
    ("/temporary?q", 307, "https://example.org:8080/x/?q"),
    ("/kept", 308, "/new/"),
    ("/%C3%BCber", 301, "/blog/"),
    ("/Case", 301, "/upper/"),
    ("/case", 301, "/lower/"),
    ("/CASE", 404, "nothing here"),
    ("/price", 301, "/cost%24100%7B%7D/%7C"),
    ("/a-very-long-path-that-does-not-fit-a-bucket-of-the-hash/x/", 301, "/long/"),
    // Placeholders and splats, as they were sent.
    ("/news/2026/01/a%20b", 301, "/blog/2026-01/a%20b.html"),
    ("/news/2026/01/x/?p=1", 301, "/blog/2026-01/x.html?p=1"),
    ("/news/2026/01", 404, "nothing here"),
    ("/news/2026/01/x/y", 404, "nothing here"),
    ("/tree", 302, "/forest/"),
    ("/tree/", 302, "/forest/"),
    ("/tree/a/b/", 302, "/forest/a/b/"),
    ("/tree/deep/x", 302, "/forest/deep/x"),
    ("/tree/%C3%BC%3Fx%0D%0AX-Evil:1", 302, "/forest/%C3%BC%3Fx%0D%0AX-Evil:1"),
    ("/treehouse", 404, "nothing here"),
    ("/other/x/y", 301, "https://example.org/o/x/y"),
    // Query parameters.
    ("/store?id=7", 301, "/products/7/"),
    ("/store?x=1&id=&id=a%2Fb&id=9", 301, "/products/a%2Fb/"),
    ("/store?ID=7", 301, "/products/?ID=7"),
    ("/store?id=", 301, "/products/?id="),
    ("/store", 301, "/products/"),
    ("/find?q=tern&page=2", 302, "/search/second?term=tern"),
    ("/find?page=2&q=tern", 302, "/search/second?term=tern"),
    ("/find?page=22&q=tern", 302, "/search/tern"),
    ("/find?kind=a%20b", 302, "/search/kinds/"),
    ("/find?kind=a+b", 404, "nothing here"),
    ("/find", 404, "nothing here"),
    // A file that stands there wins, unless the rule forces.
    ("/feed.xml", 200, "<feed/>"),
    ("/blog/", 200, "blog"),
    ("/blog", 301, "/blog/"),
    ("/blog/two/", 200, "two"),
    ("/blog/old", 301, "/blog/"),
    ("/blog/older", 302, "/archive/older"),
    ("/forced.txt", 301, "/new/"),
    ("/free.txt", 200, "free"),
    ("/assets/gone.0123456789ab.css", 200, "p{}"),
    ("/assets/none.0123456789ab.css", 200, "home"),
    // Rewrites.
    ("/app/", 200, "app"),
    ("/app/about/", 200, "about the app"),
    ("/app/about", 301, "/app/about/"),
    ("/app/anything/else?x=1", 200, "app"),
    ("/pretty/blog", 200, "blog"),
    ("/pretty/free.txt", 200, "free"),
    ("/pretty/none", 404, "nothing here"),
    ("/styles", 200, "body{}"),
    ("/picture", 200, "<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("/hidden/", 200, "home"),
    ("/hidden/x", 200, "home"),
    ("/nowhere", 404, "nothing here"),
    // Pages for what is not there.
    ("/gone/quiet", 410, "nothing here"),
    ("/gone/quiet/x", 410, "sorry"),
    ("/lost/x", 404, "missing"),
    ("/lost-too", 404, "nothing here"),
    ("/new/shut/", 404, "nothing here"),
    ("/de/none", 404, "nichts da"),
    // Nobody's addresses.
    ("/tree/%2F/evil.example", 404, "nothing here"),
    ("/tree/%2e%2E/x", 404, "nothing here"),
];

/// Request, header, and its value (empty: not sent).
const SENT: &[(&str, &str, &str)] = &[
    ("/", "x-all", "1"),
    ("/", "x-frame-options", "DENY"),
    ("/", "cache-control", "public, no-cache"),
    ("/", "content-security-policy", "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"),
    ("/index.html", "content-security-policy", "default-src 'self'"),
    ("/blog/", "x-all", "1, 2"),
    ("/blog/", "cache-control", "public, max-age=60"),
    ("/blog/", "x-quote", "say \"hi\" \\ {there}; # not a comment"),
    ("/blog", "x-all", "1, 2"),
    ("/blog", "cache-control", "public, no-cache"),
    ("/blog/two/", "x-all", "3"),
    ("/blog/two/", "x-frame-options", ""),
    ("/blog/two/", "x-content-type-options", "nosniff"),
    ("/blog/older", "x-all", "1, 2"),
    ("/free.txt", "x-text", "yes"),
    ("/free.txt", "referrer-policy", ""),
    ("/feed.xml", "x-text", ""),
    ("/feed.xml", "referrer-policy", "strict-origin-when-cross-origin"),
    ("/de/start/", "link", "</a.css>; rel=preload, </b.css>; rel=preload"),
    ("/de/none", "x-all", "1"),
    ("/de/none", "cache-control", "public, no-cache"),
    ("/old", "x-all", "1"),
    ("/old", "cache-control", "public, no-cache"),
    ("/gone/x", "x-all", "1"),
    // A rewritten request has the headers of its address, and the care of its file.
    ("/app/x", "x-all", "1"),
    ("/styles", "cache-control", "public, max-age=31536000, immutable"),
    (
        "/picture",
        "content-security-policy",
        "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    ),
    // Uploads never run as pages, whatever the owner writes.
    (
        "/uploads/evil.svg",
        "content-security-policy",
        "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    ),
    ("/uploads/evil.svg", "x-content-type-options", "nosniff"),
    ("/uploads/evil.svg", "x-all", "1"),
    ("/_redirects", "x-all", "1"),
];

fn write_rules(site: &Path) -> Rules {
    let folder = site.join(STATIC_FOLDER);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("_redirects"), REDIRECTS).unwrap();
    fs::write(folder.join("_headers"), HEADERS).unwrap();
    Rules::load(&folder).unwrap()
}

/// Every difference from the table, so that one run shows all of them.
async fn differences(url: &str) -> String {
    let mut wrong = String::new();
    for (path, status, expected) in ANSWERS {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        let found = response.status().as_u16();
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let body = response.text().await.unwrap();
        let shown = location.unwrap_or(body);
        if (found, shown.as_str()) != (*status, *expected) {
            writeln!(wrong, "{path}: {found} {shown}, not {status} {expected}").unwrap();
        }
    }
    for (path, name, expected) in SENT {
        let response = client().get(format!("{url}{path}")).send().await.unwrap();
        let values: Vec<_> =
            response.headers().get_all(*name).iter().map(|v| v.to_str().unwrap()).collect();
        let same = if expected.is_empty() { values.is_empty() } else { values == [*expected] };
        if !same {
            writeln!(wrong, "{path}: {name} is {values:?}, not `{expected}`").unwrap();
        }
    }
    let kept = client().request(Method::POST, format!("{url}/kept")).send().await.unwrap();
    if kept.status() != 308 {
        writeln!(wrong, "POST /kept: {}", kept.status()).unwrap();
    }
    let first = client().get(format!("{url}/app/x")).send().await.unwrap();
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    let again = client().get(format!("{url}/app/x")).header("If-None-Match", etag);
    let again = again.send().await.unwrap();
    if again.status() != 304 || again.headers()["x-all"] != "1" {
        writeln!(wrong, "/app/x again: {again:?}").unwrap();
    }
    wrong
}

#[tokio::test]
async fn nginx_follows_the_rules() {
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    let _store = store(dist.path());
    let rules = write_rules(prefix.path());
    let nginx = Nginx::start_with(prefix.path(), dist.path(), "127.0.0.1:1", &rules).await;
    assert_eq!(differences(&nginx.url).await, "");
    // The daemon's own paths are no site's: it is away.
    let api = client().get(format!("{}/api/articles", nginx.url)).send().await.unwrap();
    assert_eq!(api.status(), 502);
}

#[tokio::test]
async fn nginx_knows_of_moves_as_soon_as_the_daemon_does() {
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    let store = store(dist.path());
    let rules = write_rules(prefix.path());
    write_rules(&dist.path().join("templates"));
    let cms = FakeCms::start(|_| actix_web::HttpResponse::Ok().finish());
    let daemon = daemon_for(&cms, dist.path(), |_| ());
    let nginx = Nginx::start_with(prefix.path(), dist.path(), &daemon.url(), &rules).await;
    let asked = async |path: &str| {
        let response = client().get(format!("{}{path}", nginx.url)).send().await.unwrap();
        let to = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (response.status().as_u16(), to.unwrap_or(response.text().await.unwrap()))
    };
    let lost = (404, "nothing here".to_owned());
    assert_eq!(asked("/before/").await, lost);
    let moved = "/before/ /blog/ 301 # a en\n/%C3%A4/ /new/ 301 # b en\n/left/ 410 # c en\n# /quiet/ # d en\n";
    fs::write(store.moved_file(), moved).unwrap();
    assert_eq!(asked("/before/").await, (301, "/blog/".to_owned()));
    assert_eq!(asked("/before?a=1").await, (301, "/blog/?a=1".to_owned()));
    assert_eq!(asked("/%C3%A4/").await, (301, "/new/".to_owned()));
    assert_eq!(asked("/left/").await, (410, "nothing here".to_owned()));
    assert_eq!(asked("/quiet/").await, lost);
    let post = client().post(format!("{}/none/", nginx.url)).body("x").send().await.unwrap();
    assert!(post.status().is_client_error(), "{post:?}");
    // Everything else is as without them, and without the daemon as without moves.
    assert_eq!(differences(&nginx.url).await, "");
    daemon.stop().await;
    assert_eq!(asked("/before/").await, lost);
    assert_eq!(differences(&nginx.url).await, "");
}

#[tokio::test]
async fn the_daemon_follows_the_same_rules() {
    let dist = tempfile::tempdir().unwrap();
    let _store = store(dist.path());
    write_rules(&dist.path().join("templates"));
    let cms = FakeCms::start(|_| actix_web::HttpResponse::Ok().finish());
    let daemon = daemon_for(&cms, dist.path(), |options| options.serve.serve_static = true);
    assert_eq!(differences(&daemon.url()).await, "");
    daemon.stop().await;
}
