//! Scalars: what may be written for one, what a variable may hold, and how a value is shown.

use cms_api::temporal;
use serde_json::{Number, Value};

use super::syntax::{self, Literal};

/// The scalars there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Id,
    Int,
    Float,
    Text,
    Boolean,
    Json,
    DateTime,
    Date,
    Time,
    Long,
    /// The code of a locale.
    Locale,
    /// An item of a dynamic zone: names of components, each with its uid; the first are those
    /// the zone lists.
    ZoneItem {
        listed: usize,
        parts: Vec<(String, String)>,
    },
}

/// Why a value is none of a scalar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The whole message.
    Whole(String),
    /// What is said behind the expected type.
    Reason(String),
    /// There is nothing to say but the expected type.
    Plain,
}

type Accepted = Result<Value, Refusal>;

impl Scalar {
    /// The value of a literal. `variable` knows those inside values that have no schema.
    pub(crate) fn literal(
        &self,
        value: &syntax::Value,
        variable: &dyn Fn(&str) -> Value,
    ) -> Accepted {
        let printed = || syntax::print(value);
        let whole = |message: String| Err(Refusal::Whole(message));
        match (self, &value.literal) {
            (Self::Id, Literal::Text { text, .. }) => Ok(text.as_str().into()),
            (Self::Id, Literal::Int(digits)) => Ok(digits.as_str().into()),
            (Self::Id, _) => whole(format!(
                "ID cannot represent a non-string and non-integer value: {}",
                printed()
            )),
            (Self::Int, Literal::Int(digits)) => match digits.parse::<i32>() {
                Ok(number) => Ok(number.into()),
                Err(_) => {
                    whole(format!("Int cannot represent non 32-bit signed integer value: {digits}"))
                }
            },
            (Self::Int, _) => {
                whole(format!("Int cannot represent non-integer value: {}", printed()))
            }
            (Self::Float, Literal::Int(digits) | Literal::Float(digits)) => Ok(float(digits)),
            (Self::Float, _) => {
                whole(format!("Float cannot represent non numeric value: {}", printed()))
            }
            (Self::Text, Literal::Text { text, .. }) => Ok(text.as_str().into()),
            (Self::Text, _) => {
                whole(format!("String cannot represent a non string value: {}", printed()))
            }
            (Self::Boolean, Literal::Boolean(flag)) => Ok((*flag).into()),
            (Self::Boolean, _) => {
                whole(format!("Boolean cannot represent a non boolean value: {}", printed()))
            }
            (Self::Json, Literal::Enum(_)) => Err(Refusal::Plain),
            (Self::Json, _) => Ok(untyped(value, variable)),
            (Self::DateTime, Literal::Text { text, .. }) => date_time(text),
            (Self::DateTime, literal) => whole(format!(
                "DateTime cannot represent non string or Date type {}",
                bare(literal)
            )),
            (Self::Date, Literal::Text { text, .. }) => date(text),
            (Self::Date, literal) => {
                whole(format!("Date cannot represent non string type {}", bare(literal)))
            }
            (Self::Time, Literal::Text { text, .. }) => time(text),
            (Self::Time, _) => Err(Refusal::Reason("Time cannot represent non string type".into())),
            (
                Self::Long,
                Literal::Int(text) | Literal::Float(text) | Literal::Text { text, .. },
            ) => long(text),
            (Self::Long, _) => Err(Refusal::Plain),
            (Self::Locale, Literal::Text { text, .. }) => locale(text),
            (Self::Locale, _) => {
                Err(Refusal::Reason("Locale cannot represent non string type".into()))
            }
            (Self::ZoneItem { listed, parts }, Literal::Object(_)) => {
                zone_item(*listed, parts, untyped(value, variable))
            }
            (Self::ZoneItem { .. }, _) => Err(Refusal::Plain),
        }
    }

    /// The value a variable holds.
    pub(crate) fn value(&self, value: &Value) -> Accepted {
        let shown = || inspect(value);
        let whole = |message: String| Err(Refusal::Whole(message));
        match (self, value) {
            (Self::Id, Value::String(_)) => Ok(value.clone()),
            (Self::Id, Value::Number(number)) if number.as_i64().is_some() => {
                Ok(number.to_string().into())
            }
            (Self::Id, _) => whole(format!("ID cannot represent value: {}", shown())),
            (Self::Int, Value::Number(number)) => int(number),
            (Self::Int, _) => whole(format!("Int cannot represent non-integer value: {}", shown())),
            (Self::Float, Value::Number(_)) => Ok(value.clone()),
            (Self::Float, _) => {
                whole(format!("Float cannot represent non numeric value: {}", shown()))
            }
            (Self::Text, Value::String(_)) => Ok(value.clone()),
            (Self::Text, _) => {
                whole(format!("String cannot represent a non string value: {}", shown()))
            }
            (Self::Boolean, Value::Bool(_)) => Ok(value.clone()),
            (Self::Boolean, _) => {
                whole(format!("Boolean cannot represent a non boolean value: {}", shown()))
            }
            (Self::Json, _) => Ok(value.clone()),
            (Self::Locale, Value::String(_)) => Ok(value.clone()),
            // As Strapi: whatever else a variable holds is a locale that nothing is in.
            (Self::Locale, other) => Ok(other.to_string().into()),
            (Self::DateTime, Value::String(text)) => date_time(text),
            (Self::DateTime, _) => {
                whole(format!("DateTime cannot represent non string or Date type {value}"))
            }
            (Self::Date, Value::String(text)) => date(text),
            (Self::Date, _) => whole(format!("Date cannot represent non string type {value}")),
            (Self::Time, Value::String(text)) => time(text),
            (Self::Time, _) => Err(Refusal::Reason(NO_TIME.into())),
            (Self::Long, Value::String(text)) => long(text),
            (Self::Long, Value::Bool(flag)) => Ok(i64::from(*flag).into()),
            (Self::Long, other) => long(&other.to_string()),
            (Self::ZoneItem { listed, parts }, Value::Object(_)) => {
                zone_item(*listed, parts, value.clone())
            }
            (Self::ZoneItem { listed, parts }, _) => Err(no_component(*listed, parts)),
        }
    }

    /// A stored value, as it is shown.
    ///
    /// # Errors
    /// What stands in the way.
    pub(crate) fn shown(&self, value: Value) -> Result<Value, String> {
        match (self, value) {
            (Self::Id | Self::Text | Self::Time, Value::Number(number)) => {
                Ok(number.to_string().into())
            }
            (Self::Id | Self::Text, Value::Bool(flag)) => Ok(flag.to_string().into()),
            (Self::Int, Value::Number(number)) => match int(&number) {
                Ok(shown) => Ok(shown),
                Err(Refusal::Whole(message) | Refusal::Reason(message)) => Err(message),
                Err(Refusal::Plain) => Err("Int cannot represent the value".into()),
            },
            (Self::Long, Value::String(text)) => match text.parse::<i64>() {
                Ok(number) => Ok(number.into()),
                Err(_) => Ok(Value::String(text)),
            },
            (Self::Float, Value::String(text)) => match text.parse::<f64>() {
                Ok(number) => Ok(Number::from_f64(number).map_or(Value::Null, Value::Number)),
                Err(_) => Err(format!("Float cannot represent non numeric value: \"{text}\"")),
            },
            (_, value) => Ok(value),
        }
    }
}

const NO_TIME: &str = "Invalid time format, expected HH:mm:ss.SSS";

fn float(digits: &str) -> Value {
    match digits.parse::<i64>() {
        Ok(number) => number.into(),
        Err(_) => {
            digits.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
        }
    }
}

fn int(number: &Number) -> Accepted {
    let whole = number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        #[expect(clippy::cast_possible_truncation, reason = "beyond any Int it saturates")]
        Some(float as i64)
    });
    match whole {
        None => Err(Refusal::Whole(format!("Int cannot represent non-integer value: {number}"))),
        Some(whole) => match i32::try_from(whole) {
            Ok(whole) => Ok(whole.into()),
            Err(_) => Err(Refusal::Whole(format!(
                "Int cannot represent non 32-bit signed integer value: {number}"
            ))),
        },
    }
}

fn long(text: &str) -> Accepted {
    match text.trim() {
        "" => Ok(0.into()),
        digits => match digits.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) if is_whole(digits) => Ok(digits.into()),
            Err(_) => Err(Refusal::Reason(format!("Cannot convert {text} to a BigInt"))),
        },
    }
}

fn is_whole(digits: &str) -> bool {
    let digits = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn date_time(text: &str) -> Accepted {
    let refused =
        || Refusal::Whole(format!("DateTime cannot represent an invalid date-time-string {text}."));
    if !is_rfc_3339(text) {
        return Err(refused());
    }
    let millis = temporal::parse_datetime(text).ok_or_else(refused)?;
    Ok(temporal::format_datetime(millis).into())
}

/// `2007-12-03T10:15:30Z`: with a time, seconds and a zone.
fn is_rfc_3339(text: &str) -> bool {
    let Some((date, rest)) = text.split_once(['T', 't']) else { return false };
    let zone = rest.find(['Z', 'z', '+', '-']);
    let Some((clock, zone)) = zone.map(|at| rest.split_at(at)) else { return false };
    let zone_is_good = zone.eq_ignore_ascii_case("z")
        || (zone.len() == 6 && zone.as_bytes().get(3) == Some(&b':'));
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    seconds.len() == 8 && digits(fraction) && zone_is_good && is_date(date)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

fn date(text: &str) -> Accepted {
    match is_date(text) {
        true => Ok(text.into()),
        false => {
            Err(Refusal::Whole(format!("Date cannot represent an invalid date-string {text}.")))
        }
    }
}

fn time(text: &str) -> Accepted {
    let parsed = temporal::parse_time(text).filter(|_| text.matches(':').count() == 2);
    parsed.map(Value::from).ok_or_else(|| Refusal::Reason(NO_TIME.into()))
}

fn locale(text: &str) -> Accepted {
    match text == "*" || crate::locales::is_known(text) {
        true => Ok(text.into()),
        false => Err(Refusal::Reason("Unknown locale supplied".into())),
    }
}

/// The `__typename` of an item says which component it is.
fn zone_item(listed: usize, parts: &[(String, String)], item: Value) -> Accepted {
    let Value::Object(mut members) = item else { return Err(Refusal::Plain) };
    let name = members.shift_remove("__typename");
    let named = |(part, _): &&(String, String)| name.as_ref().is_some_and(|name| name == part);
    let Some((_, uid)) = parts.iter().find(named) else {
        return Err(no_component(listed, parts));
    };
    members.insert("__component".into(), uid.as_str().into());
    Ok(Value::Object(members))
}

fn no_component(listed: usize, parts: &[(String, String)]) -> Refusal {
    let names: Vec<_> = parts.iter().take(listed).map(|(name, _)| name.as_str()).collect();
    Refusal::Reason(format!("Component not found. expected one of: {}", names.join(", ")))
}

/// A literal that no schema describes.
fn untyped(value: &syntax::Value, variable: &dyn Fn(&str) -> Value) -> Value {
    match &value.literal {
        Literal::Variable(name) => variable(name),
        Literal::Int(digits) | Literal::Float(digits) => float(digits),
        Literal::Text { text, .. } | Literal::Enum(text) => text.as_str().into(),
        Literal::Boolean(flag) => (*flag).into(),
        Literal::Null => Value::Null,
        Literal::List(items) => items.iter().map(|item| untyped(item, variable)).collect(),
        Literal::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.text.clone(), untyped(value, variable)))
                .collect(),
        ),
    }
}

/// What a literal says, without marks; what has no text is `undefined`.
fn bare(literal: &Literal) -> String {
    match literal {
        Literal::Int(text)
        | Literal::Float(text)
        | Literal::Enum(text)
        | Literal::Text { text, .. } => text.clone(),
        Literal::Boolean(flag) => flag.to_string(),
        Literal::Null | Literal::Variable(_) | Literal::List(_) | Literal::Object(_) => {
            "false".into()
        }
    }
}

/// Deeper values are not shown in messages, and longer lists not as a whole.
const SHOWN_DEPTH: usize = 1;
const SHOWN_ITEMS: usize = 10;

/// A value as messages about variables show it.
pub(super) fn inspect(value: &Value) -> String {
    inspected(value, 0)
}

fn inspected(value: &Value, depth: usize) -> String {
    match value {
        Value::Array(items) if items.is_empty() => "[]".into(),
        Value::Object(members) if members.is_empty() => "{}".into(),
        Value::Array(_) if depth > SHOWN_DEPTH => "[Array]".into(),
        Value::Object(_) if depth > SHOWN_DEPTH => "[Object]".into(),
        Value::Array(items) => {
            let shown = items.iter().take(SHOWN_ITEMS).map(|item| inspected(item, depth + 1));
            let mut shown: Vec<_> = shown.collect();
            match items.len().saturating_sub(SHOWN_ITEMS) {
                0 => {}
                1 => shown.push("... 1 more item".into()),
                more => shown.push(format!("... {more} more items")),
            }
            format!("[{}]", shown.join(", "))
        }
        Value::Object(members) => {
            let shown = members
                .iter()
                .map(|(key, value)| format!("{key}: {}", inspected(value, depth + 1)));
            format!("{{ {} }}", shown.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
