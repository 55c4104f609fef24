//! Operands of a filter, converted to the kind of the field they are compared with.

use serde_json::Value;

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
        FieldKind::RowId => Ok(row_id(&scalar(name, value)?)),
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

fn big_integer(name: &str, value: &Value) -> Result<Value, ApiError> {
    let text = scalar(name, value)?;
    text.trim().parse::<i64>().map(Value::from).map_err(|_| {
        invalid(&format!("Invalid filter on {name}: expected a 64-bit integer, got {text}"))
    })
}

/// A row id is compared as it is: a text that is no number equals no id.
fn row_id(text: &str) -> Value {
    match text.trim().parse::<i64>() {
        Ok(id) => id.into(),
        Err(_) => Value::String(text.to_owned()),
    }
}
