//! Content types as archives write them: our schema files, plus what Strapi adds at run time.

use std::path::{Path, PathBuf};

use cms_api::content_type::{ContentType, Kind};
use serde_json::{Map, Value, json};

use super::Refused;

/// Attributes that Strapi gives every content type.
pub(super) const SYSTEM_ATTRIBUTES: [&str; 7] =
    ["createdAt", "updatedAt", "publishedAt", "createdBy", "updatedBy", "locale", "localizations"];
/// Keys a schema file has; the others follow from where it lies.
const FILE_KEYS: [&str; 6] =
    ["kind", "collectionName", "info", "options", "pluginOptions", "attributes"];

/// What a schema file would say: the line without what Strapi added.
pub(super) fn file_of(line: &Value, is_component: bool) -> Value {
    let mut file = Map::new();
    for key in FILE_KEYS {
        if let Some(value) = line.get(key) {
            file.insert(key.into(), value.clone());
        }
    }
    if let Some(Value::Object(attributes)) = file.get_mut("attributes")
        && !is_component
    {
        attributes.retain(|name, _| !SYSTEM_ATTRIBUTES.contains(&name.as_str()));
    }
    Value::Object(file)
}

/// Where a schema file lies below the schema folder.
///
/// # Errors
/// When the uid does not name a place.
pub(super) fn place_of(uid: &str, file: &Value) -> Result<PathBuf, Refused> {
    let unusable = || Refused::new(format!("schemas: `{uid}` is no name of a content type"));
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let path = match uid.strip_prefix("api::") {
        Some(own) => {
            let (api, name) = own.split_once('.').ok_or_else(unusable)?;
            let singular = file.pointer("/info/singularName").and_then(Value::as_str);
            if !is_name(api) || !is_name(name) || singular != Some(name) {
                return Err(unusable());
            }
            Path::new("api").join(api).join("content-types").join(name).join("schema.json")
        }
        None => {
            let (category, name) = uid.split_once('.').ok_or_else(unusable)?;
            if !is_name(category) || !is_name(name) {
                return Err(unusable());
            }
            Path::new("components").join(category).join(format!("{name}.json"))
        }
    };
    Ok(path)
}

/// The line of one of our content types.
pub(super) fn content_type_line(ty: &ContentType) -> Value {
    let mut line = object(&ty.source);
    let collection = collection_name(&line, &ty.plural_name);
    line.insert("collectionName".into(), collection.clone().into());
    line.entry("options").or_insert_with(|| json!({}));
    line.entry("pluginOptions").or_insert_with(|| json!({}));
    if let Some(Value::Object(attributes)) = line.get_mut("attributes") {
        attributes.extend(object(&system_attributes(ty, &collection)));
    }
    let kind = if ty.kind == Kind::Single { "singleType" } else { "collectionType" };
    line.insert("kind".into(), kind.into());
    identify(&mut line, &ty.uid, "contentType", &pascal(&ty.singular_name));
    Value::Object(line)
}

/// The line of one of our components.
pub(super) fn component_line(uid: &str, source: &Value) -> Value {
    let mut line = object(source);
    let (category, name) = uid.split_once('.').unwrap_or(("", uid));
    let usual = format!("components_{}_{}", snake(category), snake(name));
    let collection = collection_name(&line, &usual);
    line.insert("collectionName".into(), collection.into());
    line.entry("options").or_insert_with(|| json!({}));
    let global = format!("Component{}{}", pascal(category), pascal(name));
    identify(&mut line, uid, "component", &global);
    Value::Object(line)
}

fn identify(line: &mut Map<String, Value>, uid: &str, kind: &str, global: &str) {
    let name = uid.rsplit_once('.').map_or(uid, |(_, name)| name);
    line.insert("modelType".into(), kind.into());
    line.insert("modelName".into(), name.into());
    line.insert("uid".into(), uid.into());
    line.insert("globalId".into(), global.into());
}

fn system_attributes(ty: &ContentType, collection: &str) -> Value {
    let author = json!({
        "type": "relation", "relation": "oneToOne", "target": "admin::user",
        "configurable": false, "writable": false, "visible": false, "useJoinTable": false,
        "private": true,
    });
    let hidden = !ty.localized;
    json!({
        "createdAt": { "type": "datetime" },
        "updatedAt": { "type": "datetime" },
        "publishedAt": {
            "type": "datetime", "configurable": false, "writable": true, "visible": true,
        },
        "createdBy": author,
        "updatedBy": author,
        "locale": {
            "writable": true, "private": hidden, "configurable": false, "visible": false,
            "type": "string",
        },
        "localizations": {
            "type": "relation", "relation": "oneToMany", "target": ty.uid, "writable": false,
            "private": hidden, "configurable": false, "visible": false,
            "unstable_virtual": true,
            "joinColumn": {
                "name": "document_id", "referencedColumn": "document_id",
                "referencedTable": collection,
            },
        },
    })
}

fn collection_name(line: &Map<String, Value>, usual: &str) -> String {
    let named = line.get("collectionName").and_then(Value::as_str);
    named.map_or_else(|| snake(usual), str::to_owned)
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// `site-setting` is `SiteSetting`.
fn pascal(name: &str) -> String {
    let words = name.split(['-', '_', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

fn snake(name: &str) -> String {
    name.replace(['-', ' '], "_")
}
