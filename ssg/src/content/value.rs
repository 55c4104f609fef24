//! JSON and template values: two shapes of the same data.
//!
//! Content is converted once when it enters a snapshot; from then on a template
//! value is shared by reference count. Keys keep their order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use indexmap::Equivalent;
use serde_json::Value as Json;
use tera::value::Key;
use tera::{Map, Value};

use crate::engine::Fingerprint;
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

/// The fingerprint of all that a template can see of a value, the order of keys included.
pub(crate) fn fingerprint(value: &Value) -> Fingerprint {
    Fingerprint::of_written(|out| write(value, out))
}

/// Appends a value so that no two different ones are written alike: a sign for the kind, the
/// length of what has one, and the content.
fn write(value: &Value, out: &mut Vec<u8>) {
    let counted = |out: &mut Vec<u8>, sign: u8, length: usize| {
        out.push(sign);
        out.extend_from_slice(&(length as u64).to_le_bytes());
    };
    if let Some(text) = value.as_str() {
        counted(out, b's', text.len());
        out.extend_from_slice(text.as_bytes());
    } else if let Some(map) = value.as_map() {
        counted(out, b'm', map.len());
        for (key, value) in map {
            let key = key.as_str().map_or_else(|| key.to_string().into(), Cow::Borrowed);
            counted(out, b'k', key.len());
            out.extend_from_slice(key.as_bytes());
            write(value, out);
        }
    } else if let Some(items) = value.as_array() {
        counted(out, b'a', items.len());
        items.iter().for_each(|item| write(item, out));
    } else if let Some(flag) = value.as_bool() {
        out.extend_from_slice(&[b'b', u8::from(flag)]);
    } else if value.is_none() || value.is_undefined() {
        out.push(b'n');
    } else {
        // Numbers, and what only a template could have made.
        let text = value.to_string();
        counted(out, if value.is_f64() { b'f' } else { b'v' }, text.len());
        out.extend_from_slice(text.as_bytes());
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

    #[test]
    fn values_that_templates_can_tell_apart_have_other_fingerprints() {
        let values = [
            json!(null),
            json!(false),
            json!(0),
            json!(""),
            json!("0"),
            json!("null"),
            json!(1),
            json!(1.5),
            json!(-1),
            json!([]),
            json!({}),
            json!([null]),
            json!(["a", "b"]),
            json!(["ab"]),
            json!(["", "ab"]),
            json!([["a"], "b"]),
            json!([["a", "b"]]),
            json!({ "a": 1, "b": 2 }),
            json!({ "b": 2, "a": 1 }),
            json!({ "a": { "b": 2 } }),
            json!({ "a": null }),
        ];
        let prints: Vec<_> = values.iter().map(|json| fingerprint(&from_json(json))).collect();
        for (at, one) in prints.iter().enumerate() {
            let same = prints.iter().position(|other| other == one);
            assert_eq!(same, Some(at), "{}", values[at]);
            assert_eq!(fingerprint(&from_json(&values[at])), *one);
        }
    }
}
