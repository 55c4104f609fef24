//! The server itself: whether it works, its locales, and this document.

use actix_web::http::Method;
use serde_json::json;

use super::answer::Refusal;
use super::operation::Operation;

const TAG: &str = "Server";

pub(super) fn operations() -> Vec<Operation> {
    let on =
        |path: &str, id: &str, summary: &str| Operation::new(Method::GET, path, TAG, id, summary);
    let alive = json!({ "type": "object", "properties": { "alive": { "const": true } } });
    let ready = json!({
        "type": "object",
        "required": ["ready"],
        "properties": { "ready": { "type": "boolean" }, "seq": { "type": "integer" } },
    });
    let locale = json!({
        "type": "object",
        "required": ["id", "documentId", "name", "code", "isDefault"],
        "properties": {
            "id": { "type": "integer" },
            "documentId": { "type": "string" },
            "name": { "type": "string" },
            "code": { "type": "string" },
            "createdAt": { "type": "string", "format": "date-time" },
            "updatedAt": { "type": "string", "format": "date-time" },
            "publishedAt": { "type": "string", "format": "date-time" },
            "isDefault": { "type": "boolean" },
        },
    });
    vec![
        on("/_health", "health", "Answers at all").answers_bare(204, "It does"),
        on("/healthz", "healthz", "Is the process running?").answers(200, "It is", &alive),
        on("/readyz", "readyz", "Can it work?").answers(200, "It can", &ready).answers(
            503,
            "The database does not answer",
            &ready,
        ),
        on("/api/i18n/locales", "locales_list", "Lists locales")
            .needs(crate::controllers::locales::PERMISSION)
            .answers(200, "The default one first", &json!({ "type": "array", "items": locale })),
        on("/openapi.json", "openapi", "This document")
            .answers(200, "OpenAPI 3.1", &json!({ "type": "object" }))
            .tagged(),
        on("/docs", "docs", "This document, to be read")
            .answers_as(200, "A page", "text/html", &json!({ "type": "string" }))
            .tagged(),
        Operation::new(Method::POST, "/api/email", TAG, "email_send", "Sends a message")
            .needs("plugin::email.email.send")
            .body(&json!({ "type": "object" }))
            .refuses(&[Refusal::Bad])
            .answers_bare(500, "Nothing is set up to send it with"),
    ]
}
