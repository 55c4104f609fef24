//! Rebuilds: an editor or a developer does something, and exactly the right pages follow.

use serde_json::json;

use super::magazine::{article, magazine};
use super::site_harness::{changed, reasons};

mod commands;
mod damage;
mod faults;
mod impact;
mod media;
mod preview;
mod time;
mod verify;
mod why;

#[test]
fn a_second_build_has_nothing_to_do() {
    let mut site = magazine();
    let first = site.build();
    assert!(first.published && first.release == Some(1), "{first:?}");
    assert_eq!(first.rendered, first.pages);
    assert!(first.phases.load > 0.0 && first.phases.commit > 0.0, "{:?}", first.phases);
    for _ in 0..2 {
        let again = site.build();
        assert_eq!((again.rendered, again.written, again.release), (0, 0, None));
        assert_eq!(again.summary(), format!("nothing to do: {} pages up to date", first.pages));
        site.restart();
    }
}

#[test]
fn pages_show_what_the_content_says() {
    let mut site = magazine();
    site.build();
    let page = site.page("blog/one/index.html");
    assert!(page.contains("<h1>One</h1>") && page.contains("<em>One</em> text"), "{page}");
    assert!(page.contains("by <a href=\"/author/ann/\">Ann</a>"), "{page}");
    assert!(page.contains("en=/blog/one/ de=/de/blog/eins/"), "{page}");
    assert!(page.contains("next: <a href=\"/blog/two/\">Two</a>"), "{page}");
    let blog = site.page("blog/index.html");
    assert!(blog.contains("Two</a> 1/2 /blog/page/2/ More"), "{blog}");
    assert!(site.page("de/blog/index.html").contains("Eins</a> 1/1  Mehr"));
    assert!(site.page("tag/sea/index.html").contains("Sea: "));
    assert!(site.page("sitemap.xml").contains("https://example.org/blog/three/"));
}

#[test]
fn an_edit_renders_only_the_pages_that_show_it() {
    let mut site = magazine();
    site.build();
    site.cms.edit("article", "two", "en", "body", json!("new words"));
    let report = site.build();
    assert_eq!(changed(&report), "~blog/two/index.html");
    assert_eq!(report.rendered, 1);
    assert_eq!(
        reasons(&report, "blog/two/index.html"),
        "`body` of api::article.article two changed"
    );
    site.restart();
    site.cms.edit("article", "two", "en", "body", json!("newer words"));
    assert_eq!(changed(&site.build()), "~blog/two/index.html");
}

#[test]
fn an_edit_that_changes_nothing_visible_renders_nothing() {
    let mut site = magazine();
    site.build();
    site.cms.edit("author", "ann", "", "name", json!("Ann"));
    let report = site.build();
    assert_eq!(report.written, 0, "{}", changed(&report));
}

#[test]
fn a_new_article_reaches_its_page_and_the_lists_it_is_in() {
    let mut site = magazine();
    site.build();
    site.cms.publish("article", "four", "en", article("Four", 9, "bob", &[]));
    let report = site.build();
    assert_eq!(
        changed(&report),
        "~author/bob/index.html +blog/four/index.html ~blog/index.html \
         ~blog/page/2/index.html ~index.html ~sitemap.xml"
    );
    assert!(site.page("index.html").contains("Four"));
    site.cms.unpublish("article", "four", "en");
    let report = site.build();
    assert!(changed(&report).contains("-blog/four/index.html"), "{}", changed(&report));
    assert!(site.page("index.html").contains("One"));
}

#[test]
fn a_renamed_slug_moves_the_page_and_every_link_to_it() {
    let mut site = magazine();
    site.build();
    site.cms.edit("article", "two", "en", "slug", json!("zwo"));
    let report = site.build();
    assert_eq!(
        changed(&report),
        "~blog/index.html ~blog/one/index.html -blog/two/index.html +blog/zwo/index.html \
         ~sitemap.xml"
    );
    assert!(reasons(&report, "blog/index.html").contains("URL of two"));
}

#[test]
fn a_change_of_an_author_reaches_the_articles_that_name_them() {
    let mut site = magazine();
    site.build();
    site.cms.edit("author", "bob", "", "name", json!("Robert"));
    let report = site.build();
    assert_eq!(changed(&report), "~author/bob/index.html ~blog/two/index.html");
    assert_eq!(reasons(&report, "blog/two/index.html"), "`name` of api::author.author bob changed");
}

#[test]
fn a_relation_to_somebody_not_yet_published_appears_when_they_are() {
    let mut site = magazine();
    site.cms.edit("article", "two", "en", "author", json!("eve"));
    site.build();
    assert!(!site.page("blog/two/index.html").contains("by "));
    site.cms.publish("author", "eve", "", json!({ "name": "Eve", "slug": "eve" }));
    let report = site.build();
    assert_eq!(changed(&report), "+author/eve/index.html ~blog/two/index.html");
    site.cms.delete("author", "eve");
    site.restart();
    let report = site.build();
    assert_eq!(changed(&report), "-author/eve/index.html ~blog/two/index.html");
}

#[test]
fn a_translation_is_announced_on_the_other_language() {
    let mut site = magazine();
    site.build();
    site.cms.publish("article", "three", "de", article("Drei", 1, "ann", &[]));
    let report = site.build();
    assert!(changed(&report).contains("~blog/three/index.html"), "{}", changed(&report));
    assert!(site.page("blog/three/index.html").contains("de=/de/blog/drei/"));
    site.cms.unpublish("article", "three", "de");
    site.build();
    assert!(!site.page("blog/three/index.html").contains("de="));
}

#[test]
fn a_template_reaches_the_pages_it_takes_part_in() {
    let mut site = magazine();
    site.build();
    site.replace("home.html", "top:", "first:");
    let report = site.build();
    assert_eq!(changed(&report), "~de/index.html ~index.html");
    assert_eq!(reasons(&report, "index.html"), "template home.html changed");
    assert_eq!(report.rendered, 2);
    site.replace("card.html", "<a ", "<a class=\"card\" ");
    site.restart();
    let report = site.build();
    assert!(!changed(&report).contains("author/"), "{}", changed(&report));
    assert!(changed(&report).contains("~blog/index.html"), "{}", changed(&report));
}

#[test]
fn a_static_file_changes_its_name_and_the_pages_that_link_it() {
    let mut site = magazine();
    let first = site.build();
    let old = site.page("index.html");
    site.write("static/site.css", "body { color: red }");
    site.write("static/robots.txt", "User-agent: *");
    let report = site.build();
    assert_eq!(report.rendered, first.pages - 2, "all but the sitemaps show it");
    assert_ne!(site.page("index.html"), old);
    assert_eq!(site.page("robots.txt"), "User-agent: *");
    site.remove("static/robots.txt");
    let report = site.build();
    assert_eq!(report.rendered, 0);
    assert!(!site.has("robots.txt"));
}

#[test]
fn configuration_and_routes_take_effect() {
    let mut site = magazine();
    site.build();
    site.replace("site.toml", "title = \"Magazine\"", "title = \"Gazette\"");
    let report = site.build();
    assert_eq!(reasons(&report, "index.html"), "`site.title` in site.toml changed");
    assert!(!changed(&report).contains("sitemap"), "{}", changed(&report));
    site.replace("site.toml", "\"Mehr\"", "\"Weiter\"");
    let report = site.build();
    assert_eq!(changed(&report), "~de/blog/index.html");
    assert_eq!(report.rendered, 1);
    site.replace("site.toml", "per_page = 2 }", "per_page = 1 }");
    site.restart();
    let report = site.build();
    assert!(changed(&report).contains("+blog/page/3/index.html"), "{}", changed(&report));
    site.replace("site.toml", "\"/author/{slug}/\"", "\"/by/{slug}/\"");
    let report = site.build();
    assert!(changed(&report).contains("-author/ann/index.html"), "{}", changed(&report));
    assert!(changed(&report).contains("+by/ann/index.html"), "{}", changed(&report));
}

#[test]
fn a_single_type_on_every_page_renders_every_page_once() {
    let mut site = magazine();
    let first = site.build();
    site.cms.edit("setting", "s", "", "footer", json!("Fin"));
    let report = site.build();
    assert_eq!(report.rendered, first.pages - 2, "all but the sitemaps show it");
    assert!(site.page("index.html").contains("Fin"));
}

#[test]
fn a_changed_content_model_is_followed() {
    let mut site = magazine();
    site.build();
    site.cms.change_model(|model| {
        let attributes = &mut model["types"]["api::article.article"]["attributes"];
        attributes["subtitle"] = json!({ "type": "string" });
    });
    site.cms.edit("article", "two", "en", "subtitle", json!("Second"));
    site.replace(
        "article.html",
        "<h1>{{ entry.title }}",
        "<h1>{{ entry.title }}{{ entry.subtitle }}",
    );
    site.build();
    assert!(site.page("blog/two/index.html").contains("<h1>TwoSecond</h1>"));
}

#[test]
fn a_pull_without_a_build_is_made_up_for_by_the_next_build() {
    let mut site = magazine();
    site.build();
    site.cms.edit("article", "two", "en", "title", json!("Zwei!"));
    site.pull();
    site.restart();
    site.cms.edit("article", "one", "en", "rank", json!(1));
    let report = site.build();
    assert!(reasons(&report, "blog/two/index.html").contains("`title` of"), "{report:?}");
}

#[test]
fn a_content_model_pulled_without_a_build_is_made_up_for_by_the_next_build() {
    let mut site = magazine();
    site.replace("article.html", "<h1>{{ entry.title }}", "<h1>{{ entry | json }}");
    site.build();
    site.cms.change_model(|model| {
        let attributes = &mut model["types"]["api::article.article"]["attributes"];
        attributes["subtitle"] = json!({ "type": "string" });
    });
    site.pull();
    site.restart();
    site.build();
    assert!(site.page("blog/two/index.html").contains("subtitle"));
}

#[test]
fn titles_of_other_scripts_have_their_urls() {
    let mut site = magazine();
    site.cms.publish("article", "x", "en", article("Größe 100%", 1, "", &[]));
    site.build();
    assert!(site.has("blog/größe 100%/index.html"));
    assert!(site.page("sitemap.xml").contains("/blog/gr%C3%B6%C3%9Fe%20100%25/"));
}
