//! Values as messages show them.

use serde_json::Value as Json;

use super::document::{Literal, Value};

/// A value as it is written in a query, in graphql-js's way of writing.
pub(crate) fn print(value: &Value) -> String {
    match &value.literal {
        Literal::Variable(name) => format!("${name}"),
        Literal::Int(digits) | Literal::Float(digits) => digits.clone(),
        Literal::Text { text, block: false } => Json::from(text.as_str()).to_string(),
        Literal::Text { text, block: true } => format!("\"\"\"{text}\"\"\""),
        Literal::Boolean(flag) => flag.to_string(),
        Literal::Null => "null".into(),
        Literal::Enum(word) => word.clone(),
        Literal::List(items) => {
            format!("[{}]", items.iter().map(print).collect::<Vec<_>>().join(", "))
        }
        Literal::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{}: {}", name.text, print(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}
