//! Drafts of a real content server behind nginx, before and after they are published.

use serde_json::json;

use super::http::Answer;
use super::process::printed;
use super::stack::{Stack, Wiring};

impl Stack {
    /// The path of a link made on the command line.
    fn link(&self, arguments: &[&str]) -> String {
        let arguments: Vec<&str> = ["preview", "--url", "https://site.test"]
            .into_iter()
            .chain(arguments.iter().copied())
            .collect();
        let url = printed(&mut self.ssg_command(&arguments));
        url.strip_prefix("https://site.test").unwrap_or_else(|| panic!("{url}")).to_owned()
    }

    /// Saves a draft, and nothing else.
    fn draft(&self, path: &str, data: &serde_json::Value) -> Answer {
        let join = if path.contains('?') { '&' } else { '?' };
        self.edit(&format!("{path}{join}status=draft"), data)
    }

    fn publish(&self, path: &str) -> Answer {
        let url = format!("{}/api/{path}/actions/publish", self.cms_url);
        let answer = self.editor.post(&url, &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }
}

const LISTS: [&str; 6] =
    ["/", "/blog/", "/category/shore/", "/category/craft/", "/feed.xml", "/sitemap.xml"];

#[test]
fn draft_preview_through_the_real_templates_has_the_later_published_bytes() {
    let stack = Stack::published(Wiring::Webhooks);
    let id = stack.article("story-3");
    let before = stack.visit("/blog/story-3/").body;
    let shore = stack.editor.get(&format!("{}/api/categories?filters[slug]=shore", stack.cms_url));
    let shore = shore.json()["data"][0]["documentId"].clone();
    let data = json!({ "title": "A draft title", "slug": "drafted", "body": "**New** words.",
        "publishedOn": "2026-03-01", "categories": [shore] });
    stack.draft(&format!("articles/{id}"), &data);

    // The link leads to the draft's own page, at its own new address.
    let link = stack.link(&[&id]);
    let first = stack.visit(&link);
    assert_eq!(first.status, 307, "{}", first.body);
    assert_eq!(first.header("location"), format!("{link}/blog/drafted/"));
    let page = stack.visit(&format!("{link}/blog/drafted/"));
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("A draft title") && page.body.contains("<strong>New</strong>"));
    let kept: Vec<_> = page.headers.get_all("cache-control").iter().collect();
    assert_eq!(kept, ["private, no-store"]);
    assert!(page.header("x-robots-tag").contains("noindex"));
    assert_eq!(stack.visit(&format!("{link}/blog/drafted")).status, 307);
    assert_eq!(stack.visit(&format!("{link}/blog/story-3/")).status, 404);
    let lists = LISTS.map(|list| stack.visit(&format!("{link}{list}")).body);
    assert!(lists[1].contains("A draft title"));

    // Nothing of it is published.
    assert_eq!(stack.visit("/blog/story-3/").body, before);
    assert_eq!(stack.visit("/blog/drafted/").status, 404);
    assert!(!stack.visit("/blog/").body.contains("A draft title"));

    stack.settled(&stack.publish(&format!("articles/{id}")));
    assert_eq!(stack.visit("/blog/drafted/").body, page.body);
    for (list, seen) in LISTS.into_iter().zip(lists) {
        assert_eq!(stack.visit(list).body, seen, "{list}");
    }
    // What is published is no draft any more: the preview shows the same.
    assert_eq!(stack.visit(&format!("{link}/blog/drafted/")).body, page.body);
}

#[test]
fn a_new_document_and_every_later_draft_show_at_the_same_link() {
    let stack = Stack::published(Wiring::Webhooks);
    let url = format!("{}/api/articles?status=draft", stack.cms_url);
    let data = json!({ "title": "Unseen", "slug": "unseen", "summary": "s", "body": "b",
        "publishedOn": "2026-04-01" });
    let answer = stack.editor.post(&url, &json!({ "data": data }));
    let id = answer.json()["data"]["documentId"].as_str().unwrap().to_owned();
    let everything = stack.link(&[]);
    let page = || stack.visit(&format!("{everything}/blog/unseen/"));
    assert!(page().body.contains("Unseen"));
    stack.draft(&format!("articles/{id}"), &json!({ "title": "Seen again" }));
    assert!(page().body.contains("Seen again"), "{}", page().body);
    assert_eq!(stack.visit("/blog/unseen/").status, 404);

    // A draft that could not be published says what is wrong, and where.
    stack.draft(&format!("articles/{id}"), &json!({ "slug": "story-1" }));
    let refused = page();
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("two pages want"), "{}", refused.body);
}

#[test]
fn signed_expiring_revocable_share_link_over_http() {
    let stack = Stack::published(Wiring::Webhooks);
    let (one, other) = (stack.link(&[]), stack.link(&["--expires", "7d"]));
    assert_eq!(stack.visit(&format!("{one}/blog/")).status, 200);
    assert_eq!(stack.visit(&format!("{}x/blog/", &one)).status, 403);
    assert_eq!(stack.visit("/preview/none/").status, 403);
    printed(&mut stack.ssg_command(&[
        "preview",
        "--revoke",
        &format!("https://site.test{one}/blog/"),
    ]));
    assert_eq!(stack.visit(&format!("{one}/blog/")).status, 410);
    assert_eq!(stack.visit(&format!("{other}/blog/")).status, 200);
    printed(&mut stack.ssg_command(&["preview", "--revoke-all"]));
    assert_eq!(stack.visit(&format!("{other}/blog/")).status, 403);
    let years = super::process::output(&mut stack.ssg_command(&["preview", "--expires", "400d"]));
    assert_eq!(years.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&years.stderr).contains("30 days"));

    // A window of its own gets a frame around the same bytes.
    let link = stack.link(&[]);
    let opened = |what| {
        let url = format!("{}{link}/blog/", stack.ssg_url);
        stack.visitor.get_with(&url, &[("Sec-Fetch-Dest", what)])
    };
    let framed = opened("document");
    assert!(
        framed.body.contains("<iframe") && framed.body.contains("every draft"),
        "{}",
        framed.body
    );
    assert_eq!(framed.header("vary"), "Sec-Fetch-Dest");
    assert_eq!(opened("iframe").body, stack.visit("/blog/").body);
}

#[test]
fn a_content_server_may_ask_for_a_link() {
    let stack = Stack::published(Wiring::PollingOnly);
    let secret = cms_api::webhook::Secret::parse(&format!("whsec_{}", "A".repeat(44))).unwrap();
    let ask = |body: &str, id: &str| {
        let time = jiff::Timestamp::now().as_second();
        let signature = secret.sign(id, time, body.as_bytes());
        let time = time.to_string();
        let headers =
            [("webhook-id", id), ("webhook-timestamp", &*time), ("webhook-signature", &*signature)];
        stack.visitor.post_raw(&format!("{}/-/preview", stack.ssg_url), &headers, body)
    };
    let id = stack.article("story-2");
    let answer = ask(&json!({ "documents": [id], "expires": "10m" }).to_string(), "msg_1");
    assert_eq!(answer.status, 201, "{}", answer.body);
    let path = answer.json()["path"].as_str().unwrap().to_owned();
    let first = stack.visitor.get(&format!("{}{path}", stack.ssg_url));
    assert_eq!(first.header("location"), format!("{path}/blog/story-2/"));
    for wrong in ["{", "{\"document\":[]}", "{\"expires\":\"soon\"}", "{\"at\":\"never\"}"] {
        assert_eq!(ask(wrong, "msg_2").status, 400, "{wrong}");
    }
    let unsigned = stack.visitor.post_raw(&format!("{}/-/preview", stack.ssg_url), &[], "{}");
    assert_eq!(unsigned.status, 401);
}
