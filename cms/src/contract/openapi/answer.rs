//! Refusals, and the one shape all of them have.

use cms_api::error::ErrorName;
use serde_json::{Map, Value, json};

use super::reference;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Bad,
    Unauthorized,
    Forbidden,
    NotFound,
    Gone,
    Outdated,
    TooLarge,
    TooMany,
    Unavailable,
}

const ALL: [Refusal; 9] = [
    Refusal::Bad,
    Refusal::Unauthorized,
    Refusal::Forbidden,
    Refusal::NotFound,
    Refusal::Gone,
    Refusal::Outdated,
    Refusal::TooLarge,
    Refusal::TooMany,
    Refusal::Unavailable,
];

impl Refusal {
    fn status(self) -> u16 {
        match self {
            Self::Bad => ErrorName::ValidationError.status(),
            Self::Unauthorized => ErrorName::UnauthorizedError.status(),
            Self::Forbidden => ErrorName::ForbiddenError.status(),
            Self::NotFound => ErrorName::NotFoundError.status(),
            Self::Gone => 410,
            Self::Outdated => ErrorName::PreconditionFailedError.status(),
            Self::TooLarge => ErrorName::PayloadTooLargeError.status(),
            Self::TooMany => ErrorName::RateLimitError.status(),
            Self::Unavailable => ErrorName::ServiceUnavailableError.status(),
        }
    }

    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Bad => ("BadRequest", "A parameter or the body is not accepted"),
            Self::Unauthorized => ("Unauthorized", "The credential is missing, unknown or expired"),
            Self::Forbidden => ("Forbidden", "The caller may not do this"),
            Self::NotFound => ("NotFound", "There is no such thing"),
            Self::Gone => ("Gone", "The place in the feed is no longer known: begin anew"),
            Self::Outdated => ("Outdated", "Somebody else changed it since: see `If-Match`"),
            Self::TooLarge => ("TooLarge", "The body is larger than this server takes"),
            Self::TooMany => ("TooMany", "Too many attempts: see `Retry-After`"),
            Self::Unavailable => ("Unavailable", "Not now"),
        }
    }
}

/// Status and answer.
pub(super) fn of(refusal: Refusal) -> (u16, Value) {
    let (name, _) = refusal.describe();
    (refusal.status(), json!({ "$ref": format!("#/components/responses/{name}") }))
}

pub(super) fn shared() -> Map<String, Value> {
    let content = json!({ "application/json": { "schema": reference("Error") } });
    let shown = |refusal: Refusal| {
        let (name, description) = refusal.describe();
        (name.to_owned(), json!({ "description": description, "content": content }))
    };
    ALL.into_iter().map(shown).collect()
}

pub(super) fn schemas() -> Map<String, Value> {
    let error = json!({
        "type": "object",
        "required": ["data", "error"],
        "properties": {
            "data": { "type": "null" },
            "error": {
                "type": "object",
                "required": ["status", "name", "message"],
                "properties": {
                    "status": { "type": "integer", "minimum": 400, "maximum": 599 },
                    "name": { "type": "string", "examples": ["ValidationError"] },
                    "message": { "type": "string" },
                    "details": { "description": "What more there is to say; often an object" },
                },
            },
        },
    });
    let done = json!({
        "type": "object", "required": ["ok"], "properties": { "ok": { "const": true } }
    });
    Map::from_iter([("Error".to_owned(), error), ("Done".to_owned(), done)])
}
