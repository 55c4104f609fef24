//! Writing a tree as a query string: the inverse of reading one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// What stands for itself in a name or a value.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'$').remove(b'*');

/// Writes the tree so that [`super::parse`] reads it back. Numbers and booleans become texts;
/// empty lists and objects have no spelling and are left out, and lists of more than
/// [`super::MAX_ITEMS`] are read back as objects.
#[must_use]
pub fn print(tree: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (key, value) in tree {
        print_value(&encode(key), value, &mut out);
    }
    out
}

fn print_value(name: &str, value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                print_value(&format!("{name}[{at}]"), item, out);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                print_value(&format!("{name}[{}]", encode(key)), member, out);
            }
        }
        Value::Null => parameter(name, None, out),
        Value::String(text) => parameter(name, Some(text), out),
        Value::Bool(flag) => parameter(name, Some(&flag.to_string()), out),
        Value::Number(number) => parameter(name, Some(&number.to_string()), out),
    }
}

fn parameter(name: &str, value: Option<&str>, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    if let Some(value) = value {
        out.push('=');
        out.push_str(&encode(value));
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
