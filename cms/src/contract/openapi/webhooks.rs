//! What this server sends to others.

use cms_api::webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use serde_json::{Map, Value, json};

use super::reference;
use crate::jobs::events::NAMES;

/// One webhook per event, each of them in Strapi's shape.
pub(super) fn all() -> Map<String, Value> {
    NAMES.iter().map(|name| ((*name).to_owned(), json!({ "post": one(name) }))).collect()
}

fn one(event: &str) -> Value {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": { "type": "string" },
        })
    };
    json!({
        "operationId": format!("webhook_{}", event.replace(['.', '-'], "_")),
        "summary": format!("`{event}` happened"),
        "parameters": [
            header(ID_HEADER, "The same on every attempt"),
            header(TIMESTAMP_HEADER, "When this attempt was made, in seconds"),
            header(SIGNATURE_HEADER, "`v1,…` over id, timestamp and body: Standard Webhooks"),
        ],
        "requestBody": { "content": { "application/json": { "schema": body(event) } } },
        "responses": {
            "2XX": { "description": "Taken" },
            "410": { "description": "Do not send any more: the endpoint is disabled" },
            "default": { "description": "Tried again later" },
        },
    })
}

fn body(event: &str) -> Value {
    let text = json!({ "type": "string" });
    let mut properties = json!({
        "event": { "const": event },
        "createdAt": { "type": "string", "format": "date-time" },
        "uid": text,
        "documentId": text,
        "locale": { "type": ["string", "null"] },
        "seq": { "type": "integer", "description": "The place in the change feed" },
        "changedFields": { "type": "array", "items": text },
    });
    if event.starts_with("media.") {
        properties["media"] = reference("UploadFile");
    } else {
        properties["model"] = text;
        properties["entry"] = json!({ "type": "object" });
    }
    let required = ["event", "createdAt", "uid", "documentId", "seq"];
    json!({ "type": "object", "required": required, "properties": properties })
}
