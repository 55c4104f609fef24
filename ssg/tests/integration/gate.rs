//! The health gate: what must not go live does not, and nothing of it is lost.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use rustix::process::Pid;
use serde_json::json;
use ssg::{
    build::{Report, Request},
    release::{
        Candidate, FaultPoint, Faults, Finding, Gate, Meta, Outcome, Settings, StageKind, Store,
    },
};

use super::{
    magazine::{article, magazine},
    nginx,
    site_harness::Site,
};

/// The magazine with a `[gate]` of its own.
fn gated(gate: &str) -> Site {
    let site = magazine();
    site.replace("site.toml", "[words.en]", &format!("[gate]\n{gate}\n[words.en]"));
    site
}

/// As many articles more, each with a page.
fn with_articles(site: &Site, count: usize) {
    for number in 0..count {
        let data = article(&format!("Number {number}"), 0, "ann", &[]);
        let id = format!("n{number}");
        site.cms.publish("article", &id, "en", data);
        site.cms.edit("article", &id, "en", "slug", json!(id));
    }
}

fn build(site: &mut Site) -> Report {
    site.build_alone(&Request::default()).unwrap()
}

fn findings(report: &Report) -> Vec<String> {
    report.refused.iter().map(Finding::line).collect()
}

fn store(site: &Site) -> Store {
    Store::open(&site.paths().out).unwrap()
}

#[test]
fn a_page_that_must_exist_keeps_a_release_back() {
    let mut site = gated("required = [\"/\", \"/blog/two/\", \"/sitemap.xml\"]");
    site.build();
    let before = site.tree();
    site.cms.unpublish("article", "two", "en");
    site.cms.edit("article", "one", "en", "title", json!("Waiting"));
    let report = build(&mut site);
    assert_eq!(findings(&report), ["required: /blog/two/: must exist and does not"]);
    assert_eq!((report.release, report.published, report.exit_code()), (None, false, 1));
    assert_eq!(report.summary(), "refused as release 2: 1 finding; the site stays as it is");
    assert_eq!(site.tree(), before);
    let all = store(&site).list().unwrap();
    assert_eq!(all.iter().map(|info| info.id).collect::<Vec<_>>(), [2, 1]);
    assert!(all[1].live && !all[0].live);
    assert_eq!(all[0].refused, report.refused);
    assert_eq!(store(&site).report(2).unwrap()["refused"][0]["url"], "/blog/two/");
    assert_eq!(store(&site).status().unwrap().refused.unwrap().id, 2);

    // It comes back, and with it everything that waited.
    site.cms.publish("article", "two", "en", article("Two", 2, "bob", &[]));
    let report = site.build();
    assert_eq!(report.release, Some(3));
    assert!(site.page("blog/one/index.html").contains("Waiting"));
    assert_eq!(store(&site).status().unwrap().refused, None);
}

#[test]
fn a_refused_build_is_tried_again_when_something_changed_and_not_before() {
    let mut site = gated("required = [\"/blog/two/\"]");
    site.build();
    site.cms.unpublish("article", "two", "en");
    build(&mut site);
    let first = store(&site).status().unwrap().refused.unwrap();
    let again = build(&mut site);
    assert_eq!((again.refusal, again.exit_code()), (Some(2), 1));
    assert_eq!(store(&site).status().unwrap().refused.unwrap(), first, "it was tried again");
    site.cms.edit("article", "one", "en", "title", json!("News"));
    assert_eq!(build(&mut site).refusal, Some(2), "one row for one and the same objection");
    let second = store(&site).status().unwrap().refused.unwrap();
    assert!(second.seq > first.seq);
    site.restart();
    assert_eq!(build(&mut site).refusal, Some(2));
    site.replace("site.toml", "required = [\"/blog/two/\"]", "required = [\"/blog/three/\"]");
    assert!(site.build().published);
    assert!(site.page("blog/one/index.html").contains("News"));
}

#[test]
fn what_was_refused_may_be_taken_back() {
    let mut site = gated("required = [\"/blog/two/\"]");
    site.build();
    let body = article("Two", 2, "bob", &[]);
    site.cms.unpublish("article", "two", "en");
    build(&mut site);
    site.cms.publish("article", "two", "en", body);
    let report = build(&mut site);
    assert_eq!((report.refusal, report.failed.len()), (None, 0));
    assert_eq!(store(&site).status().unwrap().refused, None);
    assert_eq!(site.build().rendered, 0);
}

#[test]
fn somebody_who_has_looked_may_accept() {
    let mut site = gated("required = [\"/blog/two/\"]");
    site.build();
    site.cms.unpublish("article", "two", "en");
    build(&mut site);
    let accept = Request { accept: true, ..Request::default() };
    let report = site.build_alone(&accept).unwrap();
    assert!(report.published && report.refused.is_empty());
    assert_eq!(report.warnings[0].check, "required");
    site.cms.edit("article", "one", "en", "title", json!("News"));
    assert_eq!(build(&mut site).refused.len(), 1, "once");
}

#[test]
fn the_first_release_must_be_healthy_too() {
    let mut site = gated("required = [\"/blog/nobody/\", \"/empty.txt\"]");
    site.write("static/empty.txt", "");
    let report = build(&mut site);
    let expected = [
        "required: /blog/nobody/: must exist and does not",
        "required: /empty.txt: must not be empty",
    ];
    assert_eq!(findings(&report), expected);
    assert!(!site.paths().out.join("current").exists());
    site.replace("site.toml", "\"/blog/nobody/\", \"/empty.txt\"", "\"/blog/one/\"");
    assert!(site.build().published);
}

#[test]
fn editors_may_unpublish_as_much_as_they_like() {
    let mut site = magazine();
    with_articles(&site, 30);
    site.build();
    for number in 0..25 {
        site.cms.unpublish("article", &format!("n{number}"), "en");
    }
    let report = site.build();
    assert!(report.published && report.removed >= 25, "{report:?}");
}

#[test]
fn a_fifth_of_the_pages_does_not_disappear_by_itself() {
    let mut site = magazine();
    with_articles(&site, 30);
    site.build();
    let before = site.tree();
    for number in 0..20 {
        site.cms.lose("article", &format!("n{number}"), "en");
    }
    let report = build(&mut site);
    assert!(findings(&report)[0].starts_with("pages: "), "{report:?}");
    assert_eq!(site.tree(), before);
    // Another process knows as well that nobody deleted them.
    site.restart();
    assert_eq!(build(&mut site).refused.len(), 1);
    let accept = Request { accept: true, ..Request::default() };
    assert!(site.build_alone(&accept).unwrap().published);
    assert!(!site.has("blog/n3/index.html"));
    site.compare_with_clean_build();
}

#[test]
fn a_lost_route_and_a_lost_cache_are_no_editors() {
    let mut site = magazine();
    with_articles(&site, 30);
    site.build();
    for number in 0..20 {
        site.cms.unpublish("article", &format!("n{number}"), "en");
    }
    site.restart();
    fs::remove_dir_all(site.paths().cache).unwrap();
    assert_eq!(build(&mut site).refused[0].check, "pages");
    site.replace("site.toml", "[words.en]", "[gate]\nmax_page_loss = 1.0\n[words.en]");
    assert!(site.build().published);
}

#[test]
fn pages_that_go_empty_for_a_template_are_kept_back() {
    let mut site = magazine();
    with_articles(&site, 30);
    for number in 0..30 {
        let body = json!("The tide came in. ".repeat(50));
        site.cms.edit("article", &format!("n{number}"), "en", "body", body);
    }
    site.build();
    site.replace("article.html", "{{ entry.body | markdown }}", "");
    let report = build(&mut site);
    assert_eq!(report.refused[0].check, "size", "{report:?}");
    // The same by the editors is theirs to do.
    site.replace("article.html", "{% extends", "{# #}{% extends");
    site.write(
        "article.html",
        &site.read("article.html").replace(
            "<h1>{{ entry.title }}</h1>\n",
            "<h1>{{ entry.title }}</h1>\n{{ entry.body | markdown }}",
        ),
    );
    for number in 0..30 {
        site.cms.edit("article", &format!("n{number}"), "en", "body", json!("Short."));
    }
    assert!(site.build().published);
}

#[test]
fn new_broken_links_are_kept_back_and_old_ones_are_told() {
    let mut site = gated("links = \"refuse\"");
    site.write("static/old.html", "<a href=\"/gone/\">x</a> <a href=/unquoted/>");
    site.replace("site.toml", "links = \"refuse\"", "links = \"warn\"");
    let report = build(&mut site);
    assert!(report.warnings.iter().any(|finding| finding.message.contains("/gone/")));
    site.replace("site.toml", "links = \"warn\"", "links = \"refuse\"");
    build(&mut site);

    // A page that changes keeps its old sin and may not get a new one.
    site.write("static/old.html", "<a href=\"/gone/\">x</a> changed");
    let report = build(&mut site);
    assert!(report.published, "{report:?}");
    assert_eq!(report.warnings[0].url.as_deref(), Some("/old.html"));
    site.cms.edit("article", "two", "en", "body", json!("[a](/blog/nowhere/?x#y) [b](../one/)"));
    let report = build(&mut site);
    let expected = "links: /blog/two/: links to `/blog/nowhere/`, which does not exist";
    assert_eq!(findings(&report), [expected]);
    let text = "[a](https://example.org/blog/one/) [b](https://other.example/x) [c](/api/x) [d](mailto:a@b)";
    site.cms.edit("article", "two", "en", "body", json!(text));
    assert!(site.build().published);

    // A redirect is somewhere to go.
    site.cms.edit("article", "two", "en", "body", json!("[a](/blog/nowhere/)"));
    site.write("static/_redirects", "/blog/nowhere/ /blog/one/\n");
    assert!(site.build().published);
}

#[test]
fn a_page_that_others_link_to_by_hand_does_not_just_go() {
    let mut site = gated("links = \"refuse\"");
    site.build();
    site.cms.edit("article", "two", "en", "body", json!("[see](/blog/three/)"));
    site.build();
    site.cms.unpublish("article", "three", "en");
    let report = build(&mut site);
    assert_eq!(
        findings(&report),
        ["links: /blog/two/: links to `/blog/three/`, which does not exist"]
    );
    site.cms.edit("article", "two", "en", "body", json!("nothing to see"));
    assert!(site.build().published);
    assert!(!site.has("blog/three/index.html"));
}

const ASSERTIONS: &str = r#"
[[gate.assert]]
url = "/blog/two/"
contains = ["<h1>Two", "Bob"]
not_contains = "Lorem ipsum"
[[gate.assert]]
url = "/nowhere/"
status = 404
[[gate.assert]]
url = "/old"
status = 301
"#;

fn asserted(smoke: bool) {
    let mut site = gated(&format!("smoke = {smoke}\n{ASSERTIONS}"));
    site.write("static/_redirects", "/old /blog/\n");
    let report = build(&mut site);
    assert!(report.published, "{report:?}");
    site.cms.edit("article", "two", "en", "body", json!("Lorem ipsum"));
    site.cms.edit("article", "two", "en", "title", json!("Deux"));
    let report = build(&mut site);
    let expected = [
        "assert: /blog/two/: does not contain `<h1>Two`",
        "assert: /blog/two/: contains `Lorem ipsum`",
    ];
    assert_eq!(findings(&report), expected);
    assert!(site.page("blog/two/index.html").contains("<h1>Two"));
    let scratch = site.paths().cache.join("smoke");
    assert_eq!(scratch.exists(), smoke, "the shadow nginx has a folder of its own");
}

#[test]
fn the_owners_assertions_are_held_against_the_files() {
    asserted(false);
}

#[test]
fn the_owners_assertions_are_held_against_a_shadow_nginx() {
    asserted(true);
}

#[test]
fn a_page_that_nginx_does_not_show_is_found_before_visitors_find_it() {
    let mut site = gated("smoke = true");
    site.build();
    site.write("static/_redirects", "/blog/two/ /blog/ 302!\n");
    site.cms.edit("article", "two", "en", "body", json!("never seen"));
    let report = build(&mut site);
    assert_eq!(findings(&report), ["smoke: /blog/two/: answers 302"]);
}

/// As a build leaves it whose process is killed while it asks for pages.
fn orphaned(scratch: &Path) -> Pid {
    fs::create_dir_all(scratch).unwrap();
    // A relative path would be one below the working directory of the tests.
    let socket = scratch.join("socket").display().to_string();
    let configuration = format!(
        "pid nginx.pid;\nerror_log error.log;\nevents {{}}\n\
         http {{ access_log off; server {{ listen unix:{socket}; }} }}\n"
    );
    fs::write(scratch.join("nginx.conf"), configuration).unwrap();
    let mut nginx = nginx::command(scratch);
    assert!(nginx.status().unwrap().success());
    // It returns before the number is written.
    loop {
        let pid = fs::read_to_string(scratch.join("nginx.pid")).unwrap_or_default();
        if let Some(pid) = pid.trim().parse().ok().and_then(Pid::from_raw) {
            return pid;
        }
        std::thread::yield_now();
    }
}

/// A process that nobody waits for stays as a zombie where nothing takes care of orphans.
fn runs(pid: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    status.is_ok_and(|status| !status.contains(") Z"))
}

#[test]
fn a_shadow_nginx_that_outlived_its_build_is_stopped_by_the_next_one() {
    let mut site = magazine();
    site.build();
    let scratch = std::path::absolute(site.paths().cache.join("smoke")).unwrap();
    let orphan = orphaned(&scratch);
    assert!(runs(orphan));
    // Even if that one asks for nothing, and has nothing to do.
    assert_eq!(site.build().rendered, 0);
    assert!(!runs(orphan));
    // A number that somebody else has got meanwhile.
    let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(scratch.join("nginx.pid"), other.id().to_string()).unwrap();
    site.build();
    assert!(runs(Pid::from_child(&other)));
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn mistakes_in_the_gate_are_named_with_their_lines() {
    let cases = [
        ("required = \"/\"", "`required` must be a list of strings"),
        ("required = [\"blog\"]", "`blog` must be a path of this site"),
        ("max_page_loss = 20", "`max_page_loss` must be a number from 0 to 1"),
        ("links = \"no\"", "`links` must be `off`, `warn` or `refuse`"),
        ("smoke = 1", "`smoke` must be `true` or `false`"),
        ("reqired = []", "unknown key `reqired` in `[gate]`"),
        ("[[gate.assert]]\nstatus = 200", "`url` is missing in `[[gate.assert]]`"),
        ("[[gate.assert]]\nurl = \"/\"\nstatus = 9", "`status` must be an HTTP status"),
    ];
    for (text, expected) in cases {
        let mut site = gated(text);
        let report = build(&mut site);
        assert_eq!(report.failed.len(), 1, "{text}: {report:?}");
        let failure = &report.failed[0];
        assert!(failure.message.starts_with(expected), "{text}: {}", failure.message);
        assert!(failure.line.is_some_and(|line| line > 5), "{text}");
    }
}

struct Never;

impl Gate for Never {
    fn objections(&self, candidate: &Candidate) -> ssg::release::Result<Vec<Finding>> {
        let complete = fs::read_to_string(candidate.tree.join("a.html")).unwrap();
        assert_eq!(complete, "new", "the tree is complete when the gate is asked");
        Ok(vec![Finding::new("test", None, "never")])
    }
}

/// Publishes `a.html` through a gate that never opens, and is cut off at a point.
fn refuse_and_crash(dist: &Path, kind: StageKind, point: Option<FaultPoint>) -> bool {
    let faults = Faults::hook(move |reached| assert!(Some(reached) != point, "cut off"));
    let settings = Settings { durable: false, faults, ..Settings::default() };
    let publish = || {
        let store = Store::open_with(dist, settings).unwrap();
        let stage = store.stage(kind).unwrap();
        stage.put("a.html", b"new").unwrap();
        stage.publish_through(&Never, Meta::default()).unwrap()
    };
    match catch_unwind(AssertUnwindSafe(publish)) {
        Ok(outcome) => {
            assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
            false
        }
        Err(_) => true,
    }
}

#[test]
fn a_crash_around_a_refusal_leaves_the_old_site() {
    let mut crashed = Vec::new();
    for kind in [StageKind::Changes, StageKind::Full] {
        for point in FaultPoint::ALL.map(Some).into_iter().chain([None]) {
            let dist = tempfile::tempdir().unwrap();
            let store = Store::open(dist.path()).unwrap();
            for text in ["older", "old"] {
                let stage = store.stage(StageKind::Changes).unwrap();
                stage.put("a.html", text.as_bytes()).unwrap();
                stage.put("b.html", text.as_bytes()).unwrap();
                stage.publish(Meta::default()).unwrap().unwrap();
            }
            drop(store);
            if refuse_and_crash(dist.path(), kind, point) {
                crashed.push(point);
            }
            let store = Store::open(dist.path()).unwrap();
            let page = |name: &str| fs::read_to_string(dist.path().join("current").join(name));
            assert_eq!(page("a.html").unwrap(), "old", "{point:?}");
            assert_eq!(store.live().unwrap().unwrap().id, 2);
            let stage = store.stage(StageKind::Changes).unwrap();
            stage.put("a.html", b"newest").unwrap();
            let published = stage.publish(Meta::default()).unwrap().unwrap();
            assert_eq!(page("a.html").unwrap(), "newest");
            assert_eq!(page("b.html").unwrap(), "old");
            assert_eq!(published.previous, Some(2));
            store.rollback(None).unwrap();
            assert_eq!(page("a.html").unwrap(), "old");
        }
    }
    for point in [FaultPoint::Applied, FaultPoint::Undoing, FaultPoint::TreeMoved] {
        assert!(crashed.contains(&Some(point)), "{point:?} was never reached");
    }
}

#[test]
fn a_release_behind_a_pin_is_refused_as_well() {
    let mut site = gated("required = [\"/blog/two/\"]");
    site.build();
    site.cms.edit("article", "one", "en", "title", json!("News"));
    site.build();
    store(&site).rollback(None).unwrap();
    let pinned = site.tree();
    site.cms.edit("article", "one", "en", "title", json!("More news"));
    assert!(build(&mut site).pinned);
    site.cms.unpublish("article", "two", "en");
    assert_eq!(build(&mut site).refused.len(), 1);
    assert_eq!(site.tree(), pinned);
    store(&site).unpin().unwrap();
    assert!(site.page("blog/one/index.html").contains("More news"));
    assert!(site.has("blog/two/index.html"));
}
