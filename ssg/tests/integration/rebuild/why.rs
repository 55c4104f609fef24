//! `ssg why`: a page explains itself.

use serde_json::json;
use ssg::build::{Explanation, UnknownUrl, why};

use crate::integration::magazine::magazine;
use crate::integration::site_harness::Site;

fn ask(site: &Site, text: &str) -> Result<Explanation, UnknownUrl> {
    why(&site.paths(), text).unwrap()
}

#[test]
fn a_page_names_its_route_its_reads_and_its_last_reason() {
    let mut site = magazine();
    site.build();
    site.cms.edit("article", "one", "de", "title", json!("Erste"));
    site.build();
    site.restart();
    let found = ask(&site, "/de/blog/eins/").unwrap();
    assert_eq!((&*found.route, &*found.template), ("/blog/{slug}/", "article.html"));
    assert_eq!(found.entry.as_ref().unwrap().document_id, "one");
    assert_eq!(found.reasons[0].to_string(), "`title` of api::article.article one changed");
    let kinds: Vec<_> = found.reads.iter().map(|read| read.read).collect();
    assert_eq!(kinds[..4], ["page", "template", "config", "entry"]);
    assert!(kinds.contains(&"next") && kinds.contains(&"asset"), "{kinds:?}");
    for text in ["de/blog/eins/index.html", "https://example.org/de/blog/eins/?x", "/de/blog/eins"]
    {
        assert_eq!(ask(&site, text).unwrap(), found);
    }
}

#[test]
fn an_unknown_page_has_similar_ones() {
    let mut site = magazine();
    site.build();
    site.restart();
    let unknown = ask(&site, "/blog/onne/").unwrap_err();
    assert_eq!(unknown.similar[0], "/blog/one/");
    assert_eq!(ask(&site, "/something/else/entirely/").unwrap_err().similar, [""; 0]);
}
