//! Files of the media library follow the pages that show them.

use serde_json::json;
use ssg::build::Request;

use crate::integration::magazine::magazine;
use crate::integration::site_harness::{Site, changed};

fn with_cover() -> Site {
    let mut site = magazine();
    site.cms.upload("pic", "/uploads/pic.png", "first");
    site.cms.edit("article", "two", "en", "cover", json!("pic"));
    site.build();
    site
}

#[test]
fn a_file_a_page_shows_is_published_and_leaves_with_the_last_page() {
    let mut site = with_cover();
    assert_eq!(site.page("uploads/pic.png"), "first");
    site.cms.edit("article", "one", "en", "body", json!("![x](/uploads/pic.png)"));
    assert_eq!(changed(&site.build()), "~blog/one/index.html");
    site.cms.edit("article", "two", "en", "cover", json!(null));
    assert_eq!(changed(&site.build()), "~blog/two/index.html");
    site.restart();
    site.cms.edit("article", "one", "en", "body", json!("none"));
    assert_eq!(changed(&site.build()), "~blog/one/index.html -uploads/pic.png");
}

#[test]
fn a_replaced_file_is_fetched_again() {
    let mut site = with_cover();
    site.cms.upload("pic", "/uploads/pic.png", "second");
    let report = site.build();
    assert_eq!(site.page("uploads/pic.png"), "second");
    assert!(changed(&report).contains("~uploads/pic.png"), "{}", changed(&report));
}

#[test]
fn a_file_that_cannot_be_had_is_named_and_had_later() {
    let mut site = magazine();
    site.cms.publish(
        cms_api::builtin::FILE,
        "gone",
        "",
        json!({ "name": "gone", "url": "/uploads/gone.png", "hash": "h", "mime": "image/png", "size": 1 }),
    );
    site.cms.edit("article", "two", "en", "cover", json!("gone"));
    let report = site.build_alone(&Request::default()).unwrap();
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.failed[0].url.as_deref(), Some("/blog/two/"));
    assert!(site.page("blog/two/index.html").contains("/uploads/gone.png"));
    site.cms.upload("gone", "/uploads/gone.png", "found");
    site.build();
    assert_eq!(site.page("uploads/gone.png"), "found");
}

#[test]
fn text_that_looks_like_a_file_is_no_failure() {
    let mut site = magazine();
    site.cms.edit("article", "two", "en", "body", json!("see `/uploads/x.png` there"));
    site.build();
    assert!(!site.has("uploads/x.png"));
}
