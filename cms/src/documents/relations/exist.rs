//! Whether every row a client named by its number exists.

use std::collections::BTreeSet;

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Targets;
use crate::documents::validate::is_polymorphic;

/// Ids named for each target type, in the order of the schema.
type Named = IndexMap<String, BTreeSet<i64>>;

/// Reports the first type of which a named row is missing, or a zone item of no known
/// component.
///
/// # Errors
/// The message for the client.
pub(crate) fn missing(
    model: &ContentModel,
    attributes: &IndexMap<String, Attribute>,
    data: &Map<String, Value>,
    targets: &Targets,
) -> Result<(), String> {
    let mut named = Named::new();
    collect(model, attributes, data, &mut named)?;
    for (uid, ids) in named {
        let unknown = ids.iter().filter(|id| !targets.contains_key(&(uid.clone(), **id))).count();
        if unknown > 0 {
            return Err(format!(
                "{unknown} relation(s) of type {uid} associated with this entity do not exist"
            ));
        }
    }
    Ok(())
}

fn collect(
    model: &ContentModel,
    attributes: &IndexMap<String, Attribute>,
    data: &Map<String, Value>,
    named: &mut Named,
) -> Result<(), String> {
    for (name, attribute) in attributes {
        let Some(value) = data.get(name).filter(|value| !value.is_null()) else { continue };
        match &attribute.kind {
            AttributeKind::Relation(relation) if !is_polymorphic(relation.kind) => {
                note(&relation.target, value, named);
            }
            AttributeKind::Media { .. } => note(builtin::FILE, value, named),
            AttributeKind::Component { component, .. } => {
                for item in items(value) {
                    parts(model, component, item, named)?;
                }
            }
            AttributeKind::DynamicZone { .. } => {
                for item in items(value) {
                    parts(model, zone_component(item)?, item, named)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The component a zone item names.
fn zone_component(item: &Value) -> Result<&str, String> {
    let item = item.as_object().ok_or("Invalid relations")?;
    item.get("__component").and_then(Value::as_str).filter(|uid| !uid.is_empty()).ok_or_else(|| {
        "Cannot build relations store from component, component identifier is undefined".to_owned()
    })
}

fn parts(model: &ContentModel, uid: &str, item: &Value, named: &mut Named) -> Result<(), String> {
    let part = model.component(uid).ok_or("Invalid relations")?;
    match item {
        Value::Object(map) => collect(model, &part.attributes, map, named),
        _ => Ok(()),
    }
}

fn note(uid: &str, value: &Value, named: &mut Named) {
    let list = value.get("connect").or_else(|| value.get("set")).and_then(Value::as_array);
    let ids = list.into_iter().flatten().filter_map(|item| item.get("id")?.as_i64());
    named.entry(uid.to_owned()).or_default().extend(ids);
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}
