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
            "api::town.town": ty("town", json!({ "name": { "type": "string" } })),
        },
        "components": {
            "shared.part": { "collectionName": "parts", "info": { "displayName": "part" }, "attributes": { "tag": to("tag") } },
        },
    });
    ContentModel::from_json(&model).unwrap()
}

fn found(path: &str, query: &str) -> String {
    match sources(Some(&model()), path, query, &[]) {
        Sources::Unknown => "?".to_owned(),
        Sources::Types(types) => {
            let short = types.iter().map(|uid| uid.rsplit('.').next().unwrap_or_default());
            short.collect::<Vec<_>>().join(" ")
        }
    }
}

#[test]
fn answers_depend_on_what_their_query_reaches() {
    for (query, expected) in [
        ("", "article"),
        ("sort=title", "article"),
        ("populate=author", "article author"),
        ("populate[author][populate]=town", "article author town"),
        ("populate=author.town", "article author town"),
        ("filters[author][name][$eq]=x", "article author"),
        ("filters%5Btag%5D%5Bname%5D=x", "article tag"),
        ("populate=*", "article author tag file"),
        ("populate[0]=cover", "article file"),
        ("populate[part][populate]=tag", "article tag"),
        // Files may belong to anything, and two stars deep that is shown.
        ("populate[part][populate]=*", "?"),
    ] {
        assert_eq!(found("/api/articles/x", query), expected, "{query}");
    }
    assert_eq!(found("/api/unknown", ""), "?");
    assert_eq!(sources(None, "/api/articles", "", &[]), Sources::Unknown);
}

#[test]
fn a_change_touches_what_may_show_it() {
    let types = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let own = Sources::Types(types(&["a", "b"]));
    assert!(own.touched_by(&Changed::Types(types(&["b", "c"]))));
    assert!(!own.touched_by(&Changed::Types(types(&["c"]))));
    assert!(own.touched_by(&Changed::Everything));
    assert!(Sources::Unknown.touched_by(&Changed::Types(types(&["c"]))));
    assert!(!Sources::Unknown.touched_by(&Changed::Types(types(&[]))));
}
