//! `ssg impact`, `verify` and `why` as scripts call them.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use crate::integration::magazine::magazine;
use crate::integration::site_harness::Site;

fn ssg(site: &Site, args: &[&str]) -> (Option<i32>, String, String) {
    let paths = site.paths();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command.env_clear().current_dir(paths.cache.parent().unwrap()).args(args);
    command.arg("--site").arg(paths.site);
    command.arg("--out").arg(paths.out).arg("--cache").arg(paths.cache);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn impact_prints_one_url_per_line_with_its_fields() {
    let mut site = magazine();
    site.build();
    let (code, out, err) = ssg(&site, &["impact", "sea", "--field", "name"]);
    assert_eq!(code, Some(0), "{err}");
    assert_eq!(
        out,
        "/blog/one/      name\n/blog/three/    name\n/de/blog/eins/  name\n/tag/sea/       name\n"
    );
    assert!(err.contains("hint: exact for the values tried"), "{err}");
    let (_, out, _) = ssg(&site, &["impact", "sea"]);
    let line = out.lines().find(|line| line.starts_with("/tag/sea/ ")).unwrap();
    assert!(line.ends_with("name, slug (removed), unpublish (removed)"), "{line}");
    let (_, out, _) = ssg(&site, &["impact", "sea", "--json"]);
    let found = json(&out);
    assert_eq!(found["documentId"], "sea");
    assert_eq!(found["changes"][0]["effects"][0]["action"], "change");
    assert!(found["hint"].is_string());
}

#[test]
fn impact_refuses_what_it_does_not_know_with_one() {
    let mut site = magazine();
    site.build();
    let (code, out, err) = ssg(&site, &["impact", "nobody"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("no published document has the documentId `nobody`"), "{err}");
    assert!(err.contains("3 api::article.article, 2 api::author.author"), "{err}");
    let (code, _, err) = ssg(&site, &["impact", "ann", "--field", "nme"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("documents of api::author.author store no field `nme`"), "{err}");
    assert!(err.contains("hint: there are name, slug"), "{err}");
}

#[test]
fn verify_ends_with_one_when_something_differs() {
    let mut site = magazine();
    site.build();
    let (code, out, err) = ssg(&site, &["verify"]);
    let files = site.tree().len();
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert_eq!(out, format!("{files} files of release 1: as a clean build makes them\n"));
    let page = site.paths().out.join("current/blog/two/index.html");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("<h1>Two", "<h1>Twp")).unwrap();
    let (code, out, _) = ssg(&site, &["verify"]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("differs  /blog/two/  blog/two/index.html\n  line "), "{out}");
    assert!(out.contains("    live:  <h1>Twp</h1>\n    clean: <h1>Two</h1>\n"), "{out}");
    assert!(out.ends_with(&format!("{files} files of release 1: 1 difference\n")), "{out}");
    let (code, out, _) = ssg(&site, &["verify", "--json"]);
    assert_eq!(code, Some(1));
    let found = json(&out);
    assert_eq!(found["differences"][0]["what"], "differs");
    assert_eq!(found["differences"][0]["at"]["live"], "<h1>Twp</h1>");
}

#[test]
fn verify_without_a_site_ends_with_two() {
    let site = magazine();
    let (code, out, err) = ssg(&site, &["verify"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("nothing has been published yet"), "{err}");
    assert!(!site.paths().out.exists(), "a folder was made");
}

#[test]
fn why_shows_what_a_page_costs() {
    let mut site = magazine();
    site.build();
    let (code, out, err) = ssg(&site, &["why", "/blog/one/"]);
    assert_eq!(code, Some(0), "{err}");
    let cost = out.lines().find(|line| line.starts_with("cost ")).unwrap();
    let bytes = site.tree()["blog/one/index.html"].len();
    assert!(cost.contains(" reads (1 asset, "), "{cost}");
    assert!(cost.ends_with(&format!(" documents, {bytes} bytes")), "{cost}");
    let (_, out, _) = ssg(&site, &["why", "/blog/one/", "--json"]);
    let found = json(&out);
    assert_eq!(found["cost"]["bytes"], bytes);
    let reads: u64 = found["cost"]["reads"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(reads, found["reads"].as_array().unwrap().len() as u64);
}
