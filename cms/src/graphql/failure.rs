//! What went wrong, as clients of Strapi's GraphQL see it.

use cms_api::error::{ApiError, ErrorName};
use serde_json::{Value, json};

use super::syntax::Position;

pub(crate) const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
pub(crate) const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
pub(crate) const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
pub(crate) const BAD_REQUEST: &str = "BAD_REQUEST";
pub(crate) const NOT_RESOLVED: &str = "OPERATION_RESOLUTION_FAILURE";
pub(crate) const INTERNAL: &str = "INTERNAL_SERVER_ERROR";

/// What callers are told who may not do what they ask for.
const FORBIDDEN: &str = "Forbidden access";

/// One error of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) locations: Vec<Position>,
    /// Keys and places from the root of the answer.
    pub(crate) path: Option<Vec<Value>>,
    code: String,
    error: Option<Box<Value>>,
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            locations: Vec::new(),
            path: None,
            code: code.to_owned(),
            error: None,
        }
    }

    /// A document that does not fit the schema.
    pub(crate) fn invalid(message: impl Into<String>, at: impl Into<Vec<Position>>) -> Self {
        Self { locations: at.into(), ..Self::new(VALIDATION_FAILED, message) }
    }

    /// An error of the API that the field at `at` met.
    pub(crate) fn of(error: &ApiError, at: Position) -> Self {
        let message = match &error.name {
            ErrorName::ForbiddenError if error.message == "Forbidden" => FORBIDDEN,
            _ => &error.message,
        };
        let code = match &error.name {
            ErrorName::ForbiddenError | ErrorName::UnauthorizedError => "FORBIDDEN".to_owned(),
            ErrorName::ValidationError => BAD_USER_INPUT.to_owned(),
            ErrorName::InternalServerError => {
                return Self { locations: vec![at], ..Self::new(INTERNAL, message) };
            }
            name => format!("STRAPI_{}", upper_snake(name.as_str())),
        };
        let mut shown = json!({ "name": error.name.as_str(), "message": message });
        shown["details"] = error.details.clone().unwrap_or_else(|| json!({}));
        Self { error: Some(Box::new(shown)), ..Self::new(&code, message) }
    }

    /// One that Strapi has no name for.
    pub(crate) fn plain(message: impl Into<String>, at: Position) -> Self {
        Self { locations: vec![at], ..Self::new(INTERNAL, message) }
    }

    /// Where in the document it comes from.
    pub(crate) fn at(self, position: Position) -> Self {
        Self { locations: vec![position], ..self }
    }

    pub(crate) fn on(self, path: Vec<Value>) -> Self {
        Self { path: Some(path), ..self }
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut extensions = json!({ "code": self.code });
        if let Some(error) = &self.error {
            extensions["error"] = Value::clone(error);
        }
        let mut shown = json!({ "message": self.message, "extensions": extensions });
        if !self.locations.is_empty() {
            let locations = self.locations.iter();
            let locations = locations.map(|at| json!({ "line": at.line, "column": at.column }));
            shown["locations"] = locations.collect();
        }
        if let Some(path) = &self.path {
            shown["path"] = path.as_slice().into();
        }
        shown
    }
}

/// `NotFoundError` is `NOT_FOUND_ERROR`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    for char in name.chars() {
        if char.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(char.to_ascii_uppercase());
    }
    snake
}
