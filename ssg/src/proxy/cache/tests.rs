//! What is kept, and what goes.

use super::*;
use crate::proxy::{documents::Documents, key::Class};

const NOW: Duration = Duration::from_secs(1000);

fn asked(path: &str, language: Option<&str>) -> Asked {
    let key = Key {
        class: Class::Public,
        rule: String::new(),
        host: "h".into(),
        path: path.into(),
        query: String::new(),
    };
    Asked { key, negotiated: [None, language.map(|text| text.as_bytes().to_vec()), None] }
}

fn entry(body: &str, uid: &str, varies: Option<&Asked>) -> Arc<Entry> {
    let chosen = varies.map(|asked| asked.negotiated[1].clone());
    Arc::new(Entry {
        status: 200,
        headers: Vec::new(),
        body: Bytes::from(body.to_owned()),
        etag: String::new(),
        validator: None,
        born: NOW,
        lifetime: Lifetime { fresh: Duration::from_secs(5), ..Lifetime::default() },
        sources: Sources::Known(Documents::of_type(uid)),
        vary: [None, chosen, None],
    })
}

fn cache(limit: u64) -> Cache {
    let cache = Cache::default();
    cache.set_limit(limit);
    cache
}

fn body(cache: &Cache, asked: &Asked) -> Option<String> {
    match cache.find(asked, NOW) {
        Found::Fresh(entry) => Some(String::from_utf8(entry.body.to_vec()).unwrap()),
        _ => None,
    }
}

fn changed(uid: &str) -> Changed {
    Changed::Only(Documents::of_type(uid))
}

#[test]
fn variants_are_told_apart_by_the_headers_they_depend_on() {
    let cache = cache(1 << 20);
    let (english, german) = (asked("/a", Some("en")), asked("/a", Some("de")));
    cache.keep(&english, &entry("hello", "t", Some(&english)), 0);
    assert!(matches!(cache.find(&german, NOW), Found::OtherVariant));
    cache.keep(&german, &entry("hallo", "t", Some(&german)), 0);
    assert_eq!(body(&cache, &english).as_deref(), Some("hello"));
    assert_eq!(body(&cache, &german).as_deref(), Some("hallo"));
    assert!(matches!(cache.find(&asked("/a", None), NOW), Found::OtherVariant));
}

#[test]
fn what_was_used_least_lately_goes_first() {
    let cache = cache(3_500);
    for path in ["/a", "/b", "/c"] {
        cache.keep(&asked(path, None), &entry("x", "t", None), 0);
    }
    assert!(body(&cache, &asked("/a", None)).is_some());
    cache.keep(&asked("/d", None), &entry("x", "t", None), 0);
    let there = ["/a", "/b", "/c", "/d"].map(|path| body(&cache, &asked(path, None)).is_some());
    assert_eq!(there, [true, false, true, true]);
    assert!(cache.size().1 <= 3_500);
    assert!(!cache.keep(&asked("/e", None), &entry(&"x".repeat(4_000), "t", None), 0));
    cache.set_limit(0);
    assert_eq!(cache.size(), (0, 0));
}

#[test]
fn purges_take_what_they_concern_and_what_is_on_its_way() {
    let cache = cache(1 << 20);
    let before = cache.mark();
    for (path, uid) in [("/a", "one"), ("/b", "two")] {
        cache.keep(&asked(path, None), &entry("x", uid, None), before);
    }
    cache.purge(&changed("one"));
    assert!(body(&cache, &asked("/a", None)).is_none());
    assert!(body(&cache, &asked("/b", None)).is_some());
    assert!(!cache.keep(&asked("/a", None), &entry("old", "one", None), before));
    assert!(cache.keep(&asked("/a", None), &entry("new", "one", None), cache.mark()));
    assert!(cache.keep(&asked("/c", None), &entry("x", "two", None), before));
    cache.purge(&Changed::Everything);
    assert_eq!(cache.size(), (0, 0));
    assert!(!cache.keep(&asked("/b", None), &entry("x", "two", None), before));
    assert!(cache.is_outdated(before, &Sources::Unknown));
}

#[test]
fn what_is_not_shared_is_remembered_for_a_while() {
    let cache = cache(1 << 20);
    let one = asked("/a", None);
    cache.pass(&one, NOW);
    assert!(matches!(cache.find(&one, NOW), Found::NotShared));
    assert!(matches!(cache.find(&one, NOW + PASS_FOR), Found::Nothing));
    cache.keep(&one, &entry("x", "t", None), 0);
    assert!(body(&cache, &one).is_some());
    cache.forget(&one);
    assert!(matches!(cache.find(&one, NOW), Found::Nothing));
}
