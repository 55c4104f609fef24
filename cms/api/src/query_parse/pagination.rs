//! `pagination`: pages or offsets, within the limits of the server.

use serde_json::{Map, Value};

use crate::error::{ApiError, ErrorName};
use crate::query::{Page, PageStyle};

use super::{Limits, coerce};

/// The last place a page can begin at.
const MAX_PLACE: u64 = u64::MAX / 4;

/// Where a page begins and how long it is, before it is known to be whole numbers.
pub(super) struct Window {
    start: f64,
    limit: f64,
    offset: bool,
}

/// Reads `pagination[…]`. Odd values mean what they mean in JavaScript.
pub(super) fn window(tree: &Map<String, Value>, limits: Limits) -> Result<Window, ApiError> {
    let given = tree.get("pagination").and_then(Value::as_object);
    let member = |key: &str| given?.get(key);
    let get = |key: &str| member(key).filter(|value| !value.is_null());
    let paged = get("page").is_some() || get("pageSize").is_some();
    let offset = get("start").is_some() || get("limit").is_some();
    if paged && offset {
        return Err(pagination_error("Cannot use both page & offset pagination in the same query"));
    }
    // What is named without a value still decides how the answer counts.
    let named = |key: &str| member(key).is_some();
    let counted = named("page") || named("pageSize");
    let offset_style = (named("start") || named("limit")) && !counted;
    let (start, limit) = match (offset, paged) {
        (true, _) => offsets(member("start"), member("limit"), limits),
        (false, true) => pages(member("page"), get("pageSize"), limits),
        (false, false) => pages(None, None, limits),
    };
    Ok(Window { start, limit, offset: offset_style })
}

impl Window {
    /// The page, once the numbers are whole. Parameters beside `pagination` are refused when
    /// they name pages, and ignored when they name offsets.
    pub(super) fn page(&self, tree: &Map<String, Value>) -> Result<Page, ApiError> {
        if given(tree, "page").or_else(|| given(tree, "pageSize")).is_some() {
            return Err(misplaced());
        }
        let start = whole("convertStartQueryParams", self.start)?;
        let limit = whole("convertLimitQueryParams", self.limit)?;
        let page = start / limit.max(1) + 1;
        let style = if self.offset { PageStyle::Offset } else { PageStyle::Page { page } };
        Ok(Page { start, limit, style, with_count: true })
    }
}

/// A single document is the first of what is found, or that at `start`: here the parameters
/// beside `pagination` are the ones that are read.
pub(super) fn of_one(tree: &Map<String, Value>) -> Result<Page, ApiError> {
    let paged = given(tree, "page").is_some() || given(tree, "pageSize").is_some();
    let offset = given(tree, "start").is_some() || given(tree, "limit").is_some();
    if paged && offset {
        return Err(misplaced());
    }
    for name in ["page", "pageSize"] {
        if let Some(value) = given(tree, name) {
            let number = coerce::number(value);
            if number.fract() != 0.0 || number <= 0.0 {
                return Err(pagination_error(&format!(
                    "Invalid '{name}' parameter. Expected an integer > 0, received: {}",
                    coerce::spelled(value)
                )));
            }
        }
    }
    let number = |name: &str| given(tree, name).map(coerce::number);
    let start = whole("convertStartQueryParams", number("start").unwrap_or(0.0))?;
    if let Some(limit) = number("limit").filter(|limit| *limit != -1.0) {
        whole("convertLimitQueryParams", limit)?;
    }
    Ok(Page { start, limit: 1, ..Page::default() })
}

fn given<'t>(tree: &'t Map<String, Value>, name: &str) -> Option<&'t Value> {
    tree.get(name).filter(|value| !value.is_null())
}

fn misplaced() -> ApiError {
    pagination_error(
        "Invalid pagination attributes. The page parameters are incorrect and must be in the \
         pagination object",
    )
}

#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn pages(page: Option<&Value>, size: Option<&Value>, limits: Limits) -> (f64, f64) {
    let page = at_least(page.map_or(1.0, coerce::number), 1.0);
    let limit = bounded(size.map_or(limits.default as f64, coerce::number), limits);
    ((page - 1.0) * limit, limit)
}

#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn offsets(start: Option<&Value>, limit: Option<&Value>, limits: Limits) -> (f64, f64) {
    let start = at_least(start.map_or(0.0, coerce::number), 0.0);
    (start, bounded(limit.map_or(limits.default as f64, coerce::number), limits))
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

/// What is further than any row is as far as a database can count.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn whole(what: &str, number: f64) -> Result<u64, ApiError> {
    if number.is_finite() && number.fract() == 0.0 && number >= 0.0 {
        return Ok((number as u64).min(MAX_PLACE));
    }
    let got = coerce::print_number(number);
    Err(ApiError::validation(format!("{what} expected a positive integer got {got}")))
}

/// Whether `pagination[withCount]` asks for the total.
pub(super) fn with_count(tree: &Map<String, Value>) -> Result<bool, ApiError> {
    match tree.get("pagination").and_then(|pagination| pagination.get("withCount")) {
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
