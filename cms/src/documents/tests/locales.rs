//! Locales: what is shared between them and what is not.

use serde_json::{Value, json};

use super::world::{ARTICLE, World, identity};

fn value(world: &World, id: &str, locale: &str, status: &str, name: &str) -> Value {
    world.data(ARTICLE, id, locale, status)[name].clone()
}

#[test]
fn a_new_locale_takes_shared_values_and_gives_them() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "English", "views": 3, "kind": "news"}));
    world.try_update(ARTICLE, &id, "de", true, &json!({"title": "Deutsch"})).unwrap();
    assert_eq!(value(&world, &id, "de", "published", "views"), 3);
    assert_eq!(value(&world, &id, "de", "published", "kind"), "news");
    assert_eq!(value(&world, &id, "de", "published", "slug"), Value::Null);
    world.try_update(ARTICLE, &id, "de", true, &json!({"views": 9})).unwrap();
    // A write that publishes gives them to what is published.
    assert_eq!(value(&world, &id, "en", "published", "views"), 9);
    assert_eq!(value(&world, &id, "en", "draft", "views"), 3);
    assert_eq!(value(&world, &id, "en", "published", "title"), "English");
}

#[test]
fn a_new_locale_takes_what_was_published_last_and_null_says_nothing() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "English", "views": 3, "rating": 5}));
    world.try_update(ARTICLE, &id, "en", false, &json!({"views": 4})).unwrap();
    let body = json!({"title": "Deutsch", "views": null, "rating": 6});
    world.try_update(ARTICLE, &id, "de", true, &body).unwrap();
    assert_eq!(value(&world, &id, "de", "published", "views"), 3);
    assert_eq!(value(&world, &id, "de", "published", "rating"), 6);
    assert_eq!(value(&world, &id, "en", "published", "rating"), 6);
    assert_eq!(value(&world, &id, "en", "draft", "rating"), 5);
}

#[test]
fn a_draft_write_shares_with_drafts_only_and_says_so_in_the_feed() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "English", "views": 3}));
    world.try_update(ARTICLE, &id, "de", true, &json!({"title": "Deutsch"})).unwrap();
    let cursor = world.changes(0).last().unwrap().2;
    world.try_update(ARTICLE, &id, "de", false, &json!({"views": 4})).unwrap();
    assert_eq!(value(&world, &id, "en", "draft", "views"), 4);
    assert_eq!(value(&world, &id, "en", "published", "views"), 3);
    let touched: Vec<_> = world.changes(cursor).into_iter().map(|(op, id, _)| (op, id)).collect();
    assert_eq!(
        touched,
        [
            ("upsert".to_owned(), identity(ARTICLE, &id, "de", "draft")),
            ("upsert".to_owned(), identity(ARTICLE, &id, "en", "draft")),
        ]
    );
}

#[test]
fn deleting_a_locale_leaves_the_others() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "English"}));
    world.try_update(ARTICLE, &id, "de", true, &json!({"title": "Deutsch"})).unwrap();
    world.delete(ARTICLE, &id, Some("en"));
    assert!(world.row(&identity(ARTICLE, &id, "en", "draft")).is_none());
    assert!(world.row(&identity(ARTICLE, &id, "de", "published")).is_some());
    world.delete(ARTICLE, &id, None);
    assert!(world.row(&identity(ARTICLE, &id, "de", "draft")).is_none());
}

#[test]
fn publishing_what_is_published_changes_nothing() {
    let world = World::new();
    let id = world.create(ARTICLE, &json!({"title": "Same"}));
    let before = world.changes(0).len();
    world.act("publish", ARTICLE, &id, "en").unwrap();
    assert_eq!(world.changes(0).len(), before);
    world.act("unpublish", ARTICLE, &id, "en").unwrap();
    assert!(world.row(&identity(ARTICLE, &id, "en", "published")).is_none());
    world.act("unpublish", ARTICLE, &id, "en").unwrap();
    assert_eq!(world.changes(0).len(), before + 1);
    assert_eq!(world.act("publish", ARTICLE, &id, "de").unwrap_err(), "Not Found");
}
