//! `filters` of a query as the tree that REST's `filters` are.

use cms_api::error::ApiError;
use cms_api::query_string::{MAX_DEPTH, MAX_PARAMETERS};
use serde_json::{Map, Value};

use super::describe::OPERATORS;
use super::schema::Types;

/// The tree for a value of the input type of that name.
///
/// # Errors
/// When it is larger than what a query string of REST could say.
pub(super) fn tree(types: &Types, input: &str, filters: &Value) -> Result<Value, ApiError> {
    let size = size(filters);
    if size.depth > MAX_DEPTH || size.values > MAX_PARAMETERS {
        return Err(ApiError::validation(format!(
            "Invalid filters: at most {MAX_PARAMETERS} values in {MAX_DEPTH} levels are accepted"
        )));
    }
    Ok(part(types, input, filters))
}

struct Size {
    depth: usize,
    values: usize,
}

fn size(value: &Value) -> Size {
    let nothing = Size { depth: 0, values: 0 };
    let one = |size: Size, inner: &Value| {
        let inner = self::size(inner);
        Size { depth: size.depth.max(inner.depth + 1), values: size.values + inner.values }
    };
    match value {
        Value::Array(items) => items.iter().fold(nothing, one),
        Value::Object(members) => members.values().fold(nothing, one),
        _ => Size { depth: 0, values: 1 },
    }
}

fn part(types: &Types, input: &str, filters: &Value) -> Value {
    match filters {
        Value::Array(items) => items.iter().map(|item| part(types, input, item)).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null() && !is_empty(value));
            Value::Object(members.map(|(name, value)| member(types, input, name, value)).collect())
        }
        other => other.clone(),
    }
}

fn member(types: &Types, input: &str, name: &str, value: &Value) -> (String, Value) {
    // `related: ArticleFiltersInput` of an article is an attribute, `and` of one is not.
    let inner = types.input(input).and_then(|fields| fields.get(name)).map(|field| field.ty.name());
    match inner {
        Some(inner) if inner == input && ["and", "or", "not"].contains(&name) => {
            (operator(name), part(types, input, value))
        }
        Some(inner) if inner.ends_with("FiltersInput") => {
            (name.to_owned(), part(types, inner, value))
        }
        _ => (name.to_owned(), operators(value)),
    }
}

/// A list of nothing is no condition, as in Strapi.
fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// Conditions on a value.
fn operators(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(operators).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !is_empty(value));
            let members = members.map(|(name, value)| (operator(name), operators(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

fn operator(name: &str) -> String {
    match OPERATORS.iter().any(|(word, _)| *word == name) {
        true => format!("${name}"),
        false => name.to_owned(),
    }
}
