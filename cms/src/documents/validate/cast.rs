//! Converting a value to what its rule asks for, as far as that is possible.

use serde_json::Value;

use super::print::{number, plain};
use super::rule::{Rule, Shape};

/// A value after conversion.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cast {
    Absent,
    /// Something that was to be a number and is none.
    NotANumber,
    Json(Value),
}

impl Cast {
    /// What is kept; no number is shown as null.
    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::NotANumber => Some(Value::Null),
            Self::Json(value) => Some(value),
        }
    }

    pub(super) fn equals(&self, given: &Value) -> bool {
        matches!(self, Self::Json(value) if value == given)
    }
}

impl Rule<'_> {
    pub(super) fn cast(&self, given: Option<&Value>) -> Cast {
        let Some(given) = given else {
            return self.default.clone().map_or(Cast::Absent, Cast::Json);
        };
        if self.as_given || self.accepts(given) {
            return Cast::Json(given.clone());
        }
        match self.shape {
            Shape::Any => Cast::Json(given.clone()),
            Shape::Text => Cast::Json(plain(given).map_or_else(|| given.clone(), Value::String)),
            Shape::Number => to_number(given).map_or(Cast::NotANumber, |n| Cast::Json(number(n))),
            Shape::Boolean => Cast::Json(to_boolean(given).unwrap_or_else(|| given.clone())),
            Shape::List(_) | Shape::Object(_) => Cast::Json(self.parse(given)),
        }
    }

    /// Lists and objects may come as JSON text; anything else becomes null.
    fn parse(&self, given: &Value) -> Value {
        let parsed: Option<Value> = given.as_str().and_then(|text| serde_json::from_str(text).ok());
        parsed.filter(|value| self.accepts(value)).unwrap_or(Value::Null)
    }

    /// Whether the value is of the type asked for (a missing one always is).
    pub(super) fn fits(&self, cast: &Cast) -> bool {
        match cast {
            Cast::Absent => true,
            Cast::NotANumber => false,
            Cast::Json(value) => self.accepts(value),
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        if value.is_null() && self.nullable {
            return true;
        }
        match self.shape {
            Shape::Any => true,
            Shape::Text => value.is_string(),
            Shape::Number => value.is_number(),
            Shape::Boolean => value.is_boolean(),
            Shape::List(_) => value.is_array(),
            Shape::Object(_) => value.is_object(),
        }
    }
}

/// JavaScript's `parseFloat` behind the conversions of texts: blanks do not count, and a
/// list of one value is that value.
fn to_number(given: &Value) -> Option<f64> {
    match given {
        Value::String(text) => whole_number_text(text),
        Value::Array(items) => match items.as_slice() {
            [first, ..] => leading_number(&plain(first)?),
            [] => None,
        },
        _ => None,
    }
}

fn whole_number_text(text: &str) -> Option<f64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let radix = match text.get(..2) {
        Some("0x" | "0X") => Some(16),
        Some("0o" | "0O") => Some(8),
        Some("0b" | "0B") => Some(2),
        _ => None,
    };
    if let Some(radix) = radix {
        #[expect(clippy::cast_precision_loss, reason = "numbers are 64-bit floats to clients")]
        return u64::from_str_radix(text.get(2..)?, radix).ok().map(|number| number as f64);
    }
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    if !text.chars().all(plain) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    (1..=text.len())
        .rev()
        .filter_map(|end| text.get(..end))
        .find_map(|part| part.parse::<f64>().ok().filter(|number| number.is_finite()))
}

fn to_boolean(given: &Value) -> Option<Value> {
    match plain(given)?.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true.into()),
        "false" | "0" => Some(false.into()),
        _ => None,
    }
}
