//! JavaScript's conversions, where Strapi relies on them.

use serde_json::Value;

/// `Number(value)`: `NaN` when it is none.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::Null => 0.0,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => number_of_text(text.trim()),
        Value::Array(items) => match items.as_slice() {
            [] => 0.0,
            [only] => number(only),
            _ => f64::NAN,
        },
        Value::Object(_) => f64::NAN,
    }
}

#[expect(clippy::cast_precision_loss, reason = "JavaScript has no other numbers")]
fn number_of_text(text: &str) -> f64 {
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        u64::from_str_radix(digits, radix).ok().map(|number| number as f64)
    };
    if text.is_empty() {
        return 0.0;
    }
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)) {
        return number;
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        // Rust also reads `inf` and `nan`, JavaScript does not.
        _ if text.chars().any(|c| c.is_ascii_alphabetic() && !matches!(c, 'e' | 'E')) => f64::NAN,
        _ => text.parse().unwrap_or(f64::NAN),
    }
}

/// A number as JavaScript prints it.
pub fn print_number(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() };
    }
    number.to_string()
}

/// A scalar as text; `None` for null, lists and objects.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `true`, `t`, `1`, `false`, `f`, `0`: what Strapi takes as a boolean without force.
pub(super) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        Value::String(text) => boolean_word(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn boolean_word(text: &str) -> Option<bool> {
    match text {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// As [`boolean`], and anything else is as true as JavaScript finds it.
pub(super) fn truthy(value: &Value) -> bool {
    boolean(value).unwrap_or_else(|| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64().is_some_and(|n| n != 0.0 && !n.is_nan()),
        _ => true,
    })
}

/// What JavaScript makes of a value in a text: `1,2` of a list, `[object Object]` of an object.
pub(super) fn spelled(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(items) => {
            let item = |item: &Value| if item.is_null() { String::new() } else { spelled(item) };
            items.iter().map(item).collect::<Vec<_>>().join(",")
        }
        Value::Object(_) => "[object Object]".to_owned(),
        scalar => text(scalar).unwrap_or_default(),
    }
}

/// Whether a parameter counts as given: not for null and the empty text.
pub(super) fn is_given(value: &Value) -> bool {
    !value.is_null() && *value != Value::String(String::new())
}
