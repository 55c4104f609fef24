//! `Invalid key …`: the error for every name a query may not use.

use serde_json::json;

use crate::error::ApiError;

/// The parameter an error is reported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    Filters,
    Sort,
    Fields,
    Populate,
}

impl Param {
    fn as_str(self) -> &'static str {
        match self {
            Self::Filters => "filters",
            Self::Sort => "sort",
            Self::Fields => "fields",
            Self::Populate => "populate",
        }
    }

    /// `key` cannot be used at `path`; the path is told apart only when it says more.
    pub(super) fn invalid_key(self, key: &str, path: Option<&str>) -> ApiError {
        let message = invalid_key_message(key, path);
        ApiError::validation(message).with_details(json!({
            "key": key, "path": path, "source": "query", "param": self.as_str(),
        }))
    }
}

/// An unknown name that only shows once the parameter is put to use, when nothing tells any
/// more where it came from.
pub(super) fn late_invalid_key(key: &str, path: Option<&str>) -> ApiError {
    ApiError::validation(invalid_key_message(key, path))
        .with_details(json!({ "key": key, "path": path }))
}

fn invalid_key_message(key: &str, path: Option<&str>) -> String {
    match path {
        Some(path) if path != key && !path.is_empty() => format!("Invalid key {key} at {path}"),
        _ => format!("Invalid key {key}"),
    }
}

/// `path.key`
pub(super) fn join(path: Option<&str>, key: &str) -> String {
    path.map_or_else(|| key.to_owned(), |path| format!("{path}.{key}"))
}

/// The checks of one parameter, which Strapi makes one after the other over the whole tree:
/// an error of an early check is reported before one of a later check, wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Check {
    Unknown,
    DynamicZone,
    Polymorphic,
    Password,
    Private,
    NotScalar,
    Unreadable,
}

/// The error to report, among all that were found.
#[derive(Debug, Default)]
pub(super) struct Findings(Option<(Check, ApiError)>);

impl Findings {
    pub(super) fn add(&mut self, check: Check, error: impl FnOnce() -> ApiError) {
        if self.0.as_ref().is_none_or(|(found, _)| check < *found) {
            self.0 = Some((check, error()));
        }
    }

    pub(super) fn into_result(self) -> Result<(), ApiError> {
        self.0.map_or(Ok(()), |(_, error)| Err(error))
    }
}
