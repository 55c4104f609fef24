//! Addresses that pages had, and what pages say about their own.

use serde_json::json;
use ssg::rules::{Action, Asked, Rules};

use super::{NOTES, note, site};
use crate::integration::site_harness::{Site, changed};

/// What the site answers at a path where no file stands.
fn asked(site: &Site, path: &str) -> String {
    let rules = Rules::load(&site.templates().join("static")).unwrap();
    let rules = rules.and(&site.paths().out.join("moved"));
    match rules.decide(Asked { raw: path, path, query: None }, || false) {
        Some(Action::Redirect { status, location }) => format!("{status} {location}"),
        Some(Action::Show { status, .. }) => status.to_string(),
        None => "nothing".to_owned(),
    }
}

#[test]
fn redirects_410_and_slug_change_auto_redirect() {
    let mut site = site(&format!("[redirects]\ngone = true\n{NOTES}-- note.html --\nx"));
    for name in ["A", "B"] {
        site.cms.publish("note", &name.to_lowercase(), "en", note(name, json!({})));
    }
    site.write("static/_redirects", "/gone/* 410\n");
    site.build();
    assert_eq!(asked(&site, "/a/"), "nothing");
    site.cms.edit("note", "a", "en", "slug", json!("ä b"));
    site.build();
    assert_eq!(asked(&site, "/a/"), "301 /%C3%A4%20b/");
    // The next move is one step from every address there was.
    site.restart();
    site.cms.edit("note", "a", "en", "slug", json!("c"));
    site.build();
    assert_eq!(asked(&site, "/a/"), "301 /c/");
    assert_eq!(asked(&site, "/ä b/"), "301 /c/");
    // Somebody else's page takes the address over.
    site.cms.edit("note", "b", "en", "slug", json!("a"));
    site.build();
    assert_eq!(asked(&site, "/a/"), "nothing");
    assert_eq!(asked(&site, "/b/"), "301 /a/");
    // Back and forth is no circle.
    site.cms.edit("note", "b", "en", "slug", json!("b"));
    site.build();
    assert_eq!(asked(&site, "/b/"), "nothing");
    assert_eq!(asked(&site, "/a/"), "301 /b/");
    site.cms.unpublish("note", "a", "en");
    site.build();
    assert_eq!(asked(&site, "/c/"), "410");
    assert_eq!(asked(&site, "/ä b/"), "410");
    site.cms.publish("note", "a", "en", note("A", json!({ "slug": "new" })));
    site.build();
    assert_eq!(asked(&site, "/c/"), "301 /new/");
    // The owner's own rules come first.
    site.write("static/_redirects", "/c /elsewhere/ 302\n");
    assert_eq!(asked(&site, "/c/"), "302 /elsewhere/");
    assert_eq!(asked(&site, "/gone/x"), "nothing");
}

#[test]
fn pages_for_404_and_410_are_ordinary_routes() {
    let mut site = site(&format!(
        "[redirects]\ngone = true\n[sitemap]\n{NOTES}[[route]]\npath = \"/404.html\"\ntemplate = \"lost.html\"\n\
         [[route]]\npath = \"/410.html\"\ntemplate = \"gone.html\"\n\
         -- note.html --\nx\n-- lost.html --\nNot here: {{{{ page.locale }}}}\n-- gone.html --\nGone\n"
    ));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.cms.publish("note", "a", "de", note("A", json!({})));
    site.build();
    assert_eq!(site.page("de/404.html"), "Not here: de");
    assert!(!site.page("sitemap.xml").contains("404"));
    site.cms.delete("note", "a");
    site.build();
    let moved = std::fs::read_to_string(site.paths().out.join("moved")).unwrap();
    assert_eq!(moved, "/a/ /410.html 410 # a en\n/de/a/ /de/410.html 410 # a de\n");
    assert_eq!(asked(&site, "/de/a/"), "410");
}

#[test]
fn moved_pages_are_not_followed_unless_the_site_wants_it() {
    let mut site = site(&format!("[redirects]\nmoved = false\n{NOTES}-- note.html --\nx"));
    site.cms.publish("note", "a", "en", note("A", json!({})));
    site.build();
    site.cms.edit("note", "a", "en", "slug", json!("b"));
    site.build();
    assert_eq!(asked(&site, "/a/"), "nothing");
}

#[test]
fn robots_txt_names_the_sitemap() {
    let mut site = site(
        "[[route]]\npath = \"/robots.txt\"\ntemplate = \"robots.txt\"\n\
         -- robots.txt --\nUser-agent: *\nDisallow: /private/\nSitemap: {{ site.base_url }}/sitemap.xml\n",
    );
    site.replace("site.toml", "locales = [\"en\", \"de\"]", "locales = [\"en\"]");
    site.build();
    assert_eq!(
        site.page("robots.txt"),
        "User-agent: *\nDisallow: /private/\nSitemap: https://example.org/sitemap.xml"
    );
}

#[test]
fn seo_meta_canonical_open_graph_json_ld() {
    let mut site = site(
        "[[route]]\npath = \"/{slug}/\"\neach = \"api::note.note\"\ntitle = \"{title}\"\ntemplate = \"note.html\"\n\
         [[route]]\npath = \"/\"\ntitle = { en = \"Home\", de = \"Anfang\" }\ntemplate = \"home.html\"\n\
         -- home.html --\n{{ <galley.seo page={page} base={site.base_url} title=\"Home\" index={false} /> }}\n\
         -- note.html --\n\
         {{ <galley.seo page={page} base={site.base_url} title={entry.title} description={entry.summary} site_name={site.title} \
         image=\"/uploads/x.png\" image_alt=\"X\" kind=\"article\" published={entry.publishedAt} modified={entry.updatedAt} author=\"Ann\" default_locale={site.locales | first} /> }}\n\
         {{ <galley.article_ld page={page} base={site.base_url} title={entry.title} published={entry.publishedAt} author=\"Ann\" /> }}\n\
         {{ <galley.breadcrumbs_ld base={site.base_url} /> }}",
    );
    site.cms.publish(
        "note",
        "a",
        "en",
        note("A \"</script>\" & B", json!({ "slug": "a", "summary": "<All> about" })),
    );
    site.cms.publish("note", "a", "de", note("Ah", json!({ "slug": "ah" })));
    site.cms.upload("x", "/uploads/x.png", "png");
    site.build();
    let page = site.page("a/index.html");
    for part in [
        "<link rel=\"canonical\" href=\"https://example.org/a/\">",
        "<meta name=\"description\" content=\"&lt;All&gt; about\">",
        "<meta property=\"og:type\" content=\"article\">",
        "<meta property=\"og:url\" content=\"https://example.org/a/\">",
        "<meta property=\"og:image\" content=\"https://example.org/uploads/x.png\">",
        "<meta property=\"article:published_time\" content=\"2026-01-01T00:00:00.000Z\">",
        "<link rel=\"alternate\" hreflang=\"de\" href=\"https://example.org/de/ah/\">",
        "<link rel=\"alternate\" hreflang=\"x-default\" href=\"https://example.org/a/\">",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let data: Vec<serde_json::Value> = page
        .split("<script type=\"application/ld+json\">")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap())
        .collect();
    assert_eq!(data[0]["@type"], "Article");
    assert_eq!(data[0]["headline"], "A \"</script>\" & B");
    assert_eq!(data[1]["itemListElement"][0]["item"], "https://example.org/");
    assert_eq!(data[1]["itemListElement"][1]["position"], 2);
    assert!(site.page("index.html").contains("<meta name=\"robots\" content=\"noindex\">"));
    // What the page says of itself follows its translations.
    site.cms.unpublish("note", "a", "de");
    assert_eq!(changed(&site.build()), "~a/index.html -de/ah/index.html");
    assert!(!site.page("a/index.html").contains("hreflang"));
}
