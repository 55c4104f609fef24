//! Delivers one event to one webhook endpoint.

use std::time::Duration;

use cms_api::webhook::{EVENT_HEADER, ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::webhook::Sender;
use crate::store::webhooks::WebhookRow;

/// The stored form of a delivery.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    /// The endpoint.
    pub(super) webhook: i64,
    /// The event's id, the same on every attempt.
    id: String,
    /// Strapi's body with our additions.
    body: Map<String, Value>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Delivered,
    /// Worth another attempt.
    Failed {
        reason: String,
        retry_after: Option<Duration>,
    },
    /// The same body would be refused every time.
    Refused {
        reason: String,
    },
    /// The endpoint says that it is gone for good.
    Gone,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delivered => f.write_str("delivered"),
            Self::Failed { reason, .. } | Self::Refused { reason } => f.write_str(reason),
            Self::Gone => write!(f, "the endpoint answered {GONE}"),
        }
    }
}

/// The answer of an endpoint that no longer exists.
const GONE: u16 = 410;
/// The answer of an endpoint that takes no body of this size.
const TOO_LARGE: u16 = 413;

/// Sends the event; `now` is in milliseconds.
pub(super) async fn attempt(
    sender: &Sender,
    endpoint: &WebhookRow,
    delivery: &Delivery,
    now: i64,
) -> Outcome {
    let failed = |reason: String| Outcome::Failed { reason, retry_after: None };
    let body = body(&endpoint.dialect, &delivery.body);
    let headers = match headers(endpoint, delivery, &body, now / 1_000) {
        Ok(headers) => headers,
        Err(error) => return failed(error.to_string()),
    };
    match sender.post(&endpoint.url, &headers, body, endpoint.allow_private).await {
        Ok(reply) if (200..300).contains(&reply.status) => Outcome::Delivered,
        Ok(reply) if reply.status == GONE => Outcome::Gone,
        Ok(reply) if reply.status == TOO_LARGE => {
            Outcome::Refused { reason: format!("the endpoint answered {TOO_LARGE}") }
        }
        Ok(reply) => Outcome::Failed {
            reason: format!("the endpoint answered {}", reply.status),
            retry_after: reply.retry_after,
        },
        Err(error) => failed(error.to_string()),
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The endpoint's own headers first: none of ours can be replaced by them.
fn headers(
    endpoint: &WebhookRow,
    delivery: &Delivery,
    body: &str,
    timestamp: i64,
) -> anyhow::Result<Vec<(String, String)>> {
    let own: Map<String, Value> = serde_json::from_str(&endpoint.headers)?;
    let mut headers: Vec<(String, String)> = own
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    let mut signatures = Vec::new();
    for secret in secrets(endpoint, timestamp) {
        signatures.push(Secret::parse(secret)?.sign(&delivery.id, timestamp, body.as_bytes()));
    }
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        (EVENT_HEADER, text(&delivery.body, "event").to_owned()),
        (ID_HEADER, delivery.id.clone()),
        (TIMESTAMP_HEADER, timestamp.to_string()),
        (SIGNATURE_HEADER, signatures.join(" ")),
    ] {
        headers.push((name.to_owned(), value));
    }
    Ok(headers)
}

/// The secrets in use: two for a while after a rotation, so that the receiver may change to
/// the new one at any moment of it.
fn secrets(endpoint: &WebhookRow, seconds: i64) -> impl Iterator<Item = &str> {
    let overlaps = endpoint.old_until.is_some_and(|until| until / 1_000 > seconds);
    let old = endpoint.old_secret.as_deref().filter(|_| overlaps);
    std::iter::once(endpoint.secret.as_str()).chain(old)
}

/// The body in the endpoint's dialect: Strapi's own, or the envelope of the Standard
/// Webhooks specification around everything (`standard`) or the ids alone (`thin`).
fn body(dialect: &str, event: &Map<String, Value>) -> String {
    if dialect == STRAPI {
        return Value::Object(event.clone()).to_string();
    }
    let thin = ["uid", "documentId", "locale", "seq"];
    let data: Map<String, Value> = event
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "event" | "createdAt"))
        .filter(|(name, _)| dialect != THIN || thin.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({ "type": event.get("event"), "timestamp": event.get("createdAt"), "data": data })
        .to_string()
}

pub(crate) const STRAPI: &str = "strapi";
pub(crate) const THIN: &str = "thin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_say_the_same_in_their_own_shape() {
        let event = json!({
            "event": "entry.update", "createdAt": "2026-01-02T03:04:05.678Z", "model": "article",
            "uid": "api::article.article", "entry": { "title": "x" }, "seq": 7,
            "documentId": "abc", "locale": "en", "changedFields": ["title"],
        });
        let event = event.as_object().unwrap();
        let read = |dialect| serde_json::from_str::<Value>(&body(dialect, event)).unwrap();
        assert_eq!(&read(STRAPI), &Value::Object(event.clone()));
        let standard = read("standard");
        assert_eq!(standard["type"], "entry.update");
        assert_eq!(standard["data"]["entry"]["title"], "x");
        let thin = json!({
            "type": "entry.update", "timestamp": "2026-01-02T03:04:05.678Z",
            "data": { "uid": "api::article.article", "documentId": "abc", "locale": "en", "seq": 7 },
        });
        assert_eq!(read(THIN), thin);
    }
}
