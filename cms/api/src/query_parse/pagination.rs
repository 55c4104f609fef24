//! `pagination`: pages or offsets, within the limits of the server.

use serde_json::{Map, Value};

use crate::error::{ApiError, ErrorName};
use crate::query::{Page, PageStyle};

use super::{Limits, coerce};

/// Reads `pagination[…]`. Odd values mean what they mean in JavaScript.
pub(super) fn parse(tree: &Map<String, Value>, limits: Limits) -> Result<Page, ApiError> {
    let empty = Map::new();
    let given = tree.get("pagination").and_then(Value::as_object).unwrap_or(&empty);
    let get = |key: &str| given.get(key).filter(|value| !value.is_null());
    let paged = get("page").is_some() || get("pageSize").is_some();
    let offset = get("start").is_some() || get("limit").is_some();
    if paged && offset {
        return Err(pagination_error("Cannot use both page & offset pagination in the same query"));
    }
    let with_count = with_count(given.get("withCount"))?;
    if ["page", "pageSize"].iter().any(|key| tree.get(*key).is_some_and(|v| !v.is_null())) {
        return Err(pagination_error(
            "Invalid pagination attributes. The page parameters are incorrect and must be in the \
             pagination object",
        ));
    }
    let window = if offset {
        offsets(get("start"), get("limit"), limits)
    } else {
        pages(get("page"), get("pageSize"), limits)
    };
    let start = whole("convertStartQueryParams", window.start)?;
    let limit = whole("convertLimitQueryParams", window.limit)?;
    let style =
        if offset { PageStyle::Offset } else { PageStyle::Page { page: start / limit.max(1) + 1 } };
    Ok(Page { start, limit, style, with_count })
}

/// Where a page begins and how long it is, before it is known to be whole numbers.
struct Window {
    start: f64,
    limit: f64,
}

#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn pages(page: Option<&Value>, size: Option<&Value>, limits: Limits) -> Window {
    let page = at_least(page.map_or(1.0, coerce::number), 1.0);
    let limit = bounded(size.map_or(limits.default as f64, coerce::number), limits);
    Window { start: (page - 1.0) * limit, limit }
}

#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn offsets(start: Option<&Value>, limit: Option<&Value>, limits: Limits) -> Window {
    let start = at_least(start.map_or(0.0, coerce::number), 0.0);
    Window { start, limit: bounded(limit.map_or(limits.default as f64, coerce::number), limits) }
}

/// What is no number asks for as much as there may be.
#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn bounded(limit: f64, limits: Limits) -> f64 {
    let max = limits.max as f64;
    let limit = at_least(limit, 1.0);
    if limit < max { limit } else { max }
}

/// As JavaScript's `Math.max`, which keeps `NaN`.
fn at_least(number: f64, least: f64) -> f64 {
    if number < least { least } else { number }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn whole(what: &str, number: f64) -> Result<u64, ApiError> {
    if number.fract() == 0.0 && number >= 0.0 && number <= i64::MAX as f64 / 2.0 {
        return Ok(number as u64);
    }
    let got = coerce::print_number(number);
    Err(ApiError::validation(format!("{what} expected a positive integer got {got}")))
}

fn with_count(value: Option<&Value>) -> Result<bool, ApiError> {
    match value {
        None => Ok(true),
        Some(value) => coerce::boolean(value).ok_or_else(|| {
            ApiError::validation(
                "Invalid withCount parameter. Expected \"t\",\"1\",\"true\",\"false\",\"0\",\"f\"",
            )
        }),
    }
}

fn pagination_error(message: &str) -> ApiError {
    ApiError::new(ErrorName::PaginationError, message)
}
