//! `filters` of a query as the tree that REST's `filters` are.

use serde_json::{Map, Value};

use super::describe::OPERATORS;
use super::schema::Types;

/// The tree for a value of the input type of that name.
pub(super) fn tree(types: &Types, input: &str, filters: &Value) -> Value {
    match filters {
        Value::Array(items) => items.iter().map(|item| tree(types, input, item)).collect(),
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
            (operator(name), tree(types, input, value))
        }
        Some(inner) if inner.ends_with("FiltersInput") => {
            (name.to_owned(), tree(types, inner, value))
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
