//! From a schema file to a content type or component.
//!
//! Every attribute option a rule depends on is kept, and what is not understood is refused,
//! naming the place: a silently ignored option would be a rule silently not enforced.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Attribute, AttributeKind, Component, ContentType, Kind, Relation, RelationKind};

/// A schema that cannot be used: what is wrong and where in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at {})", .path.join("."))]
pub struct SchemaError {
    pub message: String,
    /// Keys from the root of the file.
    pub path: Vec<String>,
}

impl SchemaError {
    pub fn new(message: impl Into<String>, path: &[&str]) -> Self {
        Self { message: message.into(), path: path.iter().map(ToString::to_string).collect() }
    }
}

/// Reads a content type's schema.
///
/// # Errors
/// When a key is missing, has the wrong type or an unknown value.
pub fn parse_content_type(uid: &str, source: &Value) -> Result<ContentType, SchemaError> {
    let root = object(source, &[])?;
    let kind = match text_at(root, "kind", &["kind"])? {
        "collectionType" => Kind::Collection,
        "singleType" => Kind::Single,
        other => {
            let message =
                format!("unknown kind `{other}`; accepted are `collectionType` and `singleType`");
            return Err(SchemaError::new(message, &["kind"]));
        }
    };
    let info = match root.get("info") {
        Some(info) => object(info, &["info"])?,
        None => return Err(SchemaError::new("`info` is missing", &[])),
    };
    let singular_name = text_at(info, "singularName", &["info", "singularName"])?.to_owned();
    let plural_name = text_at(info, "pluralName", &["info", "pluralName"])?.to_owned();
    Ok(ContentType {
        uid: uid.to_owned(),
        kind,
        display_name: optional_text(info, "displayName").unwrap_or(&singular_name).to_owned(),
        singular_name,
        plural_name,
        draft_and_publish: flag(source, "/options/draftAndPublish"),
        localized: flag(source, "/pluginOptions/i18n/localized"),
        attributes: parse_attributes(root)?,
        source: source.clone(),
    })
}

/// Reads a component's schema.
///
/// # Errors
/// As [`parse_content_type`].
pub fn parse_component(uid: &str, source: &Value) -> Result<Component, SchemaError> {
    let root = object(source, &[])?;
    let display_name = source.pointer("/info/displayName").and_then(Value::as_str).unwrap_or(uid);
    Ok(Component {
        uid: uid.to_owned(),
        display_name: display_name.to_owned(),
        attributes: parse_attributes(root)?,
        source: source.clone(),
    })
}

fn parse_attributes(root: &Map<String, Value>) -> Result<IndexMap<String, Attribute>, SchemaError> {
    let attributes = match root.get("attributes") {
        Some(attributes) => object(attributes, &["attributes"])?,
        None => return Err(SchemaError::new("`attributes` is missing", &[])),
    };
    attributes
        .iter()
        .map(|(name, value)| Ok((name.clone(), parse_attribute(name, value)?)))
        .collect()
}

fn parse_attribute(name: &str, value: &Value) -> Result<Attribute, SchemaError> {
    let at = ["attributes", name];
    if !is_attribute_name(name) {
        let message = "attribute names are letters, digits and `_`, starting with a letter";
        return Err(SchemaError::new(message, &at));
    }
    let map = object(value, &at)?;
    let mut attribute = Attribute::new(parse_kind(name, map)?);
    attribute.required = truthy(map, "required");
    attribute.unique = truthy(map, "unique");
    attribute.private = truthy(map, "private");
    attribute.writable = map.get("writable") != Some(&Value::Bool(false));
    attribute.searchable = map.get("searchable") != Some(&Value::Bool(false));
    attribute.default = map.get("default").filter(|value| !value.is_null()).cloned();
    attribute.min = number(map, name, "min")?;
    attribute.max = number(map, name, "max")?;
    attribute.min_length = length(map, name, "minLength")?;
    attribute.max_length = length(map, name, "maxLength")?;
    attribute.regex = optional_text(map, "regex").map(str::to_owned);
    attribute.localized = value.pointer("/pluginOptions/i18n/localized").and_then(Value::as_bool);
    Ok(attribute)
}

fn parse_kind(name: &str, map: &Map<String, Value>) -> Result<AttributeKind, SchemaError> {
    let at = |key: &'static str| ["attributes", name, key];
    let required = |key: &'static str| text_at(map, key, &at(key));
    Ok(match required("type")? {
        "string" => AttributeKind::String,
        "text" => AttributeKind::Text,
        "richtext" => AttributeKind::RichText,
        "blocks" => AttributeKind::Blocks,
        "email" => AttributeKind::Email,
        "password" => AttributeKind::Password,
        "uid" => AttributeKind::Uid {
            target_field: optional_text(map, "targetField").map(str::to_owned),
        },
        "integer" => AttributeKind::Integer,
        "biginteger" => AttributeKind::BigInteger,
        "float" => AttributeKind::Float,
        "decimal" => AttributeKind::Decimal,
        "boolean" => AttributeKind::Boolean,
        "date" => AttributeKind::Date,
        "time" => AttributeKind::Time,
        "datetime" => AttributeKind::DateTime,
        "timestamp" => AttributeKind::Timestamp,
        "json" => AttributeKind::Json,
        // A custom field stores what its underlying type stores; Strapi resolves it through
        // a plugin, the schema alone only carries a name, so the value is kept as JSON.
        "customField" => AttributeKind::Json,
        "enumeration" => AttributeKind::Enumeration { values: texts(map, "enum", &at("enum"))? },
        "media" => AttributeKind::Media {
            multiple: truthy(map, "multiple"),
            allowed_types: texts_or_empty(map, "allowedTypes", &at("allowedTypes"))?,
        },
        "relation" => AttributeKind::Relation(parse_relation(name, map)?),
        "component" => AttributeKind::Component {
            component: required("component")?.to_owned(),
            repeatable: truthy(map, "repeatable"),
        },
        "dynamiczone" => {
            AttributeKind::DynamicZone { components: texts(map, "components", &at("components"))? }
        }
        other => {
            let message = format!("unknown attribute type `{other}`; accepted are {KNOWN_TYPES}");
            return Err(SchemaError::new(message, &at("type")));
        }
    })
}

const KNOWN_TYPES: &str = "string, text, richtext, blocks, email, password, uid, integer, \
    biginteger, float, decimal, boolean, date, time, datetime, timestamp, json, enumeration, \
    media, relation, component, dynamiczone, customField";

fn parse_relation(name: &str, map: &Map<String, Value>) -> Result<Relation, SchemaError> {
    let word = text_at(map, "relation", &["attributes", name, "relation"])?;
    let Some(kind) = RelationKind::parse(word) else {
        let message = format!(
            "unknown relation `{word}`; accepted are oneToOne, oneToMany, manyToOne, \
             manyToMany, morphToOne, morphToMany, morphOne, morphMany"
        );
        return Err(SchemaError::new(message, &["attributes", name, "relation"]));
    };
    let polymorphic = matches!(kind, RelationKind::MorphToOne | RelationKind::MorphToMany);
    let target = if polymorphic {
        optional_text(map, "target").unwrap_or_default()
    } else {
        text_at(map, "target", &["attributes", name, "target"])?
    };
    Ok(Relation {
        kind,
        target: target.to_owned(),
        inversed_by: optional_text(map, "inversedBy").map(str::to_owned),
        mapped_by: optional_text(map, "mappedBy").map(str::to_owned),
    })
}

/// Attribute names are inlined into SQL and file paths, so their alphabet is closed.
fn is_attribute_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn object<'a>(value: &'a Value, path: &[&str]) -> Result<&'a Map<String, Value>, SchemaError> {
    value.as_object().ok_or_else(|| SchemaError::new("an object is expected", path))
}

fn text_at<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    path: &[&str],
) -> Result<&'a str, SchemaError> {
    match map.get(key) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(SchemaError::new(format!("`{key}` must be a string"), path)),
        None => {
            let parent = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
            Err(SchemaError::new(format!("`{key}` is missing"), parent))
        }
    }
}

fn optional_text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}

fn texts(map: &Map<String, Value>, key: &str, path: &[&str]) -> Result<Vec<String>, SchemaError> {
    let list = map.get(key).and_then(Value::as_array);
    let texts = list.and_then(|list| {
        list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    texts.ok_or_else(|| SchemaError::new(format!("`{key}` must be a list of strings"), path))
}

fn texts_or_empty(
    map: &Map<String, Value>,
    key: &str,
    path: &[&str],
) -> Result<Vec<String>, SchemaError> {
    if map.contains_key(key) { texts(map, key, path) } else { Ok(Vec::new()) }
}

fn truthy(map: &Map<String, Value>, key: &str) -> bool {
    map.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn flag(source: &Value, pointer: &str) -> bool {
    source.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

fn number(
    map: &Map<String, Value>,
    name: &str,
    key: &'static str,
) -> Result<Option<f64>, SchemaError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => Ok(number.as_f64()),
        // Strapi writes the bounds of big integers as strings.
        Some(Value::String(text)) if text.parse::<f64>().is_ok() => Ok(text.parse().ok()),
        Some(_) => {
            Err(SchemaError::new(format!("`{key}` must be a number"), &["attributes", name, key]))
        }
    }
}

fn length(
    map: &Map<String, Value>,
    name: &str,
    key: &'static str,
) -> Result<Option<u64>, SchemaError> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(length) => Ok(Some(length)),
            None => Err(SchemaError::new(
                format!("`{key}` must be a non-negative integer"),
                &["attributes", name, key],
            )),
        },
    }
}
