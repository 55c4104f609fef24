//! The change feed, in pages and as events, and how a site is paired with this server.

use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::operation::Operation;
use super::reference;

const TAG: &str = "Change feed";

pub(super) fn operations() -> Vec<Operation> {
    let refusals = [Refusal::Forbidden, Refusal::Gone];
    let sync = Operation::new(Method::GET, "/sync", TAG, "sync", "What changed, in pages")
        .takes([
            query("initial", "`true` begins with everything there is", json!({ "enum": ["true"] })),
            query("token", "Goes on where an earlier page ended", json!({ "type": "string" })),
            types(),
            status(),
            query(
                "limit",
                "Items on a page",
                json!({ "type": "integer", "minimum": 1, "maximum": 1000 }),
            ),
        ])
        .answers(200, "A page", &reference("SyncPage"))
        .needs_credentials()
        .refuses(&refusals);
    let last = json!({
        "name": "Last-Event-ID", "in": "header", "schema": { "type": "integer", "minimum": 0 },
        "description": "The last event that was seen",
    });
    let events = Operation::new(Method::GET, "/events", TAG, "events", "What changes, as it does")
        .takes([
            last,
            query(
                "lastEventId",
                "The same, for a first request",
                json!({ "type": "integer", "minimum": 0 }),
            ),
            types(),
            status(),
            query("locale", "Locales, comma-separated", json!({ "type": "string" })),
        ])
        .answers_as(200, "Server-sent events", "text/event-stream", &json!({ "type": "string" }))
        .needs_credentials()
        .refuses(&refusals)
        .refuses(&[Refusal::Unavailable]);
    let body = json!({
        "type": "object",
        "required": ["code"],
        "additionalProperties": false,
        "properties": {
            "code": { "type": "string" },
            "hook": { "type": "string", "description": "Where the site takes webhooks" },
        },
    });
    let pair = Operation::new(Method::POST, "/-/pair", TAG, "pair", "A site redeems its code")
        .body(&body)
        .answers(201, "Its credentials, shown once", &reference("Pairing"))
        .refuses(&[Refusal::Forbidden]);
    vec![sync, events, pair]
}

fn query(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn types() -> Value {
    query("types", "Types, comma-separated, as `api::article.article`", json!({ "type": "string" }))
}

fn status() -> Value {
    query("status", "Which versions", json!({ "enum": ["draft", "published"] }))
}

pub(super) fn schemas() -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let item = json!({
        "type": "object",
        "required": ["seq", "op", "uid", "documentId", "locale", "version", "publishedAt"],
        "properties": {
            "seq": { "type": "integer" },
            "op": { "enum": ["upsert", "delete", "schema"] },
            "uid": text,
            "documentId": text,
            "locale": { "type": ["string", "null"] },
            "version": { "type": "integer" },
            "publishedAt": { "type": ["string", "null"] },
            "data": { "description": "The entry as the REST API shows it, relations as documentIds" },
        },
    });
    let page = json!({
        "type": "object",
        "required": ["items", "upto", "locales"],
        "properties": {
            "items": { "type": "array", "items": reference("SyncItem") },
            "next_page": { "type": "string", "description": "Ask again now" },
            "next_sync": { "type": "string", "description": "Ask again later" },
            "upto": { "type": "integer" },
            "locales": { "type": "array", "items": text },
        },
    });
    let pairing = json!({
        "type": "object",
        "required": ["name", "token"],
        "properties": { "name": text, "token": text, "secret": text },
    });
    [("SyncItem", item), ("SyncPage", page), ("Pairing", pairing)]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect()
}
