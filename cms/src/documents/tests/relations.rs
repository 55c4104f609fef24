//! Relations from both sides.

use serde_json::json;

use super::world::{ARTICLE, World, identity};

const TAG: &str = "api::tag.tag";
const AUTHOR: &str = "api::author.author";
const CATEGORY: &str = "api::category.category";

#[test]
fn a_relation_edited_from_the_other_side_changes_draft_and_published() {
    let world = World::new();
    let a = world.create(ARTICLE, &json!({"title": "Inverse A"}));
    let b = world.create(ARTICLE, &json!({"title": "Inverse B"}));
    let author = world.create(AUTHOR, &json!({"name": "N", "articles": [a]}));
    world.update(AUTHOR, &author, &json!({"articles": {"connect": [b]}}));
    for (article, status) in [(&a, "draft"), (&a, "published"), (&b, "draft"), (&b, "published")] {
        let row = identity(ARTICLE, article, "en", status);
        assert_eq!(world.linked(&row, "author"), std::slice::from_ref(&author), "{status}");
    }
    world.update(AUTHOR, &author, &json!({"articles": {"set": []}}));
    assert!(world.linked(&identity(ARTICLE, &a, "en", "published"), "author").is_empty());
}

#[test]
fn rows_changed_from_the_other_side_are_in_the_feed() {
    let world = World::new();
    let article = world.create(ARTICLE, &json!({"title": "Owner"}));
    let before = world.changes(0).last().unwrap().2;
    let author = world.create(AUTHOR, &json!({"name": "N", "articles": [article]}));
    let mut touched: Vec<_> =
        world.changes(before).into_iter().map(|(_, id, _)| (id.document_id, id.status)).collect();
    touched.sort();
    let mut expected = vec![
        (article.clone(), "draft".to_owned()),
        (article, "published".to_owned()),
        (author, "published".to_owned()),
    ];
    expected.sort();
    assert_eq!(touched, expected);
}

#[test]
fn children_written_on_the_parent_are_published_with_it() {
    let world = World::new();
    let child = world.create(CATEGORY, &json!({"name": "Child", "slug": "child"}));
    let parent =
        world.create(CATEGORY, &json!({"name": "Parent", "slug": "parent", "children": [child]}));
    let row = |status| identity(CATEGORY, &child, "", status);
    assert_eq!(world.linked(&row("draft"), "parent"), std::slice::from_ref(&parent));
    assert_eq!(world.linked(&row("published"), "parent"), [parent]);
}

#[test]
fn publishing_keeps_a_link_to_a_draft() {
    let world = World::new();
    let draft = world.try_create(CATEGORY, "", false, &json!({"name": "D", "slug": "d"})).unwrap();
    let article =
        world.create(ARTICLE, &json!({"title": "Early", "categories": [draft.document_id]}));
    let published = identity(ARTICLE, &article, "en", "published");
    assert_eq!(world.linked(&published, "categories"), [draft.document_id]);
}

#[test]
fn a_to_one_relation_keeps_the_last_of_several() {
    let world = World::new();
    let a = world.create(AUTHOR, &json!({"name": "A"}));
    let b = world.create(AUTHOR, &json!({"name": "B"}));
    let article = world.create(ARTICLE, &json!({"title": "Two", "author": [a, b]}));
    let row = identity(ARTICLE, &article, "en", "draft");
    assert_eq!(world.linked(&row, "author"), [b]);
    world.update(ARTICLE, &article, &json!({"author": {"connect": [{"documentId": a}]}}));
    assert_eq!(world.linked(&row, "author"), [a]);
    world.update(ARTICLE, &article, &json!({"author": null}));
    assert!(world.linked(&row, "author").is_empty());
}

#[test]
fn deleting_a_target_forgets_its_links() {
    let world = World::new();
    let gone = world.create(TAG, &json!({"name": "gone"}));
    let kept = world.create(TAG, &json!({"name": "kept"}));
    let article = world.create(ARTICLE, &json!({"title": "Tagged", "tags": [gone, kept]}));
    world.delete(TAG, &gone, None);
    assert_eq!(world.linked(&identity(ARTICLE, &article, "en", "published"), "tags"), [kept]);
}

#[test]
fn relations_inside_components_go_with_their_component() {
    let world = World::new();
    let author = world.create(AUTHOR, &json!({"name": "A"}));
    let quote =
        json!({"__component": "blocks.quote", "text": "q", "author": {"connect": [author]}});
    let article = world.create(ARTICLE, &json!({"title": "Quoted", "sections": [quote]}));
    let row = identity(ARTICLE, &article, "en", "published");
    assert_eq!(world.linked(&row, "sections.author"), [author]);
    let plain = json!({"__component": "blocks.quote", "text": "other"});
    world.update(ARTICLE, &article, &json!({"sections": [plain]}));
    assert!(world.linked(&row, "sections.author").is_empty());
}

#[test]
fn an_edit_of_the_draft_leaves_published_links_alone() {
    let world = World::new();
    let a = world.create(TAG, &json!({"name": "a"}));
    let b = world.create(TAG, &json!({"name": "b"}));
    let article = world.create(ARTICLE, &json!({"title": "Tagged", "tags": [a]}));
    world.try_update(ARTICLE, &article, "", false, &json!({"tags": [b]})).unwrap();
    assert_eq!(world.linked(&identity(ARTICLE, &article, "en", "published"), "tags"), [a]);
    assert_eq!(world.linked(&identity(ARTICLE, &article, "en", "draft"), "tags"), [b]);
}
