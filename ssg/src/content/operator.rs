//! How one stored value answers one operator, as SQLite would.
//!
//! Three answers are possible: true, false and unknown (`None`). A null makes
//! every comparison unknown, and an unknown drops the row whether the condition
//! is negated or not; only `$null` and `$notNull` see nulls.

use std::borrow::Cow;
use std::cmp::Ordering;

use cms_api::query::{FieldKind, Test};
use cms_api::query_parse::numeric_operand;
use serde_json::{Number, Value as Json};
use tera::Value;

/// A value in the form its field compares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Int(i128),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The comparable form of a stored value; `None` is SQL's null.
    pub(crate) fn of(kind: FieldKind, value: Option<&'a Value>) -> Option<Self> {
        let value = value.filter(|value| !value.is_none() && !value.is_undefined())?;
        Some(match (value.as_str(), value.as_bool()) {
            (Some(text), _) => Self::of_text(kind, text),
            (None, Some(flag)) => Self::Int(flag.into()),
            (None, None) if value.is_f64() => Self::of_float(kind, value.as_f64()?),
            (None, None) => match value.as_i128() {
                Some(number) => Self::of_int(kind, number),
                None => Self::Text(super::value::to_json(value).to_string().into()),
            },
        })
    }

    /// The comparable form of an operand.
    fn of_operand(kind: FieldKind, operand: &'a Json) -> Option<Self> {
        Some(match operand {
            Json::Null => return None,
            Json::Bool(flag) => Self::Int((*flag).into()),
            Json::String(text) => Self::of_text(kind, text),
            Json::Number(number) => Self::of_number(kind, number)?,
            other => Self::Text(other.to_string().into()),
        })
    }

    fn of_number(kind: FieldKind, number: &Number) -> Option<Self> {
        Some(match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Self::of_int(kind, number.into()),
            (None, Some(number)) => Self::of_int(kind, number.into()),
            (None, None) => Self::of_float(kind, number.as_f64()?),
        })
    }

    fn of_text(kind: FieldKind, text: &'a str) -> Self {
        let number = || text.trim().parse::<i128>().ok().map(Self::Int);
        let float = || text.trim().parse::<f64>().ok().map(Self::Float);
        let converted = match kind {
            FieldKind::Integer | FieldKind::RowId | FieldKind::BigInteger | FieldKind::Float => {
                number().or_else(float)
            }
            // Strapi's JSON columns have SQLite's numeric affinity: what spells a number is one.
            FieldKind::Json => {
                numeric_operand(text).and_then(|number| Self::of_number(kind, &number))
            }
            FieldKind::Boolean => match text {
                "true" => Some(Self::Int(1)),
                "false" => Some(Self::Int(0)),
                _ => number(),
            },
            FieldKind::DateTime => milliseconds(text).or_else(number),
            FieldKind::Text | FieldKind::Date | FieldKind::Time => None,
        };
        converted.unwrap_or(Self::Text(Cow::Borrowed(text)))
    }

    fn of_int(kind: FieldKind, number: i128) -> Self {
        if compares_as_text(kind) {
            Self::Text(number.to_string().into())
        } else {
            Self::Int(number)
        }
    }

    fn of_float(kind: FieldKind, number: f64) -> Self {
        if compares_as_text(kind) {
            Self::Text(number.to_string().into())
        } else {
            Self::Float(number)
        }
    }

    /// The order of SQLite's storage classes: numbers before text.
    pub(crate) fn order(&self, other: &Scalar<'_>) -> Ordering {
        match (self, other) {
            (Self::Int(a), Scalar::Int(b)) => a.cmp(b),
            (Self::Text(a), Scalar::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Text(_), _) => Ordering::Greater,
            (_, Scalar::Text(_)) => Ordering::Less,
            (a, b) => a.as_float().total_cmp(&b.as_float()),
        }
    }

    fn as_float(&self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQLite compares mixed numbers as reals"
            )]
            Self::Int(number) => *number as f64,
            // Adding zero turns -0.0 into 0.0, which compare equal.
            Self::Float(number) => *number + 0.0,
            Self::Text(_) => f64::NAN,
        }
    }

    pub(crate) fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Int(number) => Scalar::Int(number),
            Self::Float(number) => Scalar::Float(number),
            Self::Text(text) => Scalar::Text(text.into_owned().into()),
        }
    }

    /// The text that is looked into; a real has a fraction in it, even when it is whole.
    fn into_text(self, kind: FieldKind) -> Cow<'a, str> {
        match self {
            Self::Int(number) if kind == FieldKind::Float => format!("{number}.0").into(),
            Self::Float(number) if number.fract() == 0.0 => format!("{number}.0").into(),
            Self::Int(number) => number.to_string().into(),
            Self::Float(number) => number.to_string().into(),
            Self::Text(text) => text,
        }
    }
}

/// A stored value as the text that a search looks into.
pub(crate) fn text_of(kind: FieldKind, value: &Value) -> String {
    Scalar::of(kind, Some(value)).map_or_else(String::new, |s| s.into_text(kind).into_owned())
}

/// Whether the value passes; `None` is unknown.
pub(crate) fn holds(kind: FieldKind, value: Option<&Value>, test: &Test) -> Option<bool> {
    let scalar = Scalar::of(kind, value);
    let compare = |operand: &Json| {
        let operand = Scalar::of_operand(kind, operand)?;
        Some(scalar.as_ref()?.order(&operand))
    };
    match test {
        Test::Null | Test::Eq(Json::Null) | Test::EqI(Json::Null) => Some(scalar.is_none()),
        Test::NotNull | Test::Ne(Json::Null) | Test::NeI(Json::Null) => Some(scalar.is_some()),
        Test::Eq(operand) => compare(operand).map(Ordering::is_eq),
        Test::Ne(operand) => compare(operand).map(Ordering::is_ne),
        Test::Lt(operand) => compare(operand).map(Ordering::is_lt),
        Test::Lte(operand) => compare(operand).map(Ordering::is_le),
        Test::Gt(operand) => compare(operand).map(Ordering::is_gt),
        Test::Gte(operand) => compare(operand).map(Ordering::is_ge),
        Test::Between(low, high) => {
            both(compare(low).map(Ordering::is_ge), compare(high).map(Ordering::is_le))
        }
        Test::In(operands) => one_of(operands, compare),
        Test::NotIn(operands) => one_of(operands, compare).map(|found| !found),
        Test::EqI(operand) => equal_folded(kind, scalar, operand),
        Test::NeI(operand) => equal_folded(kind, scalar, operand).map(|equal| !equal),
        Test::Contains { text, negated, .. } => {
            scalar.map(|scalar| contains_folded(&scalar.into_text(kind), text) != *negated)
        }
        Test::StartsWith { text, negated, .. } => {
            scalar.map(|scalar| starts_folded(&scalar.into_text(kind), text) != *negated)
        }
        Test::EndsWith { text, negated, .. } => {
            scalar.map(|scalar| ends_folded(&scalar.into_text(kind), text) != *negated)
        }
    }
}

/// Whether `text` contains `part`, ASCII letters compared without case: SQLite's `LIKE`.
pub(crate) fn contains_folded(text: &str, part: &str) -> bool {
    part.is_empty()
        || text.as_bytes().windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()))
}

fn starts_folded(text: &str, part: &str) -> bool {
    let start = text.as_bytes().get(..part.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(part.as_bytes()))
}

fn ends_folded(text: &str, part: &str) -> bool {
    let start = text.len().checked_sub(part.len());
    let end = start.and_then(|start| text.as_bytes().get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(part.as_bytes()))
}

fn equal_folded(kind: FieldKind, scalar: Option<Scalar<'_>>, operand: &Json) -> Option<bool> {
    let operand = match operand.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Scalar::of_operand(kind, operand)?.into_text(kind),
    };
    Some(scalar?.into_text(kind).eq_ignore_ascii_case(&operand))
}

/// SQL's `IN`: an empty list is false even for null, a null operand makes a miss unknown.
fn one_of(operands: &[Json], compare: impl Fn(&Json) -> Option<Ordering>) -> Option<bool> {
    let mut unknown = false;
    for operand in operands {
        match compare(operand) {
            Some(Ordering::Equal) => return Some(true),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn compares_as_text(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Text | FieldKind::Date | FieldKind::Time)
}

fn milliseconds<'a>(text: &str) -> Option<Scalar<'a>> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Scalar::Int(time.as_millisecond().into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::content::value::from_json;

    fn check(kind: FieldKind, value: Json, test: Test) -> Option<bool> {
        holds(kind, Some(&from_json(&value)), &test)
    }

    #[test]
    fn null_is_unknown_to_everything_but_the_null_tests() {
        let kind = FieldKind::Text;
        let null = || json!(null);
        for test in [
            Test::Eq(json!("a")),
            Test::Ne(json!("a")),
            Test::In(vec![json!("a")]),
            Test::NotIn(vec![json!("a")]),
            Test::Contains { text: "a".into(), fold: false, negated: true },
            Test::Gt(json!("a")),
        ] {
            assert_eq!(check(kind, null(), test.clone()), None, "{test:?}");
        }
        assert_eq!(check(kind, null(), Test::Null), Some(true));
        assert_eq!(check(kind, null(), Test::NotNull), Some(false));
        assert_eq!(check(kind, null(), Test::Eq(null())), Some(true));
        assert_eq!(check(kind, json!("x"), Test::Ne(null())), Some(true));
        assert_eq!(check(kind, json!("x"), Test::NotIn(vec![json!("a"), null()])), None);
        assert_eq!(check(kind, json!("a"), Test::In(vec![json!("a"), null()])), Some(true));
    }

    #[test]
    fn text_compares_by_bytes_and_like_folds_ascii_only() {
        let text = |value: &str, test| check(FieldKind::Text, json!(value), test).unwrap();
        let contains =
            |part: &str| Test::Contains { text: part.into(), fold: false, negated: false };
        assert!(text("Zebra", Test::Lt(json!("aardvark"))));
        assert!(text("Ärger", Test::Gt(json!("zebra"))));
        assert!(text("HELLO", contains("ell")));
        assert!(!text("ÉMIGRÉ", contains("émi")));
        assert!(text("100% x_y", contains("% X_")));
        assert!(text("HELLO", Test::EqI(json!("hello"))));
        assert!(!text("HELLO", Test::Eq(json!("hello"))));
        assert!(text("abc", Test::StartsWith { text: "AB".into(), fold: true, negated: false }));
        assert!(text("abc", Test::EndsWith { text: "ab".into(), fold: true, negated: true }));
    }

    #[test]
    fn numbers_dates_and_booleans_compare_by_value() {
        let when = FieldKind::DateTime;
        let stored = json!("2016-05-01T10:00:00.000Z");
        assert_eq!(check(when, stored.clone(), Test::Eq(json!(1_462_096_800_000_i64))), Some(true));
        assert_eq!(check(when, stored, Test::Gt(json!("2016-05-01T09:59:59Z"))), Some(true));
        assert_eq!(
            check(FieldKind::BigInteger, json!("90071992547409931"), Test::Gt(json!("9"))),
            Some(true)
        );
        assert_eq!(check(FieldKind::Float, json!(7), Test::Eq(json!(7.0))), Some(true));
        assert_eq!(check(FieldKind::RowId, json!(7), Test::Eq(json!("abc"))), Some(false));
        assert_eq!(check(FieldKind::Boolean, json!(false), Test::Eq(json!(false))), Some(true));
        let between = Test::Between(json!(5), json!(8));
        assert_eq!(check(FieldKind::Float, json!(8), between), Some(true));
    }
}
