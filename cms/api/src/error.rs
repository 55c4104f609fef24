//! The error body every client sees: `{data: null, error: {status, name, message, details}}`.
//!
//! Names, statuses and default messages are Strapi 5's.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What went wrong, as the error's `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorName {
    ApplicationError,
    ValidationError,
    PaginationError,
    BadRequestError,
    SyntaxError,
    UnauthorizedError,
    ForbiddenError,
    NotFoundError,
    MethodNotAllowedError,
    ConflictError,
    PreconditionFailedError,
    PayloadTooLargeError,
    RateLimitError,
    InternalServerError,
    ServiceUnavailableError,
    /// A name of our own, with its status.
    Other(&'static str, u16),
}

impl ErrorName {
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::ApplicationError
            | Self::ValidationError
            | Self::PaginationError
            | Self::BadRequestError
            | Self::SyntaxError => 400,
            Self::UnauthorizedError => 401,
            Self::ForbiddenError => 403,
            Self::NotFoundError => 404,
            Self::MethodNotAllowedError => 405,
            Self::ConflictError => 409,
            Self::PreconditionFailedError => 412,
            Self::PayloadTooLargeError => 413,
            Self::RateLimitError => 429,
            Self::InternalServerError => 500,
            Self::ServiceUnavailableError => 503,
            Self::Other(_, status) => *status,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ApplicationError => "ApplicationError",
            Self::ValidationError => "ValidationError",
            Self::PaginationError => "PaginationError",
            Self::BadRequestError => "BadRequestError",
            Self::SyntaxError => "SyntaxError",
            Self::UnauthorizedError => "UnauthorizedError",
            Self::ForbiddenError => "ForbiddenError",
            Self::NotFoundError => "NotFoundError",
            Self::MethodNotAllowedError => "MethodNotAllowedError",
            Self::ConflictError => "ConflictError",
            Self::PreconditionFailedError => "PreconditionFailedError",
            Self::PayloadTooLargeError => "PayloadTooLargeError",
            Self::RateLimitError => "RateLimitError",
            Self::InternalServerError => "InternalServerError",
            Self::ServiceUnavailableError => "ServiceUnavailableError",
            Self::Other(name, _) => name,
        }
    }
}

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    pub name: ErrorName,
    pub message: String,
    /// Absent for 413, 500 and JSON syntax errors, `{}` when there is nothing to add.
    pub details: Option<Value>,
}

impl ApiError {
    pub fn new(name: ErrorName, message: impl Into<String>) -> Self {
        let bare = matches!(
            name,
            ErrorName::PayloadTooLargeError
                | ErrorName::InternalServerError
                | ErrorName::SyntaxError
        );
        let details = (!bare).then(|| Value::Object(Map::new()));
        Self { name, message: message.into(), details }
    }

    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// As errors look that Strapi's own libraries raise.
    #[must_use]
    pub fn without_details(mut self) -> Self {
        self.details = None;
        self
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::new(ErrorName::NotFoundError, "Not Found")
    }

    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(ErrorName::ForbiddenError, "Forbidden")
    }

    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(ErrorName::UnauthorizedError, "Missing or invalid credentials")
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(ErrorName::ValidationError, message)
    }

    /// Every broken rule at once, in Strapi's shape: one error keeps its own message, more
    /// are announced as `N errors occurred`.
    #[must_use]
    pub fn invalid_fields(errors: &[FieldError]) -> Self {
        let message = match errors {
            [only] => only.message.clone(),
            many => format!("{} errors occurred", many.len()),
        };
        Self::validation(message).with_details(json!({ "errors": errors }))
    }

    #[must_use]
    pub fn status(&self) -> u16 {
        self.name.status()
    }

    /// The response body.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut error = Map::new();
        error.insert("status".into(), self.status().into());
        error.insert("name".into(), self.name.as_str().into());
        error.insert("message".into(), self.message.clone().into());
        if let Some(details) = &self.details {
            error.insert("details".into(), details.clone());
        }
        json!({ "data": null, "error": error })
    }
}

/// One broken rule of a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldError {
    pub path: Vec<String>,
    pub message: String,
    /// `ValidationError`
    pub name: String,
    /// The value as it was checked; left out when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

impl FieldError {
    pub fn new(path: Vec<String>, message: impl Into<String>, value: Value) -> Self {
        Self { value: Some(value), ..Self::without_value(path, message) }
    }

    /// An error about a value that is missing.
    pub fn without_value(path: Vec<String>, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), name: "ValidationError".into(), value: None }
    }
}
