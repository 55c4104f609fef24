//! Mistakes, crashes and absences: the site stays up, and the next build makes up for it.

use std::fs;

use serde_json::json;
use ssg::build::{BuildError, Request, problem};

use crate::integration::magazine::{article, magazine};
use crate::integration::site_harness::{Site, changed};

fn strict() -> Request {
    Request { strict: true, ..Request::default() }
}

fn offline() -> Request {
    Request { offline: true, ..Request::default() }
}

fn failures(site: &mut Site, request: &Request) -> Vec<String> {
    let report = site.build_alone(request).unwrap();
    assert_eq!(report.exit_code(), 1);
    report.failed.iter().map(problem::line).collect()
}

#[test]
fn a_broken_template_publishes_nothing_and_names_its_line() {
    let mut site = magazine();
    site.build();
    let before = site.tree();
    site.cms.edit("article", "two", "en", "body", json!("meanwhile"));
    site.replace("home.html", "{% endfor %}", "{% endfr %}");
    let failed = failures(&mut site, &Request::default());
    assert!(failed[0].contains("home.html:2"), "{failed:?}");
    assert_eq!(site.tree(), before);
    site.replace("home.html", "{% endfr %}", "{% endfor %}");
    assert_eq!(changed(&site.build()), "~blog/two/index.html");
}

#[test]
fn rules_are_not_published_and_mistakes_in_them_publish_nothing() {
    let mut site = magazine();
    site.write("static/_redirects", "/a /b/\n");
    site.write("static/_headers", "/*\n  X-A: 1\n");
    site.build();
    let before = site.tree();
    assert!(!before.keys().any(|file| file.contains("_redirects") || file.contains("_headers")));
    site.cms.edit("article", "two", "en", "body", json!("meanwhile"));
    site.write("static/_redirects", "/a /b/\n/c /d/ 302 Language=de\n");
    site.write("static/_headers", "/*\n  X-A: 1\n  Set-Cookie: a=b\n");
    let failed = failures(&mut site, &Request::default());
    assert!(failed[0].contains("static/_redirects:2: "), "{failed:?}");
    assert!(failed[0].contains("`Language` is not supported"), "{failed:?}");
    assert!(failed[1].contains("static/_headers:3: "), "{failed:?}");
    assert_eq!(site.tree(), before);
}

#[test]
fn mistakes_in_routes_publish_nothing_and_name_their_line() {
    for (from, to, line, message) in [
        ("\"home.html\"", "\"hom.html\"", 35, "there is no template `hom.html`"),
        ("/author/{slug}/", "/author/{slog}/", 13, "has no attribute `slog`"),
        ("each = \"api::tag.tag\"", "each = \"api::tog.tog\"", 18, "no content type `api::tog"),
        ("sort = \"rank:desc\"", "sort = \"runk:desc\"", 30, "runk"),
        ("$entry.documentId", "$entry.nothing", 22, "has no attribute `nothing`"),
        ("path = \"/\"", "path = \"/blog/\"", 34, "two pages want `/blog/`"),
        ("path = \"/sitemap.xml\"", "path = \"/site.css\"", 38, "both make `/site.css`"),
    ] {
        let mut site = magazine();
        site.replace("site.toml", from, to);
        let failed = failures(&mut site, &Request::default());
        let first = failed.iter().find(|text| text.contains(message));
        let first = first.unwrap_or_else(|| panic!("{message}: {failed:?}"));
        assert!(first.contains(&format!("site.toml:{line}:")), "{line}: {first}");
        assert!(site.tree().is_empty());
    }
}

#[test]
fn a_template_that_answers_are_made_with_must_exist() {
    const PART: &str = "upstream = \"/api/articles\"\nfragment = \"part.html\"";
    for table in [
        format!("[[endpoint]]\npath = \"/latest\"\n{PART}\n"),
        "[[proxy.route]]\npath = \"/api/articles\"\nas = \"site\"\nfragment = \"part.html\"\n"
            .into(),
    ] {
        let mut site = magazine();
        site.replace("site.toml", "[words.en]", &format!("{table}\n[words.en]"));
        let text = site.read("site.toml");
        let line = text.lines().position(|line| line.starts_with("fragment")).unwrap() + 1;
        let failed = failures(&mut site, &Request::default());
        let expected = format!(
            "site.toml:{line}: there is no template `part.html`; there are `article.html`, "
        );
        assert!(failed.len() == 1 && failed[0].contains(&expected), "{failed:?}");
        assert!(site.tree().is_empty());
        assert_eq!(ssg::build::mistakes(&site.paths().site).unwrap(), failed);
        site.write("part.html", "{{ data }}");
        site.build();
        assert!(!site.has("part.html"));
    }
}

#[test]
fn an_attribute_that_no_entry_can_have_publishes_nothing_and_names_its_line() {
    for (file, from, to, message) in [
        ("article.html", "{{ entry.title }}", "{{ entry.titel }}", "no attribute `titel`"),
        ("article.html", "entry.author.name", "entry.author?.nom", "no attribute `nom`"),
        ("foot.html", "<footer>", "<footer>{{ entry.colour }}", "no attribute `colour`"),
    ] {
        let mut site = magazine();
        site.replace(file, from, to);
        let failed = failures(&mut site, &Request::default());
        assert!(failed[0].contains(file) && failed[0].contains(message), "{failed:?}");
        assert!(site.tree().is_empty());
    }
    let mut site = magazine();
    site.replace(
        "foot.html",
        "<footer>",
        "<footer>{% if entry is defined %}{{ entry?.name or \"\" }}{% endif %}",
    );
    site.build();
    assert!(site.page("author/ann/index.html").contains("<footer>Ann"));
}

#[test]
fn a_page_among_the_media_is_refused() {
    let mut site = magazine();
    site.replace("site.toml", "path = \"/author/{slug}/\"", "path = \"/uploads/{slug}/\"");
    let failed = failures(&mut site, &Request::default());
    assert!(failed[0].contains("site.toml:13:") && failed[0].contains("media"), "{failed:?}");
}

#[test]
fn two_entries_with_one_url_publish_nothing_until_one_is_renamed() {
    let mut site = magazine();
    site.build();
    let before = site.tree();
    site.cms.publish("article", "copy", "en", article("One", 1, "", &[]));
    for _ in 0..2 {
        let failed = failures(&mut site, &Request::default());
        assert!(failed[0].contains("two pages want `/blog/one/`"), "{failed:?}");
        assert!(failed[0].contains("copy"), "{failed:?}");
        assert_eq!(site.tree(), before);
    }
    site.cms.edit("article", "copy", "en", "slug", json!("copy"));
    site.build();
    assert!(site.has("blog/copy/index.html"));
}

#[test]
fn a_page_that_fails_keeps_its_last_good_version_and_is_tried_again() {
    let mut site = magazine();
    site.build();
    site.replace(
        "author.html",
        "{{ entry.name }}",
        "{{ entry.name | upper }}{{ entry.name.first }}",
    );
    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    let good = site.page("author/ann/index.html");
    for _ in 0..2 {
        let failed = failures(&mut site, &Request::default());
        assert_eq!(failed.len(), 2, "{failed:?}");
        assert!(
            failed[0].contains("author.html:2") && failed[0].contains("/author/ann/"),
            "{failed:?}"
        );
        assert_eq!(site.page("author/ann/index.html"), good);
        assert!(site.page("blog/two/index.html").contains("fresh"));
        site.restart();
    }
    site.replace("author.html", "{{ entry.name.first }}", "");
    let report = site.build();
    assert_eq!(changed(&report), "~author/ann/index.html ~author/bob/index.html");
}

#[test]
fn a_clean_build_keeps_the_last_good_version_of_a_failing_page() {
    let mut site = magazine();
    site.build();
    let good = site.page("author/ann/index.html");
    site.replace("author.html", "{{ entry.name }}", "{{ undefined_thing }}");
    let clean = Request { clean: true, ..Request::default() };
    assert_eq!(failures(&mut site, &clean).len(), 2);
    assert_eq!(site.page("author/ann/index.html"), good);
}

#[test]
fn a_strict_build_publishes_nothing_and_forgets_nothing() {
    let mut site = magazine();
    site.build();
    let before = site.tree();
    site.replace("author.html", "{{ entry.name }}", "{{ undefined_thing }}");
    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    assert_eq!(failures(&mut site, &strict()).len(), 2);
    assert_eq!(site.tree(), before);
    site.replace("author.html", "{{ undefined_thing }}", "{{ entry.name }}");
    assert_eq!(changed(&site.build()), "~blog/two/index.html");
}

#[test]
fn an_entry_without_its_slug_is_named_and_its_page_stays() {
    let mut site = magazine();
    site.build();
    site.cms.edit("author", "bob", "", "slug", json!(null));
    site.cms.edit("article", "one", "en", "body", json!("fresh"));
    let report = site.build_alone(&Request::default()).unwrap();
    assert_eq!(report.exit_code(), 1);
    let failure = &report.failed[0];
    assert_eq!(failure.entry.as_deref(), Some("bob"));
    assert_eq!(failure.field.as_deref(), Some("slug"));
    assert!(site.has("author/bob/index.html"));
    assert!(site.page("blog/one/index.html").contains("fresh"));
    site.restart();
    assert_eq!(site.build_alone(&Request::default()).unwrap().exit_code(), 1);
    assert!(site.has("author/bob/index.html"));
    site.cms.edit("author", "bob", "", "slug", json!("robert"));
    site.build();
    assert!(!site.has("author/bob/index.html") && site.has("author/robert/index.html"));
}

#[test]
fn a_removed_route_takes_its_pages_along_even_those_of_entries_without_a_slug() {
    let mut site = magazine();
    let label = "[[route]]\npath = \"/label/{documentId}/\"\neach = \"api::tag.tag\"\n\
                 template = \"author.html\"\n\n";
    site.replace("site.toml", "[words.en]", &format!("{label}[words.en]"));
    site.build();
    site.replace("site.toml", label, "");
    site.cms.edit("tag", "sea", "", "slug", json!(null));
    assert_eq!(site.build_alone(&Request::default()).unwrap().exit_code(), 1);
    assert!(site.has("tag/sea/index.html") && !site.has("label/sea/index.html"));
}

#[test]
fn without_the_cms_the_replica_is_used() {
    let mut site = magazine();
    site.build();
    site.cms.go_away(true);
    site.restart();
    site.replace("home.html", "top:", "first:");
    let report = site.build_alone(&Request::default()).unwrap();
    assert!(report.stale && report.exit_code() == 0);
    assert!(site.page("index.html").contains("first:"));
    site.cms.go_away(false);
    site.build();
}

#[test]
fn without_a_cms_and_a_replica_there_is_nothing_to_build() {
    let mut site = magazine();
    assert!(matches!(site.build_alone(&offline()), Err(BuildError::NoContent(_))));
    site.cms.go_away(true);
    assert!(matches!(site.build_alone(&Request::default()), Err(BuildError::NoContent(_))));
    site.cms.go_away(false);
    site.build();
}

#[test]
fn a_crash_between_the_switch_and_the_commit_converges() {
    let mut site = magazine();
    site.build();
    site.restart();
    let state = site.paths().cache.join("state.redb");
    let before = fs::read(&state).unwrap();
    site.cms.edit("article", "two", "en", "title", json!("Crash"));
    site.build();
    site.restart();
    fs::write(&state, before).unwrap();
    let report = site.build();
    assert_eq!((report.written, report.release), (0, None), "{}", changed(&report));
    assert!(report.rendered > 0);
    assert_eq!(site.build().rendered, 0);
}

#[test]
fn a_lost_or_damaged_cache_is_rebuilt_from_the_cms() {
    let mut site = magazine();
    let first = site.build();
    for garbage in [None, Some("garbage")] {
        site.restart();
        let state = site.paths().cache.join("state.redb");
        match garbage {
            None => fs::remove_file(state).unwrap(),
            Some(text) => fs::write(state, text).unwrap(),
        }
        let report = site.build();
        assert_eq!((report.rendered, report.written), (first.pages, 0));
    }
}

#[test]
fn an_emptied_output_folder_is_filled_again() {
    let mut site = magazine();
    let first = site.build();
    let tree = site.tree();
    site.restart();
    fs::remove_dir_all(site.paths().out).unwrap();
    let report = site.build();
    assert_eq!(report.rendered, first.pages);
    assert_eq!(site.tree(), tree);
}
