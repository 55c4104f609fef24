//! JSON Schema of content: entries as they are shown, and as they are written.
//!
//! Rules of the model stand at what is written only: stored content may be older than a rule.

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, Component, ContentType, Relation};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::reference;
use crate::contract::names;

type Attributes = IndexMap<String, Attribute>;

/// Every schema that follows from the model.
pub(super) fn of_model(model: &ContentModel) -> Map<String, Value> {
    let mut schemas = Map::new();
    for ty in model.types().filter(|ty| names::is_shown(ty)) {
        schemas.insert(names::of_type(ty), entry(model, ty));
        if !builtin::is_builtin(&ty.uid) {
            schemas.insert(input_name(ty), input(ty));
        }
    }
    for part in model.components() {
        let name = names::of_component(&part.uid);
        schemas.insert(format!("{name}Input"), component_input(part));
        schemas.insert(name, component(model, part));
    }
    schemas
}

pub(super) fn input_name(ty: &ContentType) -> String {
    format!("{}Input", names::of_type(ty))
}

/// Attributes that must be given when an entry is made and published at once.
pub(super) fn required(attributes: &Attributes) -> Vec<&str> {
    let needed = attributes.iter().filter(|(_, attribute)| {
        attribute.required
            && attribute.writable
            && attribute.default.is_none()
            && !matches!(attribute.kind, AttributeKind::Uid { .. } | AttributeKind::Boolean)
    });
    needed.map(|(name, _)| name.as_str()).collect()
}

/// An entry as it is shown. Which attributes there are depends on `fields` and `populate`.
fn entry(model: &ContentModel, ty: &ContentType) -> Value {
    let mut properties = Map::new();
    properties.insert("id".into(), json!({ "type": "integer" }));
    properties.insert("documentId".into(), json!({ "type": "string" }));
    properties.extend(shown(model, &ty.attributes));
    for (name, kind) in [
        ("createdAt", json!("string")),
        ("updatedAt", json!("string")),
        ("publishedAt", json!(["string", "null"])),
    ] {
        properties.insert(name.into(), json!({ "type": kind, "format": "date-time" }));
    }
    properties.insert("locale".into(), json!({ "type": ["string", "null"] }));
    if ty.localized {
        let own = reference(&names::of_type(ty));
        properties.insert("localizations".into(), json!({ "type": "array", "items": own }));
    }
    json!({
        "type": "object",
        "title": ty.display_name,
        "required": ["id", "documentId"],
        "properties": properties,
    })
}

fn component(model: &ContentModel, part: &Component) -> Value {
    let mut properties = Map::new();
    properties.insert("id".into(), json!({ "type": "integer" }));
    // Only in a dynamic zone.
    properties.insert("__component".into(), json!({ "const": part.uid }));
    properties.extend(shown(model, &part.attributes));
    json!({
        "type": "object",
        "title": part.display_name,
        "required": ["id"],
        "properties": properties,
    })
}

fn shown<'a>(
    model: &'a ContentModel,
    attributes: &'a Attributes,
) -> impl Iterator<Item = (String, Value)> + 'a {
    let visible = attributes.iter().filter(|(_, attribute)| !attribute.is_hidden());
    visible.map(|(name, attribute)| (name.clone(), output(model, &attribute.kind)))
}

fn nullable(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn many(items: &Value) -> Value {
    json!({ "type": ["array", "null"], "items": items })
}

fn output(model: &ContentModel, kind: &AttributeKind) -> Value {
    match kind {
        AttributeKind::Integer => nullable("integer"),
        AttributeKind::Float | AttributeKind::Decimal => nullable("number"),
        AttributeKind::Boolean => nullable("boolean"),
        AttributeKind::DateTime => json!({ "type": ["string", "null"], "format": "date-time" }),
        AttributeKind::Date => json!({ "type": ["string", "null"], "format": "date" }),
        AttributeKind::Json => json!({}),
        AttributeKind::Blocks => many(&json!({ "type": "object" })),
        AttributeKind::Media { multiple: false, .. } => or_null(reference("UploadFile")),
        AttributeKind::Media { .. } => many(&reference("UploadFile")),
        AttributeKind::Relation(relation) => related(model, relation),
        AttributeKind::Component { component, repeatable: false } => {
            or_null(reference(&names::of_component(component)))
        }
        AttributeKind::Component { component, .. } => {
            many(&reference(&names::of_component(component)))
        }
        AttributeKind::DynamicZone { components } => many(&zone(components, "")),
        AttributeKind::Enumeration { values } => {
            let mut values: Vec<Value> = values.iter().map(|value| json!(value)).collect();
            values.push(Value::Null);
            json!({ "enum": values })
        }
        _ => nullable("string"),
    }
}

/// One of a zone's components, which names itself.
fn zone(components: &[String], suffix: &str) -> Value {
    let one = |uid: &String| {
        let part = reference(&format!("{}{suffix}", names::of_component(uid)));
        let named = json!({
            "required": ["__component"], "properties": { "__component": { "const": uid } }
        });
        json!({ "allOf": [part, named] })
    };
    json!({ "anyOf": components.iter().map(one).collect::<Vec<_>>() })
}

fn related(model: &ContentModel, relation: &Relation) -> Value {
    let target = model.get(&relation.target).filter(|ty| names::is_shown(ty));
    let entry =
        target.map_or_else(|| json!({ "type": "object" }), |ty| reference(&names::of_type(ty)));
    let count = json!({
        "type": "object", "required": ["count"], "properties": { "count": { "type": "integer" } }
    });
    match relation.kind.is_to_many() {
        true => {
            json!({ "anyOf": [{ "type": "array", "items": entry }, count, { "type": "null" }] })
        }
        false => or_null(entry),
    }
}

/// What may be written of an entry.
fn input(ty: &ContentType) -> Value {
    let mut properties: Map<String, Value> = written(&ty.attributes).collect();
    properties.insert("locale".into(), nullable("string"));
    json!({ "type": "object", "title": ty.display_name, "properties": properties })
}

fn component_input(part: &Component) -> Value {
    let mut properties: Map<String, Value> = written(&part.attributes).collect();
    properties.insert("id".into(), json!({ "type": "integer" }));
    properties.insert("__component".into(), json!({ "const": part.uid }));
    let required = required(&part.attributes);
    json!({ "type": "object", "title": part.display_name, "required": required, "properties": properties })
}

fn written(attributes: &Attributes) -> impl Iterator<Item = (String, Value)> {
    let writable = attributes.iter().filter(|(_, attribute)| attribute.writable);
    writable.map(|(name, attribute)| (name.clone(), ruled(attribute)))
}

/// What an attribute takes, with the rules that JSON Schema has words for.
fn ruled(attribute: &Attribute) -> Value {
    let mut schema = taken(&attribute.kind);
    let Value::Object(map) = &mut schema else { return schema };
    let is_list = matches!(
        attribute.kind,
        AttributeKind::DynamicZone { .. } | AttributeKind::Component { repeatable: true, .. }
    );
    let (least, most) = if is_list { ("minItems", "maxItems") } else { ("minimum", "maximum") };
    let count = |rule: f64| if rule.fract() == 0.0 { json!(rule as i64) } else { json!(rule) };
    for (word, rule) in [(least, attribute.min), (most, attribute.max)] {
        if let Some(rule) = rule {
            map.insert(word.to_owned(), count(rule));
        }
    }
    for (word, rule) in [("minLength", attribute.min_length), ("maxLength", attribute.max_length)] {
        if let Some(rule) = rule {
            map.insert(word.to_owned(), rule.into());
        }
    }
    if let Some(regex) = &attribute.regex {
        map.insert("pattern".to_owned(), regex.as_str().into());
    }
    if let Some(default) = &attribute.default {
        map.insert("default".to_owned(), default.clone());
    }
    schema
}

fn taken(kind: &AttributeKind) -> Value {
    match kind {
        AttributeKind::Integer => nullable("integer"),
        AttributeKind::BigInteger => json!({ "type": ["string", "integer", "null"] }),
        AttributeKind::Float | AttributeKind::Decimal => nullable("number"),
        AttributeKind::Boolean => nullable("boolean"),
        AttributeKind::Email => json!({ "type": ["string", "null"], "format": "email" }),
        AttributeKind::DateTime => json!({ "type": ["string", "null"], "format": "date-time" }),
        AttributeKind::Date => json!({ "type": ["string", "null"], "format": "date" }),
        AttributeKind::Json => json!({}),
        AttributeKind::Blocks => many(&json!({ "type": "object" })),
        AttributeKind::Media { multiple, .. } => media(*multiple),
        AttributeKind::Relation(_) => reference("Links"),
        AttributeKind::Component { component, repeatable: false } => {
            or_null(reference(&format!("{}Input", names::of_component(component))))
        }
        AttributeKind::Component { component, .. } => {
            many(&reference(&format!("{}Input", names::of_component(component))))
        }
        AttributeKind::DynamicZone { components } => many(&zone(components, "Input")),
        AttributeKind::Enumeration { values } => {
            let mut values: Vec<Value> = values.iter().map(|value| json!(value)).collect();
            values.push(Value::Null);
            json!({ "enum": values })
        }
        _ => nullable("string"),
    }
}

fn media(multiple: bool) -> Value {
    match multiple {
        true => many(&json!({ "type": "integer" })),
        false => nullable("integer"),
    }
}
