//! The shape of Strapi 4, which a client may go on asking for with a header.
//!
//! Attributes stand below `attributes`, and what a relation or a media attribute leads to
//! below `data`. Components stay flat. It is made of an answer that is finished: no read
//! knows of it.

use actix_web::HttpRequest;
use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use cms_api::{builtin, content_type::ContentType};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

const HEADER: &str = "strapi-response-format";
const WANTED: &str = "v4";
/// A relation that no schema names.
const LOCALIZATIONS: &str = "localizations";

/// Whether the client asked for it.
pub(super) fn is_wanted(http: &HttpRequest) -> bool {
    http.headers().get(HEADER).is_some_and(|value| value == WANTED)
}

/// The text of an entry of this type, from the text every other client gets.
///
/// # Errors
/// When the text is no JSON, which it always is.
pub(super) fn entry(
    model: &ContentModel,
    ty: &ContentType,
    text: &str,
) -> Result<String, serde_json::Error> {
    let entry = serde_json::from_str(text)?;
    Ok(shaped(model, &ty.uid, entry).to_string())
}

fn shaped(model: &ContentModel, uid: &str, entry: Value) -> Value {
    match entry {
        Value::Array(items) => items.into_iter().map(|item| shaped(model, uid, item)).collect(),
        Value::Object(map) => {
            let (ids, attributes) = split(map, &["id", "documentId"]);
            let mut attributes = attributes_of(model, model.attributes(uid), attributes);
            if let Some(others) = attributes.get_mut(LOCALIZATIONS) {
                *others = json!({ "data": shaped(model, uid, others.take()) });
            }
            with(ids, json!({ "attributes": attributes }))
        }
        other => other,
    }
}

/// A component, or a list of them.
fn flat(model: &ContentModel, uid: Option<&str>, value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| flat(model, uid, item)).collect(),
        Value::Object(map) => {
            let named = map.get("__component").and_then(Value::as_str).map(str::to_owned);
            let known = uid.map(str::to_owned).or(named);
            let (ids, attributes) = split(map, &["id", "documentId"]);
            let known = known.and_then(|uid| model.attributes(&uid));
            let id = ids.into_iter().filter(|(key, _)| key == "id").collect();
            with(id, attributes_of(model, known, attributes))
        }
        other => other,
    }
}

fn attributes_of(
    model: &ContentModel,
    known: Option<&IndexMap<String, Attribute>>,
    attributes: Map<String, Value>,
) -> Value {
    let kind = |name: &str| known.and_then(|known| known.get(name)).map(|it| &it.kind);
    attributes
        .into_iter()
        .map(|(name, value)| {
            let shaped = attribute(model, kind(&name), value);
            (name, shaped)
        })
        .collect()
}

fn attribute(model: &ContentModel, kind: Option<&AttributeKind>, value: Value) -> Value {
    match kind {
        Some(AttributeKind::Relation(relation)) if has_entries(&value) => {
            json!({ "data": shaped(model, &relation.target, value) })
        }
        Some(AttributeKind::Media { .. }) if has_entries(&value) => {
            json!({ "data": shaped(model, builtin::FILE, value) })
        }
        Some(AttributeKind::Component { component, .. }) => flat(model, Some(component), value),
        Some(AttributeKind::DynamicZone { .. }) => flat(model, None, value),
        _ => value,
    }
}

fn has_entries(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Array(_) | Value::Object(_))
}

/// The members with these names, and the others.
fn split(map: Map<String, Value>, names: &[&str]) -> (Map<String, Value>, Map<String, Value>) {
    map.into_iter().partition(|(key, _)| names.contains(&key.as_str()))
}

fn with(mut map: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        map.extend(more);
    }
    map.into()
}
