//! From a checked value to the form it is stored in.

use cms_api::content_type::AttributeKind;
use cms_api::error::ApiError;
use serde_json::Value;

use super::moment;
use super::validate::{big_integer, rounded};
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
        // Big integers are text to clients.
        AttributeKind::BigInteger => Ok(big_integer(&value).into()),
        AttributeKind::Integer | AttributeKind::Float | AttributeKind::Decimal => {
            Ok(rounded(&value))
        }
        AttributeKind::Json => Ok(json(value)),
        AttributeKind::Password => password(&value),
        _ => Ok(value),
    }
}

/// Text that looks like JSON is JSON; JSON text inside it is looked into once more.
fn json(value: Value) -> Value {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let parsed = value.as_str().and_then(parse).and_then(|parsed| match parsed {
        Value::String(inner) => parse(&inner),
        other => Some(other),
    });
    rounded(&parsed.unwrap_or(value))
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
