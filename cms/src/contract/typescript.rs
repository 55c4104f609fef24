//! TypeScript of the content model, and of any JSON Schema that the OpenAPI document uses.
//!
//! The types go with `@strapi/client`: an entry is assignable from what its methods answer.

use cms_api::builtin;
use cms_api::content_type::Kind;
use cms_api::model::ContentModel;
use serde_json::{Map, Value};

use super::{names, openapi};

const HEAD: &str = "\
// The content model as types. Written by `cms types --ts`; do not edit.\n\
//\n\
// Which attributes an answer has depends on `fields` and `populate`, so most are optional.\n";

/// One module.
#[must_use]
pub fn module(model: &ContentModel) -> String {
    let document = openapi::document(model, openapi::Offers::default());
    let mut out = HEAD.to_owned();
    let schemas = document["components"]["schemas"].as_object();
    for (name, schema) in schemas.into_iter().flatten() {
        if is_of_content(name) {
            out.push_str(&declaration(name, schema));
        }
    }
    out.push_str(&index(model, "Collections", Kind::Collection));
    out.push_str(&index(model, "Singles", Kind::Single));
    out
}

/// Shapes of the feed and of accounts are not content.
fn is_of_content(name: &str) -> bool {
    !["SyncItem", "SyncPage", "Pairing", "Session", "Done", "Error", "Pagination", "GraphqlAnswer"]
        .contains(&name)
}

/// An alias, since interfaces are not assignable to the records that the client's methods take.
fn declaration(name: &str, schema: &Value) -> String {
    let mut schema = schema.clone();
    // The client's own type of an entry promises these.
    if schema["properties"]["createdAt"].is_object()
        && let Some(required) = schema["required"].as_array_mut()
    {
        required.extend(["createdAt", "updatedAt"].map(Value::from));
    }
    format!("\nexport type {name} = {};\n", of_schema(&schema, 0))
}

/// Entries and what is written of them, by the name in the URL.
fn index(model: &ContentModel, name: &str, kind: Kind) -> String {
    let mut out = format!("\n/** By the name in the URL. */\nexport interface {name} {{\n");
    for ty in model.types().filter(|ty| ty.kind == kind && !builtin::is_builtin(&ty.uid)) {
        let shown = names::of_type(ty);
        let route = key(ty.route_name());
        out.push_str(&format!("  {route}: {{ entry: {shown}; input: {shown}Input }};\n"));
    }
    out.push_str("}\n");
    out
}

/// The type of a schema, from the given indentation on.
#[must_use]
pub fn of_schema(schema: &Value, indent: usize) -> String {
    let Some(map) = schema.as_object() else { return "unknown".to_owned() };
    if let Some(name) = map.get("$ref").and_then(Value::as_str) {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(value) = map.get("const") {
        return value.to_string();
    }
    for (word, between) in [("enum", " | "), ("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")] {
        if let Some(parts) = map.get(word).and_then(Value::as_array) {
            return joined(word, parts, between, indent);
        }
    }
    match map.get("type") {
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(|kind| named(kind, map, indent)).collect::<Vec<_>>().join(" | ")
        }
        Some(Value::String(kind)) => named(kind, map, indent),
        _ if map.contains_key("properties") || map.contains_key("required") => object(map, indent),
        _ => "unknown".to_owned(),
    }
}

fn joined(word: &str, parts: &[Value], between: &str, indent: usize) -> String {
    let shown = |part: &Value| match word {
        "enum" => part.to_string(),
        _ => grouped(of_schema(part, indent)),
    };
    let mut shown: Vec<String> = parts.iter().map(shown).filter(|part| part != "{}").collect();
    shown.dedup();
    if shown.is_empty() { "never".to_owned() } else { shown.join(between) }
}

/// In brackets where it is more than one word.
fn grouped(shape: String) -> String {
    let is_object = shape.starts_with('{') && !shape.contains("} ");
    let is_plain = is_object || !(shape.contains(" | ") || shape.contains(" & "));
    if is_plain { shape } else { format!("({shape})") }
}

fn named(kind: &str, map: &Map<String, Value>, indent: usize) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => {
            let items =
                map.get("items").map_or_else(|| "unknown".into(), |of| of_schema(of, indent));
            format!("{}[]", grouped(items))
        }
        "object" if map.contains_key("properties") => object(map, indent),
        "object" => "Record<string, unknown>".to_owned(),
        other => other.to_owned(),
    }
}

const STEP: usize = 2;

fn object(map: &Map<String, Value>, indent: usize) -> String {
    let required: Vec<&str> = map
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = map.get("properties").and_then(Value::as_object);
    let inner = indent + STEP;
    let mut lines = String::new();
    for (name, schema) in properties.into_iter().flatten() {
        let optional = if required.contains(&name.as_str()) { "" } else { "?" };
        let shape = of_schema(schema, inner);
        lines.push_str(&format!("{:inner$}{}{optional}: {shape};\n", "", key(name)));
    }
    // What is required of another part of an intersection.
    for name in
        required.iter().filter(|name| properties.is_none_or(|known| !known.contains_key(**name)))
    {
        lines.push_str(&format!("{:inner$}{}: unknown;\n", "", key(name)));
    }
    if lines.is_empty() { "{}".to_owned() } else { format!("{{\n{lines}{:indent$}}}", "") }
}

/// A property's name, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { serde_json::json!(name).to_string() }
}
