//! `locale`: one, several, or all of them. Types that are not localized do not look at it,
//! but for one code: their relations lead to it.

use serde_json::Value;

use crate::content_type::ContentType;
use crate::error::ApiError;
use crate::query::{FieldKind, Filter, Locale, Test};

use super::{coerce, filters};

const EVERY: &str = "*";

/// The locale of a list. Several locales, and conditions on them, are all locales with a
/// condition on top.
pub(super) fn of_list(
    ty: &ContentType,
    value: Option<&Value>,
) -> Result<(Locale, Option<Filter>), ApiError> {
    let name = "locale";
    Ok(match value {
        Some(Value::String(code)) if code == EVERY => (Locale::All, None),
        Some(Value::Array(codes)) if ty.localized => {
            let test = Test::In(codes.clone());
            let among = Filter::Field { name: name.to_owned(), kind: FieldKind::Text, test };
            (Locale::All, Some(among))
        }
        Some(condition @ Value::Object(_)) if ty.localized => {
            (Locale::All, Some(filters::field(name, FieldKind::Text, condition)?))
        }
        other => (code(other), None),
    })
}

/// The locale of a single document, which has to be one: none is called `*`.
pub(super) fn of_one(ty: &ContentType, value: Option<&Value>) -> Result<Locale, ApiError> {
    match value {
        Some(value @ (Value::Array(_) | Value::Object(_))) if ty.localized => {
            Err(ApiError::validation(format!(
                "Invalid locale param {} provided. Document locales must be strings.",
                coerce::spelled(value)
            )))
        }
        other => Ok(code(other)),
    }
}

fn code(value: Option<&Value>) -> Locale {
    match value.and_then(Value::as_str) {
        None | Some("") => Locale::Default,
        Some(code) => Locale::Code(code.to_owned()),
    }
}
