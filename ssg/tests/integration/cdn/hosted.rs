//! The hosted caches, by the requests that they document.

use serde_json::{Value, json};
use ssg::cdn::{Provider, Secret};

use super::*;

const TOKEN: &str = "geheim";

/// Method, path, header and body of each request after the first release.
async fn asked_of(
    provider: impl Fn(&FakeCms) -> Provider,
    site: impl Fn(&FakeCms) -> String,
    adjust: impl Fn(&mut Cdn),
    change: impl Fn(&Store),
) -> Vec<Asked> {
    let dist = tempfile::tempdir().unwrap();
    let edge = accepting();
    let mut cdn = Cdn { site: site(&edge), ..cdn(provider(&edge)) };
    adjust(&mut cdn);
    let store = super::site(dist.path(), &cdn).await;
    edge.forget();
    change(&store);
    let standing = catch_up(&store, &cdn).await;
    assert!(standing.done, "{standing:?}");
    edge.asked()
}

fn edit(store: &Store) {
    publish(store, &[("über/index.html", "new"), ("feed.xml", "two")], &[]);
}

fn edit_many(store: &Store) {
    let names: Vec<_> = (0..250).map(|n| format!("p{n:03}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "text")).collect();
    publish(store, &files, &[]);
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

fn cloudflare(tag: Option<&str>) -> impl Fn(&FakeCms) -> Provider {
    move |edge| Provider::Cloudflare {
        api: edge.url.parse().unwrap(),
        zone: "0123abcd".to_owned(),
        token: Secret::new(TOKEN),
        tag: tag.map(str::to_owned),
    }
}

fn the_public_site(_: &FakeCms) -> String {
    SITE.to_owned()
}

#[tokio::test]
async fn cloudflare_is_sent_lists_of_a_hundred_urls() {
    let asked = asked_of(cloudflare(None), the_public_site, |_| {}, edit).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].method, "POST");
    assert_eq!(asked[0].path, "/client/v4/zones/0123abcd/purge_cache");
    assert_eq!(asked[0].header("authorization"), Some("Bearer geheim"));
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    let files = [
        "https://www.example.org/%C3%BCber",
        "https://www.example.org/%C3%BCber/",
        "https://www.example.org/%C3%BCber/index.html",
        "https://www.example.org/feed.xml",
    ];
    assert_eq!(body(&asked[0]), json!({ "files": files }));

    let many = asked_of(cloudflare(None), the_public_site, |_| {}, edit_many).await;
    let lengths: Vec<_> =
        many.iter().map(|asked| body(asked)["files"].as_array().unwrap().len()).collect();
    assert_eq!(lengths, [100, 100, 50]);
}

#[tokio::test]
async fn cloudflare_forgets_a_tag_or_everything_beyond_the_limit() {
    let few = |cdn: &mut Cdn| cdn.most = 3;
    let all = asked_of(cloudflare(None), the_public_site, few, edit).await;
    assert_eq!(body(&all[0]), json!({ "purge_everything": true }));
    let tag = asked_of(cloudflare(Some("tideline")), the_public_site, few, edit).await;
    assert_eq!(body(&tag[0]), json!({ "tags": ["tideline"] }));
    assert_eq!((all.len(), tag.len()), (1, 1));
}

#[tokio::test]
async fn cloudflare_that_says_no_in_the_body_has_said_no() {
    let dist = tempfile::tempdir().unwrap();
    let edge = FakeCms::start(|_| {
        HttpResponse::Ok().json(json!({ "success": false, "errors": [{ "code": 1134 }] }))
    });
    let store = Store::open(dist.path()).unwrap();
    publish(&store, &[("index.html", "home")], &[]);
    let cdn = cdn(cloudflare(None)(&edge));
    let standing = catch_up_within(&store, &cdn, Duration::from_millis(100)).await;
    assert!(!standing.done);
    assert!(standing.error.unwrap().contains("1134"));
}

fn fastly(soft: bool, tag: Option<&str>) -> impl Fn(&FakeCms) -> Provider {
    move |edge| Provider::Fastly {
        api: edge.url.parse().unwrap(),
        service: "SU1Z0isxPaozGVKXdv0eY".to_owned(),
        token: Secret::new(TOKEN),
        tag: tag.map(str::to_owned),
        soft,
    }
}

fn at_the_edge(edge: &FakeCms) -> String {
    edge.url.clone()
}

#[tokio::test]
async fn fastly_is_sent_the_method_purge_at_each_url() {
    for soft in [false, true] {
        let asked = asked_of(fastly(soft, None), at_the_edge, |_| {}, edit).await;
        assert_eq!(
            super::purged(&asked),
            ["/%C3%BCber", "/%C3%BCber/", "/%C3%BCber/index.html", "/feed.xml"]
        );
        for one in &asked {
            assert_eq!(one.header("fastly-key"), Some(TOKEN));
            assert_eq!(one.header("fastly-soft-purge"), soft.then_some("1"));
        }
    }
}

#[tokio::test]
async fn fastly_forgets_a_key_or_the_service_beyond_the_limit() {
    let few = |cdn: &mut Cdn| cdn.most = 3;
    let all = asked_of(fastly(true, None), at_the_edge, few, edit).await;
    assert_eq!((all[0].method.as_str(), all.len()), ("POST", 1));
    assert_eq!(all[0].path, "/service/SU1Z0isxPaozGVKXdv0eY/purge_all");
    assert_eq!(all[0].header("fastly-key"), Some(TOKEN));
    assert_eq!(all[0].header("fastly-soft-purge"), None, "there is no soft purge of everything");
    let key = asked_of(fastly(true, Some("tideline")), at_the_edge, few, edit).await;
    assert_eq!(key[0].path, "/service/SU1Z0isxPaozGVKXdv0eY/purge");
    assert_eq!(body(&key[0]), json!({ "surrogate_keys": ["tideline"] }));
    assert_eq!(key[0].header("fastly-soft-purge"), Some("1"));
}

fn bunny(tag: Option<&str>) -> impl Fn(&FakeCms) -> Provider {
    move |edge| Provider::Bunny {
        api: edge.url.parse().unwrap(),
        pull_zone: "4711".to_owned(),
        token: Secret::new(TOKEN),
        tag: tag.map(str::to_owned),
    }
}

#[tokio::test]
async fn bunny_is_sent_one_url_at_a_time() {
    let asked = asked_of(bunny(None), the_public_site, |_| {}, edit).await;
    let paths: Vec<_> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/purge?url=https%3A%2F%2Fwww.example.org%2F%25C3%25BCber",
            "/purge?url=https%3A%2F%2Fwww.example.org%2F%25C3%25BCber%2F",
            "/purge?url=https%3A%2F%2Fwww.example.org%2F%25C3%25BCber%2Findex.html",
            "/purge?url=https%3A%2F%2Fwww.example.org%2Ffeed.xml",
        ]
    );
    for one in &asked {
        assert_eq!((one.method.as_str(), one.header("accesskey")), ("POST", Some(TOKEN)));
    }
}

#[tokio::test]
async fn bunny_forgets_a_tag_or_the_pull_zone_beyond_the_limit() {
    let few = |cdn: &mut Cdn| cdn.most = 3;
    let all = asked_of(bunny(None), the_public_site, few, edit).await;
    assert_eq!((all[0].path.as_str(), all.len()), ("/pullzone/4711/purgeCache", 1));
    assert_eq!(body(&all[0]), json!({}));
    let tag = asked_of(bunny(Some("tideline")), the_public_site, few, edit).await;
    assert_eq!(body(&tag[0]), json!({ "CacheTag": "tideline" }));
    assert_eq!(tag[0].header("accesskey"), Some(TOKEN));
}

#[test]
fn a_token_is_never_shown() {
    let provider = Provider::Bunny {
        api: "https://api.bunny.net".parse().unwrap(),
        pull_zone: "1".to_owned(),
        token: Secret::new(TOKEN),
        tag: None,
    };
    assert!(!format!("{:?}", cdn(provider)).contains(TOKEN));
}
