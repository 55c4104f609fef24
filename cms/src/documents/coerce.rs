//! From a checked value to the form it is stored in.

use cms_api::content_type::AttributeKind;
use cms_api::error::ApiError;
use serde_json::Value;

use super::moment;
use super::validate::{number, plain};
use crate::error::AppResult;

/// The stored form of a scalar; relations, media and components are not values.
///
/// # Errors
/// When a moment cannot be read (a value that was checked always can).
pub(crate) fn scalar(kind: &AttributeKind, value: Value) -> AppResult<Value> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let text = |result: Result<String, String>| {
        Ok(result.map(Value::String).map_err(ApiError::validation)?)
    };
    match kind {
        AttributeKind::Date => text(moment::date(&value)),
        AttributeKind::Time => text(moment::time(&value)),
        AttributeKind::DateTime | AttributeKind::Timestamp => text(moment::datetime(&value)),
        AttributeKind::BigInteger => Ok(big_integer(&value)),
        AttributeKind::Integer | AttributeKind::Float | AttributeKind::Decimal => {
            Ok(value.as_f64().filter(|_| !value.is_i64() && !value.is_u64()).map_or(value, number))
        }
        AttributeKind::Json => Ok(json(value)),
        AttributeKind::Password => password(&value),
        _ => Ok(value),
    }
}

/// Big integers are text to clients; a number keeps all of its digits.
fn big_integer(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string().into(),
        Value::String(text) => text.trim_start_matches('+').into(),
        other => plain(other).map_or(Value::Null, Value::String),
    }
}

/// Text that looks like JSON is JSON.
fn json(value: Value) -> Value {
    let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    parsed.unwrap_or(value)
}

/// Passwords of content types can be compared, never read back.
fn password(value: &Value) -> AppResult<Value> {
    let text = value.as_str().unwrap_or_default();
    Ok(crate::auth::password::hash(text)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored(kind: AttributeKind, value: Value) -> Value {
        scalar(&kind, value).unwrap()
    }

    #[test]
    fn values_take_their_stored_form() {
        use AttributeKind as Kind;
        assert_eq!(stored(Kind::BigInteger, json!(123)), json!("123"));
        assert_eq!(
            stored(Kind::BigInteger, json!(9_007_199_254_740_993_i64)),
            json!("9007199254740993")
        );
        assert_eq!(stored(Kind::Json, json!("{\"a\":1}")), json!({"a": 1}));
        assert_eq!(stored(Kind::Json, json!("text")), json!("text"));
        assert_eq!(stored(Kind::Date, json!("2024-02-29T01:00:00Z")), json!("2024-02-29"));
        assert_eq!(stored(Kind::Date, Value::Null), Value::Null);
        assert_eq!(stored(Kind::String, json!("x")), json!("x"));
    }
}
