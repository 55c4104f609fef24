//! Whether every row a client named by its number exists.

use std::collections::BTreeSet;

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Targets, is_truthy, row_number};
use crate::documents::validate::{is_polymorphic, joined};

/// Ids named for each target type, in the order of the schema; `None` where an item has none.
type Named<'a> = IndexMap<&'a str, Vec<Option<&'a Value>>>;

/// What is said of items no database could be asked about.
const INVALID: &str = "Invalid relations";

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
        let unknown = unknown(uid, &ids, targets)?;
        if unknown > 0 {
            return Err(format!(
                "{unknown} relation(s) of type {uid} associated with this entity do not exist"
            ));
        }
    }
    Ok(())
}

/// How many of the different ids have no row.
fn unknown(uid: &str, ids: &[Option<&Value>], targets: &Targets) -> Result<usize, String> {
    let mut different: Vec<&Value> = Vec::new();
    let mut found = BTreeSet::new();
    for id in ids {
        let id = id.filter(|id| !id.is_array()).ok_or(INVALID)?;
        if !different.contains(&id) {
            different.push(id);
        }
        found.extend(row_number(id).filter(|id| targets.contains_key(&(uid.to_owned(), *id))));
    }
    Ok(different.len() - found.len())
}

fn collect<'a>(
    model: &'a ContentModel,
    attributes: &'a IndexMap<String, Attribute>,
    data: &'a Map<String, Value>,
    named: &mut Named<'a>,
) -> Result<(), String> {
    for (name, attribute) in attributes {
        let Some(value) = data.get(name).filter(|value| !value.is_null()) else { continue };
        match &attribute.kind {
            AttributeKind::Relation(relation) if !is_polymorphic(relation.kind) => {
                note(&relation.target, value, named)?;
            }
            AttributeKind::Media { .. } => note(builtin::FILE, value, named)?,
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
    if item.is_null() {
        return Err(INVALID.into());
    }
    match item.get("__component").filter(|uid| is_truthy(uid)) {
        Some(uid) => Ok(uid.as_str().ok_or(INVALID)?),
        None => Err("Cannot build relations store from dynamiczone, component identifier is \
                     undefined"
            .into()),
    }
}

fn parts<'a>(
    model: &'a ContentModel,
    uid: &str,
    item: &'a Value,
    named: &mut Named<'a>,
) -> Result<(), String> {
    let part = model.component(uid).ok_or(INVALID)?;
    match item {
        Value::Object(map) => collect(model, &part.attributes, map, named),
        _ => Ok(()),
    }
}

fn note<'a>(uid: &'a str, value: &'a Value, named: &mut Named<'a>) -> Result<(), String> {
    let given = |word: &str| value.get(word).filter(|list| !list.is_null());
    let list = match (value, given("connect").or_else(|| given("set"))) {
        (Value::Object(_), Some(list)) => list.as_array().ok_or(INVALID)?.as_slice(),
        (Value::Object(_), None) => &[],
        (value, _) => items(value),
    };
    let ids = list.iter().map(|item| match item {
        Value::Object(map) => map.get("id"),
        other => Some(other),
    });
    named.entry(uid).or_default().extend(ids);
    given("disconnect").and_then(Value::as_array).into_iter().flatten().try_for_each(linkable)?;
    let listed = list.iter().filter(|item| value.is_object() && item.is_boolean());
    listed.into_iter().try_for_each(linkable)
}

/// Only texts and whole numbers name rows.
fn linkable(item: &Value) -> Result<(), String> {
    let id = if item.is_object() { item.get("id") } else { Some(item) };
    if id.is_some_and(|id| id.is_string() || id.as_f64().is_some_and(|id| id.fract() == 0.0)) {
        return Ok(());
    }
    Err(format!("Invalid id, expected a string or integer, got {}", joined(item)))
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}
