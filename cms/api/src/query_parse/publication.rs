//! `publicationFilter`: documents by what their other version is like.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::query::Publication;

/// Reads the parameter; anything but one of the words is refused.
pub(super) fn parse(value: Option<&Value>) -> Result<Option<Publication>, ApiError> {
    let value = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    match Publication::ALL.iter().find(|(word, _)| value == word) {
        Some((_, publication)) => Ok(Some(*publication)),
        None => {
            let words: Vec<_> = Publication::ALL.iter().map(|(word, _)| *word).collect();
            let message = format!(
                "Invalid value for 'publicationFilter'. Expected one of: {}.",
                words.join(", ")
            );
            let details = json!({ "source": "query", "param": "publicationFilter" });
            Err(ApiError::validation(message).with_details(details))
        }
    }
}
