//! JSON and template values: two shapes of the same data.
//!
//! Content is converted once when it enters a snapshot; from then on a template
//! value is shared by reference count. Keys keep their order.

use std::cell::RefCell;
use std::sync::Arc;

use indexmap::Equivalent;
use serde_json::Value as Json;
use tera::value::Key;
use tera::{Map, Value};

use crate::strings::Strings;

/// The template value of a JSON value.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::none(),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key_of(key), from_json(value)));
            Value::from(entries.collect::<Map>())
        }
    }
}

/// The JSON of a template value; what JSON cannot say (undefined, bytes, not-a-number) is null.
pub(crate) fn to_json(value: &Value) -> Json {
    if let Some(map) = value.as_map() {
        let entries = map.iter().map(|(key, value)| (key.to_string(), to_json(value)));
        return Json::Object(entries.collect());
    }
    if let Some(items) = value.as_array() {
        return Json::Array(items.iter().map(to_json).collect());
    }
    if let Some(text) = value.as_str() {
        return Json::String(text.to_owned());
    }
    if let Some(flag) = value.as_bool() {
        return Json::Bool(flag);
    }
    if value.is_f64() {
        return value.as_f64().map_or(Json::Null, Json::from);
    }
    match (value.as_i64(), value.as_u64()) {
        (Some(number), _) => Json::from(number),
        (None, Some(number)) => Json::from(number),
        (None, None) => Json::Null,
    }
}

/// Names that are shared; a site has a few hundred, but JSON attributes may
/// hold anything.
const MAX_SHARED: usize = 4096;

/// A map key that shares its text with equal ones.
pub(crate) fn key_of(name: &str) -> Key<'static> {
    Key::String(shared(name))
}

/// The name of an attribute, a type or a locale as one text for all who have it.
pub(crate) fn shared(name: &str) -> Arc<str> {
    thread_local! {
        static KNOWN: RefCell<Strings> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| known.share_of(MAX_SHARED, name))
}

/// The value at `name`, `None` when the key is missing.
pub(crate) fn get<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.get(&Name(name))
}

/// A borrowed name to look a key up with; hashes as string keys do.
#[derive(Hash)]
struct Name<'a>(&'a str);

impl Equivalent<Key<'static>> for Name<'_> {
    fn equivalent(&self, key: &Key<'static>) -> bool {
        key.as_str() == Some(self.0)
    }
}

fn from_number(number: &serde_json::Number) -> Value {
    if let Some(number) = number.as_i64() {
        Value::from(number)
    } else if let Some(number) = number.as_u64() {
        Value::from(number)
    } else {
        Value::from(number.as_f64().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_round_trip_with_its_key_order() {
        let json = json!({
            "z": 1, "a": [null, true, -7, 1.5, 18_446_744_073_709_551_615_u64, "Ü"],
            "m": { "b": {}, "a": [] }
        });
        assert_eq!(to_json(&from_json(&json)).to_string(), json.to_string());
    }
}
