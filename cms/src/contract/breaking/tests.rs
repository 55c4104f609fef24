//! Which changes of a content model old clients notice.

use cms_api::model::ContentModel;
use serde_json::{Value, json};

use super::changes;
use crate::contract::openapi::{Offers, document};

fn model(attributes: &Value) -> Value {
    let model = json!({
        "types": {
            "api::article.article": {
                "kind": "collectionType", "collectionName": "articles",
                "info": { "singularName": "article", "pluralName": "articles", "displayName": "Article" },
                "options": { "draftAndPublish": true },
                "attributes": attributes,
            },
        },
        "components": {},
    });
    document(&ContentModel::from_json(&model).unwrap(), Offers { actions: true })
}

fn attributes() -> Value {
    json!({
        "title": { "type": "string", "maxLength": 100 },
        "kind": { "type": "enumeration", "enum": ["news", "essay"] },
        "count": { "type": "integer" },
    })
}

fn changed(name: &str, attribute: Value) -> Vec<String> {
    let mut after = attributes();
    match attribute.is_null() {
        true => drop(after.as_object_mut().unwrap().shift_remove(name)),
        false => after[name] = attribute,
    }
    changes(&model(&attributes()), &model(&after))
}

#[test]
fn what_is_added_breaks_nobody() {
    assert_eq!(changes(&model(&attributes()), &model(&attributes())), Vec::<String>::new());
    assert_eq!(changed("extra", json!({ "type": "text" })), Vec::<String>::new());
    let wider = json!({ "type": "string", "maxLength": 200 });
    assert_eq!(changed("title", wider), Vec::<String>::new());
}

#[test]
fn what_old_clients_notice_is_named_with_its_place() {
    let taken = |what: &str| vec![format!("ArticleInput.{what}")];
    for (name, attribute, expected) in [
        (
            "count",
            Value::Null,
            vec![
                "ArticleInput.count: it is gone".to_owned(),
                "Article.count: it is gone".to_owned(),
            ],
        ),
        (
            "title",
            json!({ "type": "string", "maxLength": 50 }),
            taken("title: maxLength is 50 now"),
        ),
        (
            "kind",
            json!({ "type": "enumeration", "enum": ["news"] }),
            taken("kind: \"essay\" is not taken"),
        ),
        (
            "kind",
            json!({ "type": "enumeration", "enum": ["news", "essay", "note"] }),
            vec!["Article.kind: \"note\" may come now".to_owned()],
        ),
        (
            "extra",
            json!({ "type": "string", "required": true }),
            vec!["POST /api/articles body.data.extra: it is required".to_owned()],
        ),
    ] {
        let mut found = changed(name, attribute.clone());
        found.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{name} {attribute}");
    }
    let found = changed("count", json!({ "type": "string" }));
    assert!(
        found.contains(&"Article.count: integer or null became string or null".to_owned()),
        "{found:?}"
    );
}

#[test]
fn routes_and_webhooks_that_go_are_named() {
    let old = model(&attributes());
    let mut new = old.clone();
    new["paths"].as_object_mut().unwrap().shift_remove("/api/articles/{documentId}");
    new["webhooks"].as_object_mut().unwrap().shift_remove("entry.publish");
    new["paths"]["/sync"]["get"]["parameters"][0]["required"] = true.into();
    new["paths"]["/healthz"]["get"]["security"] = json!([{ "user": [] }]);
    let found = changes(&old, &new);
    for expected in [
        "DELETE /api/articles/{documentId}: the route is gone",
        "webhook entry.publish: it is no longer sent",
        "GET /sync parameter `initial`: it is required now",
        "GET /healthz: a credential is required",
    ] {
        assert!(found.contains(&expected.to_owned()), "{expected}: {found:?}");
    }
}
