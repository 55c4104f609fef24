//! `pagination`: which part of a list.

use cms_api::error::{ApiError, ErrorName};
use cms_api::query_parse::Limits;
use serde_json::Value;

/// A part of a list, with every limit applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) limit: u64,
}

impl Window {
    /// Too small a number is the smallest that has a meaning, too large a one the largest
    /// allowed; a limit of -1 is all that is allowed.
    ///
    /// # Errors
    /// Pages and offsets at the same time.
    pub(super) fn of(pagination: Option<&Value>, limits: Limits) -> Result<Self, ApiError> {
        let get = |name: &str| pagination.and_then(|given| given.get(name)?.as_i64());
        let (page, size, start, limit) = (get("page"), get("pageSize"), get("start"), get("limit"));
        let bounded = |limit: i64| match u64::try_from(limit) {
            Ok(limit) => limit.max(1).min(limits.max),
            Err(_) => 1,
        };
        let default = limits.default.max(1).min(limits.max);
        match (page.or(size), start.or(limit)) {
            (Some(_), Some(_)) => Err(ApiError::new(
                ErrorName::PaginationError,
                "Cannot use both page & offset pagination in the same query",
            )),
            (Some(_), None) => {
                let limit = size.map_or(default, |size| bounded(size.max(1)));
                let page = u64::try_from(page.unwrap_or(1)).unwrap_or(1).max(1);
                Ok(Self { start: (page - 1).saturating_mul(limit), limit })
            }
            _ => {
                let limit = match limit {
                    Some(-1) => limits.max,
                    Some(limit) => bounded(limit),
                    None => default,
                };
                let start = u64::try_from(start.unwrap_or(0)).unwrap_or(0);
                Ok(Self { start, limit })
            }
        }
    }

    /// Whether a list of this length is shown as a whole.
    pub(super) fn holds(self, length: usize) -> bool {
        self.start == 0 && length as u64 <= self.limit
    }

    pub(super) fn cut<T>(self, items: Vec<T>) -> Vec<T> {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        items.into_iter().skip(start).take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_out_of_bounds_are_moved_into_them() {
        let of = |given: Value| {
            let window = Window::of(Some(&given), Limits { default: 25, max: 100 }).unwrap();
            (window.start, window.limit)
        };
        assert_eq!(of(json!({})), (0, 25));
        assert_eq!(of(json!({ "limit": -1 })), (0, 100));
        assert_eq!(of(json!({ "limit": -5 })), (0, 1));
        assert_eq!(of(json!({ "limit": 0 })), (0, 1));
        assert_eq!(of(json!({ "limit": 1000 })), (0, 100));
        assert_eq!(of(json!({ "start": -1 })), (0, 25));
        assert_eq!(of(json!({ "page": 0 })), (0, 25));
        assert_eq!(of(json!({ "page": 3, "pageSize": 7 })), (14, 7));
        assert_eq!(of(json!({ "page": 2, "pageSize": -1 })), (1, 1));
        let both = json!({ "page": 1, "start": 1 });
        assert!(Window::of(Some(&both), Limits::default()).is_err());
    }
}
