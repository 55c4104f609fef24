//! `ssg check`: what is found before anything is published.

use std::sync::Arc;

use serde_json::json;
use ssg::build::{Viewer, problem};
use ssg::check::{self, Diagnostic, Findings, Severity};

use super::magazine::magazine;
use super::site_harness::Site;

/// What `ssg check` would say.
fn findings(site: &Site) -> Findings {
    let mut viewer = Viewer::new(site.paths(), Arc::new(site.cms.clone()));
    viewer.pull().unwrap();
    match viewer.view(0).unwrap() {
        Ok(view) => check::check(&view, None),
        Err(failures) => Findings::of(failures.iter().map(Diagnostic::of).collect()),
    }
}

/// `rule: message` of every error.
fn errors(site: &Site) -> Vec<String> {
    let found = findings(site).diagnostics.into_iter();
    let errors = found.filter(|one| one.severity == Severity::Error);
    errors.map(|one| format!("{}: {}", one.rule, one.message)).collect()
}

/// The magazine as a page that passes: a head, a heading, a language.
fn sound() -> Site {
    let site = magazine();
    site.replace(
        "base.html",
        "<title>{{ site.title }}</title><link href=\"{{ asset(path=\"site.css\") }}\">",
        "<!doctype html><html lang=\"{{ page.locale }}\"><title>{{ page.url }}</title>\
         <meta name=\"description\" content=\"x\">\
         <link rel=\"stylesheet\" href=\"{{ asset(path=\"site.css\") }}\"><h1 id=\"top\">x</h1>",
    );
    site.replace("article.html", "<h1>{{ entry.title }}</h1>", "<h2>{{ entry.title }}</h2>");
    site.replace("article.html", "<img src", "<img alt=\"\" src");
    site
}

#[test]
fn a_sound_site_has_no_errors() {
    let found = findings(&sound());
    assert_eq!(found.diagnostics, [], "{found:#?}");
    assert!(found.pages > 10, "{found:?}");
}

#[test]
fn template_typo_caught_without_render() {
    for (file, from, to, line, expected) in [
        (
            "article.html",
            "entry.title }}</h2>",
            "entry.titel }}</h2>",
            2,
            "`entry.titel`: `api::article.article` has no attribute `titel`",
        ),
        (
            "home.html",
            "{{ <card story={story} /> }}",
            "{{ story.titel }}",
            2,
            "`story.titel`: `api::article.article` has no attribute `titel`",
        ),
        (
            "card.html",
            "story.title }}",
            "story.titel }}",
            1,
            "`story.titel`: `api::article.article` has no attribute `titel`",
        ),
        (
            "article.html",
            "tag.name",
            "tag.naem",
            5,
            "`tag.naem`: `api::tag.tag` has no attribute `naem`",
        ),
        (
            "article.html",
            "entry.author.name }}",
            "entry.author.nam }}",
            4,
            "`entry.author.nam`: `api::author.author` has no attribute `nam`",
        ),
    ] {
        let site = sound();
        site.replace(file, from, to);
        let mut viewer = Viewer::new(site.paths(), Arc::new(site.cms.clone()));
        viewer.pull().unwrap();
        let failures = viewer.view(0).unwrap().unwrap_err();
        assert_eq!(failures.len(), 1, "{failures:?}");
        let failure = &failures[0];
        assert_eq!(failure.line, Some(line), "{failure:?}");
        assert!(failure.message.starts_with(expected), "{failure:?}");
        let meant = if to.contains("titel") { "title" } else { "name" };
        assert!(failure.message.ends_with(&format!("did you mean `{meant}`?")), "{failure:?}");
        let text = problem::line(failure);
        assert!(text.contains(&format!("templates/{file}:{line}: ")), "{text}");
    }
    let site = sound();
    site.replace("home.html", "fields=[\"title\"]", "fields=[\"titel\"]");
    let found = findings(&site);
    assert!(found.diagnostics[0].message.contains("did you mean `title`?"), "{found:?}");
    site.replace("site.toml", "template = \"home.html\"", "template = \"hom.html\"");
    assert!(errors(&site).iter().any(|one| one.contains("did you mean `home.html`?")));
}

#[test]
fn link_anchor_and_asset_checker() {
    let site = sound();
    site.write("static/_redirects", "/old /blog/\n");
    site.write(
        "foot.html",
        "<a href=\"/blog/\">1</a><a href=\"/none/\">2</a><a href=\"/blog/#top\">3</a>\
         <a href=\"/blog/#nowhere\">4</a><img alt=\"\" src=\"/none.png\"><a href=\"/old\">5</a>\
         <a href=\"/blog\">6</a><a href=\"https://example.org/blog/two/\">7</a>\
         <a href=\"https://example.org/gone/\">8</a><a href=\"/api/articles\">9</a>\
         <a href=\"mailto:x@y.z\">10</a><a href=\"#top\">11</a>\
         <img alt=\"\" src=\"http://other.org/x.png\">",
    );
    let mut found = errors(&site);
    found.sort();
    assert_eq!(
        found,
        [
            "anchor: `/blog/#nowhere` leads to no place: /blog/ has no id `nowhere`",
            "asset: `/none.png` does not exist",
            "insecure: `http://other.org/x.png` is fetched without encryption",
            "link: `/none/` does not exist",
            "link: `https://example.org/gone/` does not exist",
        ]
    );
    let found = findings(&site);
    let warnings: Vec<_> = found
        .diagnostics
        .iter()
        .filter(|one| one.severity == Severity::Warning)
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        warnings,
        ["`/blog` leads through a redirect to `/blog/`", "`/old` leads through a redirect"]
    );
    // A broken link of every page is one finding.
    let one = found.diagnostics.iter().find(|one| one.message.starts_with("`/none/`")).unwrap();
    assert!(one.pages > 5 && one.url.is_some() && one.page_line == Some(3), "{one:?}");
}

#[test]
fn other_sites_are_asked_once_and_only_on_request() {
    let site = sound();
    site.write("foot.html", "<a href=\"https://a.org/x#y\">a</a><a href=\"https://b.org/\">b</a>");
    assert_eq!(errors(&site), [""; 0]);
    let mut viewer = Viewer::new(site.paths(), Arc::new(site.cms.clone()));
    viewer.pull().unwrap();
    let view = viewer.view(0).unwrap().unwrap();
    let asked = std::sync::Mutex::new(Vec::new());
    let ask = |urls: &[String]| {
        asked.lock().unwrap().extend(urls.to_vec());
        let answer = |url: &String| if url.contains("b.org") { Err("gone".into()) } else { Ok(()) };
        urls.iter().map(answer).collect()
    };
    let found = check::check(&view, Some(&ask));
    assert_eq!(*asked.lock().unwrap(), ["https://a.org/x", "https://b.org/"]);
    assert_eq!(found.diagnostics.len(), 1, "{found:?}");
    assert_eq!(found.diagnostics[0].message, "`https://b.org/`: gone");
}

#[test]
fn settings_of_the_site_say_what_is_expected() {
    let site = sound();
    site.write(
        "static/site.css",
        ":root { --ink: #777; --paper: #fff } @media (prefers-color-scheme: dark) { :root { --ink: #fff; --paper: #000 } }",
    );
    let text = site.read("site.toml");
    site.write(
        "site.toml",
        &format!(
            "{text}\n[check]\npage_weight = 300\n[[check.contrast]]\ntext = \"--ink\"\nbackground = \"--paper\"\n"
        ),
    );
    let found = errors(&site);
    let contrast: Vec<_> = found.iter().filter(|one| one.starts_with("contrast")).collect();
    assert_eq!(contrast.len(), 1, "{found:?}");
    assert!(contrast[0].contains("4.48 in the light scheme"), "{contrast:?}");
    assert!(found.iter().any(|one| one.starts_with("weight: the page weighs 1 KB")), "{found:?}");
    site.replace("site.toml", "page_weight = 300", "skip = [\"contrast\"]");
    assert_eq!(errors(&site), [""; 0]);
    site.replace("site.toml", "\"contrast\"]", "\"contrats\"]");
    assert!(errors(&site)[0].contains("there is no rule `contrats`"));
}

#[test]
fn pages_that_fail_and_entries_without_a_page_are_found_together() {
    let site = sound();
    site.cms.edit("article", "two", "en", "slug", json!(null));
    site.replace("tag.html", "{{ entry.name }}:", "{{ entry.name | date }}:");
    let found = findings(&site);
    let rules: Vec<_> = found.diagnostics.iter().map(|one| one.rule).collect();
    assert!(rules.contains(&"plan") && rules.contains(&"render"), "{found:#?}");
    let failed = found.diagnostics.iter().find(|one| one.entry.as_deref() == Some("sea"));
    let failed = failed.unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!((failed.rule, failed.line), ("render", Some(2)), "{failed:?}");
}

#[test]
fn two_pages_at_one_url_are_found() {
    let site = sound();
    site.cms.edit("article", "two", "en", "slug", json!("one"));
    assert!(errors(&site)[0].contains("two pages want `/blog/one/`"), "{:?}", errors(&site));
}
