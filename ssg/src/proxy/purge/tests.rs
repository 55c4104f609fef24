//! Which answers go with which change.

use serde_json::json;

use super::*;

fn model() -> ContentModel {
    let ty = |name: &str, attributes: serde_json::Value| {
        json!({
            "kind": "collectionType",
            "collectionName": format!("{name}s"),
            "info": { "singularName": name, "pluralName": format!("{name}s"), "displayName": name },
            "options": { "draftAndPublish": true },
            "attributes": attributes,
        })
    };
    let to = |name: &str| json!({ "type": "relation", "relation": "oneToOne", "target": format!("api::{name}.{name}") });
    let model = json!({
        "types": {
            "api::article.article": ty("article", json!({
                "title": { "type": "string" },
                "author": to("author"),
                "tag": to("tag"),
                "cover": { "type": "media" },
                "part": { "type": "component", "component": "shared.part" },
            })),
            "api::author.author": ty("author", json!({ "name": { "type": "string" }, "town": to("town") })),
            "api::tag.tag": ty("tag", json!({ "name": { "type": "string" } })),
            "api::town.town": ty("town", json!({ "name": { "type": "string" }, "mayor": to("author") })),
        },
        "components": {
            "shared.part": { "collectionName": "parts", "info": { "displayName": "part" }, "attributes": { "tag": to("tag") } },
        },
    });
    ContentModel::from_json(&model).unwrap()
}

const ID: &str = "abcdefghijklmnopqrstu123";

/// Types of which every document is a source with an `s`.
fn found(path: &str, query: &str) -> String {
    match sources(Some(&model()), path, query, &[]) {
        Sources::Unknown => "?".to_owned(),
        Sources::Known(documents) => {
            let touches = |uid: &str, id: &str| documents.overlaps(&Documents::one(uid, id));
            let model = model();
            let found = model.types().filter_map(|ty| {
                let name = ty.uid.rsplit('.').next().unwrap_or_default();
                match (touches(&ty.uid, ID), touches(&ty.uid, "other")) {
                    (false, _) => None,
                    (true, true) => Some(format!("{name}s")),
                    (true, false) => Some(name.to_owned()),
                }
            });
            found.collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn answers_depend_on_what_their_query_reaches() {
    for (query, expected) in [
        ("", "article"),
        ("sort=title", "article"),
        ("populate=author", "article authors"),
        ("populate[author][populate]=town", "article authors towns"),
        ("populate=author.town", "article authors towns"),
        ("filters[author][name][$eq]=x", "article authors"),
        ("filters%5Btag%5D%5Bname%5D=x", "article tags"),
        ("populate=*", "article authors tags files"),
        ("populate[0]=cover", "article files"),
        ("populate[part][populate]=tag", "article tags"),
        // Files may belong to anything, and two stars deep that is shown.
        ("populate[part][populate]=*", "?"),
    ] {
        assert_eq!(found(&format!("/api/articles/{ID}"), query), expected, "{query}");
    }
    for path in ["/api/articles", "/api/articles/", "/api/articles/latest", "/api/articles/a/b"] {
        assert_eq!(found(path, "populate=author"), "articles authors", "{path}");
    }
    // What leads back to the own type shows others of it.
    let back = format!("/api/towns/{ID}");
    assert_eq!(found(&back, "populate[mayor][populate]=town"), "authors towns");
    assert_eq!(found("/api/unknown", ""), "?");
    assert_eq!(sources(None, "/api/articles", "", &[]), Sources::Unknown);
}

#[test]
fn a_change_touches_what_may_show_it() {
    let types = |names: &[&str]| {
        let mut documents = Documents::default();
        names.iter().for_each(|uid| documents.add_type(uid));
        documents
    };
    let own = Sources::Known(types(&["a", "b"]));
    assert!(own.touched_by(&Changed::Only(types(&["b", "c"]))));
    assert!(!own.touched_by(&Changed::Only(types(&["c"]))));
    assert!(own.touched_by(&Changed::Everything));
    assert!(Sources::Unknown.touched_by(&Changed::Only(types(&["c"]))));
    assert!(!Sources::Unknown.touched_by(&Changed::Only(types(&[]))));
}

#[test]
fn an_answer_that_does_not_show_the_document_may_be_of_any() {
    let sources = || Sources::Known(Documents::one("a", ID));
    let other = Changed::Only(Documents::one("a", "other"));
    let shown = format!("{{\"data\":{{\"id\":1,\"documentId\":\"{ID}\"}}}}");
    assert!(!sources().answered_with(shown.as_bytes()).touched_by(&other));
    assert!(sources().answered_with(b"{\"data\":[]}").touched_by(&other));
}
