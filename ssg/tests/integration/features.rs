//! What authors of sites expect of a generator, one test for each thing: a site as text in,
//! files out.
//!
//! Every build here is compared with a clean one.

use serde_json::{Value, json};

use super::site_harness::{Cms, Site};

mod addresses;
mod authoring;
mod content;
mod images;
mod incremental;
mod languages;
mod lists;
mod outputs;
mod search;

/// A notebook's content model: notes in two locales with tags, topics and people.
fn model() -> Value {
    let localized =
        |kind: &str| json!({ "type": kind, "pluginOptions": { "i18n": { "localized": true } } });
    json!({ "components": {}, "types": {
        "api::note.note": ty("collectionType", "note", "notes", true, json!({
            "title": localized("string"),
            "slug": localized("uid"),
            "body": localized("richtext"),
            "story": localized("blocks"),
            "summary": localized("text"),
            "day": { "type": "date" },
            "moment": { "type": "datetime" },
            "mood": { "type": "enumeration", "enum": ["calm", "wild"] },
            "tags": { "type": "relation", "relation": "manyToMany", "target": "api::tag.tag" },
            "topics": { "type": "relation", "relation": "manyToMany", "target": "api::topic.topic" },
            "author": { "type": "relation", "relation": "manyToOne", "target": "api::person.person" },
            "cover": { "type": "media" },
        })),
        "api::tag.tag": ty("collectionType", "tag", "tags", false, json!({
            "name": { "type": "string" }, "slug": { "type": "uid" },
        })),
        "api::topic.topic": ty("collectionType", "topic", "topics", false, json!({
            "name": { "type": "string" }, "slug": { "type": "uid" },
        })),
        "api::person.person": ty("collectionType", "person", "people", false, json!({
            "name": { "type": "string" }, "slug": { "type": "uid" },
        })),
        "api::setting.setting": ty("singleType", "setting", "settings", true, json!({
            "name": localized("string"),
        })),
    }})
}

fn ty(kind: &str, singular: &str, plural: &str, localized: bool, attributes: Value) -> Value {
    json!({
        "kind": kind,
        "collectionName": plural,
        "info": { "singularName": singular, "pluralName": plural, "displayName": singular },
        "options": { "draftAndPublish": true },
        "pluginOptions": { "i18n": { "localized": localized } },
        "attributes": attributes,
    })
}

/// A note with these values, and null in every other attribute.
fn note(title: &str, values: Value) -> Value {
    let mut note = json!({
        "title": title, "slug": title.to_lowercase().replace(' ', "-"), "body": null, "story": null,
        "summary": null, "day": null, "moment": null, "mood": null, "tags": [], "topics": [],
        "author": null, "cover": null,
    });
    note.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    note
}

const HEAD: &str = "-- site.toml --\n[site]\ntitle = \"Notes\"\nbase_url = \"https://example.org\"\n\
                    locales = [\"en\", \"de\"]\n";

/// A site of this archive, which goes on after the `[site]` table, and no content.
fn site(archive: &str) -> Site {
    Site::new(&format!("{HEAD}{}", archive.trim_start()), Cms::new(model()))
}

/// A route with a page per note at `/<slug>/`.
const NOTES: &str = "
[[route]]
path = \"/{slug}/\"
each = \"api::note.note\"
template = \"note.html\"
";
