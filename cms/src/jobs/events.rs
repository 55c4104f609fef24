//! Events for webhooks: one job per endpoint that asked for the event, written in the
//! transaction of its cause. No commit, no delivery; no crash between the two.

use cms_api::builtin;
use serde_json::{Map, Value, json};

use crate::store::jobs::{self, NewJob};
use crate::store::webhooks::{self, WebhookRow};
use crate::store::{Conn, StoreError};

/// The kind of the jobs this module writes.
pub const DELIVER_WEBHOOK: &str = "deliver_webhook";

/// Every event there is.
pub const NAMES: [&str; 9] = [
    "entry.create",
    "entry.update",
    "entry.delete",
    "entry.publish",
    "entry.unpublish",
    "entry.draft-discard",
    "media.create",
    "media.update",
    "media.delete",
];

/// Something that happened to a document in one locale.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `entry.publish`, `media.create`
    pub name: &'static str,
    pub uid: String,
    /// The type's singular name.
    pub model: String,
    pub document_id: String,
    /// `None` on types without locales.
    pub locale: Option<String>,
    /// Its place in the feed.
    pub seq: i64,
    /// What receivers see of it; not on delete and unpublish.
    pub entry: Option<Value>,
    pub changed_fields: Vec<String>,
    /// Unix milliseconds.
    pub at: i64,
}

impl Event {
    /// What it tells of: a later event that says the same of the document makes it old news.
    fn subject(&self) -> String {
        let locale = self.locale.as_deref().unwrap_or_default();
        format!("{} {} {} {locale}", self.name, self.uid, self.document_id)
    }

    /// The stored form: Strapi's body and our additions.
    fn to_json(&self) -> Value {
        let mut body = Map::new();
        body.insert("event".into(), self.name.into());
        body.insert("createdAt".into(), crate::clock::iso(self.at).into());
        if self.uid == builtin::FILE {
            body.insert("media".into(), self.entry.clone().unwrap_or(Value::Null));
        } else {
            body.insert("model".into(), self.model.clone().into());
        }
        body.insert("uid".into(), self.uid.clone().into());
        if self.uid != builtin::FILE
            && let Some(entry) = &self.entry
        {
            body.insert("entry".into(), entry.clone());
        }
        body.insert("seq".into(), self.seq.into());
        body.insert("documentId".into(), self.document_id.clone().into());
        body.insert("locale".into(), json!(self.locale));
        body.insert("changedFields".into(), json!(self.changed_fields));
        Value::Object(body)
    }
}

/// Whether any endpoint wants the event: building its body may be costly.
///
/// # Errors
/// Those of the database.
pub fn is_wanted(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    Ok(webhooks::enabled(conn)?.iter().any(|hook| wants(hook, name)))
}

/// Queues one delivery per endpoint that wants the event. Wake the worker after the commit.
///
/// # Errors
/// Those of the database.
pub fn emit(conn: &mut Conn, event: &Event) -> Result<(), StoreError> {
    let body = event.to_json();
    for hook in webhooks::enabled(conn)? {
        if !wants(&hook, event.name) || !is_about(&hook, event) {
            continue;
        }
        // The id is that of the event, the same on every attempt; endpoints never share it.
        let id = format!("msg_{}", cuid2::create_id());
        let payload = json!({ "webhook": hook.id, "id": id, "body": body }).to_string();
        let lane = lane_of(hook.id);
        let subject = if hook.coalesce { event.subject() } else { String::new() };
        let (lane, subject) = (lane.as_str(), subject.as_str());
        let job = NewJob { kind: DELIVER_WEBHOOK, lane, subject, payload: &payload, at: event.at };
        jobs::add(conn, &job)?;
    }
    Ok(())
}

/// The lane of an endpoint's deliveries: they come in order, and wait for no other endpoint.
#[must_use]
pub fn lane_of(webhook: i64) -> String {
    format!("webhook:{webhook}")
}

/// Whether the endpoint wants to hear of the event's type and locale. What has no locale is
/// in all of them.
fn is_about(hook: &WebhookRow, event: &Event) -> bool {
    let list = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap_or_default();
    let (types, locales) = (list(&hook.types), list(&hook.locales));
    let of_type = |pattern: &String| crate::auth::permission::matches(pattern, &event.uid);
    let in_locale = event.locale.as_ref().is_none_or(|locale| locales.contains(locale));
    (types.is_empty() || types.iter().any(of_type)) && (locales.is_empty() || in_locale)
}

fn wants(hook: &WebhookRow, event: &str) -> bool {
    let patterns: Vec<String> = serde_json::from_str(&hook.events).unwrap_or_default();
    patterns.iter().any(|pattern| crate::auth::permission::matches(pattern, event))
}
