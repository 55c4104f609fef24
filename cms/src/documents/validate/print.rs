//! Values as Strapi's messages show them.

use serde_json::{Map, Value};

/// A value inside a message: text in quotes, lists and objects as indented JSON whose
/// leaves are shown the same way.
pub(crate) fn print(value: &Value) -> String {
    match leaf(value) {
        Some(text) => text,
        None => serde_json::to_string_pretty(&shown(value)).unwrap_or_default(),
    }
}

fn shown(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(nested).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), nested(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

fn nested(value: &Value) -> Value {
    leaf(value).map_or_else(|| shown(value), Value::String)
}

fn leaf(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".into()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            // The validator tells the two zeros apart, unlike JavaScript's own text.
            let sign = if number == 0.0 && number.is_sign_negative() { "-" } else { "" };
            Some(format!("{sign}{}", number_text(number)))
        }
        Value::String(text) => Some(format!("\"{text}\"")),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number the way JavaScript writes it.
pub(crate) fn number_text(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        return "0".into();
    }
    if (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
        _ => text,
    }
}

/// The plain text of a scalar, as JavaScript's `String(value)` makes it.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number_text(number.as_f64()?)),
        _ => None,
    }
}

/// The text of any value, as JavaScript's `String(value)` makes it.
pub(crate) fn joined(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Array(items) => {
            let items =
                items.iter().map(|item| if item.is_null() { String::new() } else { joined(item) });
            items.collect::<Vec<_>>().join(",")
        }
        Value::Object(_) => "[object Object]".into(),
        scalar => plain(scalar).unwrap_or_default(),
    }
}

/// The digits of a whole number, given as a number or as text; a number keeps all of them.
pub(crate) fn big_integer(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        Value::Number(number) => {
            number.as_f64().filter(|number| number.fract() == 0.0).map(number_text)
        }
        Value::String(text) => {
            let text = text.trim();
            let (sign, digits) = match text.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", text.strip_prefix('+').unwrap_or(text)),
            };
            if !is_whole(digits) || digits.starts_with('-') {
                return None;
            }
            match digits.trim_start_matches('0') {
                "" => Some("0".into()),
                digits => Some(format!("{sign}{digits}")),
            }
        }
        _ => None,
    }
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number as JSON: whole numbers without a fraction.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 {
        let text = number_text(value);
        let whole =
            text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
        if let Ok(whole) = whole {
            return whole;
        }
    }
    serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The value with every number as a client that knows 64-bit floats alone reads it.
pub(crate) fn rounded(value: &Value) -> Value {
    const EXACT: u64 = 1 << 53;
    match value {
        Value::Number(given) => {
            let whole = given.as_u64().or_else(|| given.as_i64().map(i64::unsigned_abs));
            match given.as_f64().filter(|_| whole.is_none_or(|whole| whole > EXACT)) {
                Some(float) => number(float),
                None => value.clone(),
            }
        }
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), rounded(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn leaves_inside_lists_are_shown_like_leaves() {
        assert_eq!(print(&json!(["a"])), "[\n  \"\\\"a\\\"\"\n]");
        assert_eq!(
            print(&json!({"a": 1.0, "b": [null]})),
            "{\n  \"a\": \"1\",\n  \"b\": [\n    \"null\"\n  ]\n}"
        );
        assert_eq!(print(&json!([])), "[]");
        assert_eq!(print(&json!("x")), "\"x\"");
    }

    #[test]
    fn numbers_look_like_javascript() {
        for (number, text) in
            [(7.0, "7"), (0.1, "0.1"), (1e21, "1e+21"), (1e-7, "1e-7"), (-0.0, "0")]
        {
            assert_eq!(number_text(number), text);
        }
        assert_eq!(super::number(123_456_789_012_345_678.0), json!(123_456_789_012_345_680_i64));
        assert_eq!((super::number(-0.0), super::number(0.5)), (json!(0), json!(0.5)));
    }
}
