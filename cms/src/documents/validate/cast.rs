//! Converting a value to what its rule asks for, as far as that is possible.

use serde_json::Value;

use super::print::{big_integer, joined, number, plain, rounded};
use super::rule::{Rule, Shape};

/// A value after conversion.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cast {
    Absent,
    /// A number JSON has no word for: infinite, or something that was to be a number and is
    /// none.
    NotFinite(f64),
    Json(Value),
}

impl Cast {
    /// What is kept; no number is shown as null.
    pub(super) fn into_value(self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::NotFinite(_) => Some(Value::Null),
            Self::Json(value) => Some(value),
        }
    }

    pub(super) fn equals(&self, given: &Value) -> bool {
        matches!(self, Self::Json(value) if *value == rounded(given))
    }
}

impl Rule<'_> {
    pub(super) fn cast(&self, given: Option<&Value>) -> Cast {
        let Some(given) = given else {
            return self.default.clone().map_or(Cast::Absent, Cast::Json);
        };
        if matches!(self.shape, Shape::BigInteger) {
            return Cast::Json(big_integer(given).map_or_else(|| given.clone(), Value::String));
        }
        if self.as_given || self.accepts(given) {
            return Cast::Json(self.as_read(given));
        }
        match self.shape {
            Shape::Any | Shape::BigInteger => Cast::Json(given.clone()),
            Shape::Text => Cast::Json(plain(given).map_or_else(|| rounded(given), Value::String)),
            Shape::Number => match to_number(given).unwrap_or(f64::NAN) {
                finite if finite.is_finite() => Cast::Json(number(finite)),
                other => Cast::NotFinite(other),
            },
            Shape::Boolean => Cast::Json(to_boolean(given).unwrap_or_else(|| rounded(given))),
            Shape::List(_) | Shape::Object(_) => Cast::Json(self.parse(given)),
        }
    }

    /// Numbers lose what a client could not see; below lists and objects that is left to the
    /// rules there.
    fn as_read(&self, given: &Value) -> Value {
        match (&self.shape, given) {
            (Shape::List(_) | Shape::Object(_), Value::Array(_) | Value::Object(_)) => {
                given.clone()
            }
            _ => rounded(given),
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
            Cast::NotFinite(number) => matches!(self.shape, Shape::Number) && !number.is_nan(),
            Cast::Json(value) => self.accepts(value),
        }
    }

    fn accepts(&self, value: &Value) -> bool {
        if value.is_null() && self.nullable {
            return true;
        }
        match self.shape {
            Shape::Any | Shape::BigInteger => true,
            Shape::Text => value.is_string(),
            Shape::Number => value.is_number(),
            Shape::Boolean => value.is_boolean(),
            Shape::List(_) => value.is_array(),
            Shape::Object(_) => value.is_object(),
        }
    }
}

/// JavaScript's conversions: blanks in a text do not count, and a list is the number its text
/// begins with.
fn to_number(given: &Value) -> Option<f64> {
    match given {
        Value::String(text) => whole_number_text(text),
        Value::Array(_) => leading_number(&joined(given)),
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
    match text.as_str() {
        "Infinity" | "+Infinity" => return Some(f64::INFINITY),
        "-Infinity" => return Some(f64::NEG_INFINITY),
        _ => {}
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
    match joined(given).to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true.into()),
        "false" | "0" => Some(false.into()),
        _ => None,
    }
}
