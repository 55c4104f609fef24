//! Operands of a filter, converted to the kind of the field they are compared with.

use serde_json::{Number, Value};

use crate::error::ApiError;
use crate::query::FieldKind;
use crate::temporal;

use super::coerce;

/// Converts an operand; null stays null.
pub(super) fn cast(kind: FieldKind, name: &str, value: &Value) -> Result<Value, ApiError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        FieldKind::Json => {
            Ok(Value::String(coerce::text(value).unwrap_or_else(|| value.to_string())))
        }
        FieldKind::Boolean => scalar(name, value).map(|_| Value::Bool(coerce::truthy(value))),
        FieldKind::Integer | FieldKind::Float => number(name, value),
        FieldKind::BigInteger => big_integer(name, value),
        FieldKind::RowId if value.is_array() => Ok(row_id(&coerce::spelled(value))),
        FieldKind::RowId => Ok(row_id(&scalar(name, value)?)),
        FieldKind::Text if value.is_array() => Ok(Value::String(coerce::spelled(value))),
        FieldKind::Text => scalar(name, value).map(Value::String),
        FieldKind::Date => {
            let text = scalar(name, value)?;
            let date = temporal::parse_date(&text);
            date.map(Value::from).ok_or_else(|| invalid("Invalid format, expected yyyy-MM-dd"))
        }
        FieldKind::Time => {
            let time = temporal::parse_time(&scalar(name, value)?);
            time.map(Value::from)
                .ok_or_else(|| invalid("Invalid time format, expected HH:mm:ss.SSS"))
        }
        FieldKind::DateTime => {
            let ms = temporal::parse_datetime(&scalar(name, value)?);
            ms.map(Value::from)
                .ok_or_else(|| invalid("Invalid format, expected a timestamp or an ISO date"))
        }
    }
}

/// The text an operand has in comparisons of parts of texts.
pub(super) fn scalar(name: &str, value: &Value) -> Result<String, ApiError> {
    coerce::text(value)
        .ok_or_else(|| invalid(&format!("Invalid filter on {name}: expected a value, got {value}")))
}

fn invalid(message: &str) -> ApiError {
    ApiError::validation(message)
}

fn number(name: &str, value: &Value) -> Result<Value, ApiError> {
    let text = scalar(name, value)?;
    if let Ok(integer) = text.trim().parse::<i64>() {
        return Ok(integer.into());
    }
    let number = if text.trim().is_empty() { f64::NAN } else { coerce::number(value) };
    match serde_json::Number::from_f64(number) {
        Some(number) => Ok(Value::Number(number)),
        None => Err(invalid(&format!("Invalid filter on {name}: expected a number, got {text}"))),
    }
}

/// What no row can hold is compared as the number it is.
fn big_integer(name: &str, value: &Value) -> Result<Value, ApiError> {
    let text = scalar(name, value)?;
    let digits = text.trim();
    let bare = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid(&format!("Invalid filter on {name}: expected an integer, got {text}")));
    }
    Ok(digits.parse::<i64>().map_or_else(|_| Value::from(coerce::number(value)), Value::from))
}

/// The number a text is where it meets a JSON value: SQLite's numeric affinity.
#[must_use]
pub fn numeric_operand(text: &str) -> Option<Number> {
    let digits = text.trim_matches(|c| matches!(c, '\t'..='\r' | ' '));
    let spelled = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !digits.chars().all(spelled) {
        return None;
    }
    match digits.parse::<i64>() {
        Ok(integer) => Some(integer.into()),
        // What is beyond all numbers is as large as they get.
        Err(_) => Number::from_f64(digits.parse::<f64>().ok()?.clamp(f64::MIN, f64::MAX)),
    }
}

/// A row id is compared as the number a text spells, or as a text, which equals no id.
fn row_id(text: &str) -> Value {
    let digits = text.trim();
    let spelled = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    match (digits.parse::<i64>(), digits.parse::<f64>()) {
        (Ok(id), _) => id.into(),
        (_, Ok(number)) if digits.chars().all(spelled) => number.into(),
        _ => Value::String(text.to_owned()),
    }
}
