//! An edit in the content server is a page behind nginx: publish, edit, unpublish, roll back.

use serde_json::{Value, json};

use super::process::printed;
use super::stack::{Stack, Wiring};

/// URLs of a report's changes with this action, sorted.
fn urls(report: &Value, action: &str) -> Vec<String> {
    let changes = report["changes"].as_array().unwrap();
    let mut urls: Vec<_> = changes
        .iter()
        .filter(|change| change["action"] == action)
        .map(|change| change["url"].as_str().unwrap().to_owned())
        .collect();
    urls.sort();
    urls
}

fn story_nine(stack: &Stack) -> Value {
    let author = stack.editor.get(&format!("{}/api/authors", stack.cms_url)).json();
    let shore =
        stack.editor.get(&format!("{}/api/categories?filters[slug]=shore", stack.cms_url)).json();
    json!({
        "title": "The ninth wave",
        "slug": "the-ninth-wave",
        "summary": "It is not always the largest.",
        "body": "Some say it is.",
        "publishedOn": "2026-02-01",
        "author": author["data"][0]["documentId"],
        "categories": [shore["data"][0]["documentId"]],
    })
}

/// The whole way there and back, with whatever wiring.
fn publish_edit_unpublish(wiring: Wiring) {
    let stack = Stack::published(wiring);
    assert_eq!(stack.visit("/blog/the-ninth-wave/").status, 404);

    // Publish: the page, the lists, the feed and the sitemap show it.
    let created = stack
        .editor
        .post(&format!("{}/api/articles", stack.cms_url), &json!({ "data": story_nine(&stack) }));
    assert_eq!(created.status, 201, "{}", created.body);
    let id = created.json()["data"]["documentId"].as_str().unwrap().to_owned();
    let report = stack.settled(&created);
    assert_eq!(urls(&report, "add"), ["/blog/the-ninth-wave/"], "{report:#}");
    let page = stack.visit("/blog/the-ninth-wave/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("The ninth wave") && page.body.contains("Some say it is."));
    for list in ["/", "/blog/", "/category/shore/", "/feed.xml"] {
        assert!(stack.visit(list).body.contains("The ninth wave"), "missing in {list}");
    }
    assert!(stack.visit("/sitemap.xml").body.contains("/blog/the-ninth-wave/"));
    assert!(!stack.visit("/category/craft/").body.contains("The ninth wave"));

    // An edit of the text renders the page that shows the text, and says why.
    let edited = stack.edit(&format!("articles/{id}"), &json!({ "body": "Others count better." }));
    let report = stack.settled(&edited);
    assert!(stack.visit("/blog/the-ninth-wave/").body.contains("Others count better."));
    assert!(urls(&report, "change").contains(&"/blog/the-ninth-wave/".to_owned()), "{report:#}");
    assert!(!urls(&report, "change").contains(&"/category/craft/".to_owned()), "{report:#}");
    assert!(report["rendered"].as_i64().unwrap() <= 4, "{report:#}");
    let why = printed(&mut stack.ssg_command(&["why", "/blog/the-ninth-wave/"]));
    assert!(why.contains(&id) && why.contains("body"), "{why}");

    // Unpublish: gone, and gone from the lists.
    let action = format!("{}/api/articles/{id}/actions/unpublish", stack.cms_url);
    let unpublished = stack.editor.post(&action, &json!({}));
    assert_eq!(unpublished.status, 200, "{}", unpublished.body);
    let report = stack.settled(&unpublished);
    assert_eq!(urls(&report, "remove"), ["/blog/the-ninth-wave/"], "{report:#}");
    assert_eq!(stack.visit("/blog/the-ninth-wave/").status, 404);
    for list in ["/", "/blog/", "/category/shore/", "/feed.xml", "/sitemap.xml"] {
        assert!(!stack.visit(list).body.contains("the-ninth-wave"), "still in {list}");
    }

    // And back again.
    let action = format!("{}/api/articles/{id}/actions/publish", stack.cms_url);
    let published = stack.editor.post(&action, &json!({}));
    assert_eq!(published.status, 200, "{}", published.body);
    stack.settled(&published);
    assert!(stack.visit("/blog/the-ninth-wave/").body.contains("Others count better."));
}

#[test]
fn an_edit_is_a_page_with_webhooks() {
    publish_edit_unpublish(Wiring::Webhooks);
}

#[test]
fn an_edit_is_a_page_when_every_webhook_is_lost() {
    publish_edit_unpublish(Wiring::PollingOnly);
}

#[test]
fn an_edit_is_a_page_though_every_access_token_has_expired() {
    publish_edit_unpublish(Wiring::ShortLivedLogin);
}

#[test]
fn a_rollback_brings_the_old_page_back_and_stays_until_unpinned() {
    let stack = Stack::published(Wiring::Webhooks);
    let id = stack.article("story-3");
    let path = format!("articles/{id}");
    stack.settled(&stack.edit(&path, &json!({ "title": "A better title" })));
    assert!(stack.visit("/blog/story-3/").body.contains("A better title"));

    let rolled_back_to = printed(&mut stack.ssg_command(&["rollback"]));
    assert!(stack.visit("/blog/story-3/").body.contains("Story number 3"));
    assert!(stack.visit("/blog/").body.contains("Story number 3"));
    let releases = stack.ssg_json(&["releases", "--json"]);
    let live = releases.as_array().unwrap().iter().find(|r| r["live"] == true).unwrap();
    let live_id = live["id"].as_str().map_or_else(|| live["id"].to_string(), str::to_owned);
    assert_eq!(live_id, rolled_back_to);
    assert_eq!(live["pinned"], true, "{releases:#}");

    // A later edit builds, but nothing goes live while the rollback is pinned.
    let answer = stack.edit(&path, &json!({ "title": "The best title" }));
    let seq: i64 = answer.header("X-Galley-Seq").parse().unwrap();
    super::process::eventually("the pinned build", || {
        let releases = stack.ssg_json(&["releases", "--json"]);
        (releases[0]["seq"].as_i64()? >= seq).then_some(())
    });
    assert!(stack.visit("/blog/story-3/").body.contains("Story number 3"));

    printed(&mut stack.ssg_command(&["unpin"]));
    assert!(stack.visit("/blog/story-3/").body.contains("The best title"));
    assert!(stack.visit("/blog/").body.contains("The best title"));
}

#[test]
fn one_translation_is_published_without_touching_the_other_language() {
    let stack = Stack::published(Wiring::Webhooks);
    let id = stack.article("story-1");
    let before = stack.visit("/blog/story-1/");
    let answer = stack.edit(
        &format!("articles/{id}?locale=de"),
        &json!({
            "title": "Die erste Geschichte",
            "slug": "erste-geschichte",
            "summary": "Worum es geht.",
            "body": "Der Text.",
            "publishedOn": "2026-01-01",
        }),
    );
    stack.settled(&answer);
    let page = stack.visit("/de/blog/erste-geschichte/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Die erste Geschichte"));
    assert!(stack.visit("/de/blog/").body.contains("Die erste Geschichte"));
    let english = stack.visit("/blog/story-1/");
    assert!(english.body.contains("Story number 1"));
    assert!(english.body.contains("/de/blog/erste-geschichte/"), "no link to the translation");
    assert!(!before.body.contains("erste-geschichte"));
}
