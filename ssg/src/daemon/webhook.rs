//! `POST /hooks/cms`: the CMS says that something changed.
//!
//! Nothing in the body is believed but the place in the feed, and that only
//! makes the loop look sooner: content always comes from the feed.

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use cms_api::{
    error::ErrorName,
    webhook::{ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, VerifyError, verify},
};
use serde_json::{Value, json};

use super::{body, event::Event, metrics::Hook, seen::SeenIds, shared::Shared};
use crate::proxy::{Changed, Documents};

/// In Strapi's dialect a hook carries the entry with all its relations: an author's has every
/// one of their posts, bodies included, and is soon above a megabyte.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

pub(super) async fn receive(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let body = match body::read(payload, BODY_LIMIT).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let now = jiff::Timestamp::now().as_second();
    match accept(&request, &body, &shared, now) {
        Ok((hook, seq)) => {
            shared.metrics.hook(hook);
            // Without a place (a plain Strapi), the furthest one known.
            let seq = seq.unwrap_or_else(|| shared.known_seq());
            HttpResponse::Accepted().json(json!({ "seq": seq }))
        }
        Err(refusal) => {
            if !matches!(refusal, Refusal::Disk(_)) {
                shared.metrics.hook(Hook::Refused);
            }
            refusal.answer()
        }
    }
}

pub(super) enum Refusal {
    Forged(String),
    Unreadable(String),
    Disk(std::io::Error),
}

impl Refusal {
    pub(super) fn answer(self) -> HttpResponse {
        match self {
            Self::Forged(why) => {
                tracing::warn!(%why, "a webhook was refused");
                body::error(ErrorName::UnauthorizedError, &why)
            }
            Self::Unreadable(why) => body::error(ErrorName::BadRequestError, &why),
            Self::Disk(why) => {
                tracing::error!(%why, "the webhook's id cannot be kept");
                body::error(ErrorName::ServiceUnavailableError, "try again later")
            }
        }
    }
}

fn accept(
    request: &HttpRequest,
    body: &[u8],
    shared: &Shared,
    now: i64,
) -> Result<(Hook, Option<i64>), Refusal> {
    let id = authenticate(request, body, shared, now)?;
    let seq = place(body)?;
    if let Some(id) = id {
        let new = shared.seen().insert(id, now).map_err(Refusal::Disk)?;
        if !new {
            return Ok((Hook::Repeated, seq));
        }
    }
    // Before the build, which may be slow, fail or be pinned.
    shared.proxy.purge(&changed(body));
    shared.send(Event::Hint { seq });
    Ok((Hook::Accepted, seq))
}

/// The id of a signed webhook; none for a plain Strapi's.
pub(super) fn authenticate<'a>(
    request: &'a HttpRequest,
    body: &[u8],
    shared: &Shared,
    now: i64,
) -> Result<Option<&'a str>, Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let forged = |why: &str| Refusal::Forged(why.to_owned());
    let Some(signature) = header(SIGNATURE_HEADER) else {
        return match &shared.authorization {
            Some(expected) if has_header(request, expected) => Ok(None),
            Some(_) => Err(forged("the agreed header is missing or wrong")),
            None => Err(forged("the webhook is not signed")),
        };
    };
    let id = header(ID_HEADER).filter(|id| SeenIds::is_valid(id));
    let id = id.ok_or_else(|| forged("webhook-id is missing or odd"))?;
    let time = header(TIMESTAMP_HEADER).ok_or_else(|| forged("webhook-timestamp is missing"))?;
    verify(&shared.secrets, id, time, signature, body, now)
        .map_err(|error: VerifyError| Refusal::Forged(error.to_string()))?;
    Ok(Some(id))
}

/// `SSG_WEBHOOK_AUTHORIZATION` is the value of `Authorization`, or a whole
/// header `Name: value`. Hashes are compared, in constant time.
fn has_header(request: &HttpRequest, expected: &str) -> bool {
    let named = expected
        .split_once(": ")
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    let (name, expected) = named.unwrap_or((header::AUTHORIZATION.as_str(), expected));
    let given = request.headers().get(name).map(|value| blake3::hash(value.as_bytes()));
    given.is_some_and(|given| given == blake3::hash(expected.trim().as_bytes()))
}

/// The document that a body names, which Strapi does inside of `entry`; files have events of
/// their own.
fn changed(body: &[u8]) -> Changed {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let data = body.get("data").unwrap_or(&body);
    let uid = body.get("uid").or_else(|| data.get("uid")).and_then(Value::as_str);
    let event = body.get("event").or_else(|| body.get("type")).and_then(Value::as_str);
    let about = body.get("entry").unwrap_or(data);
    let document = about.get("documentId").and_then(Value::as_str);
    match (uid, event, document) {
        (Some(uid), Some(event), Some(document)) if event.starts_with("entry.") => {
            Changed::Only(Documents::one(uid, document))
        }
        (Some(uid), Some(event), None) if event.starts_with("entry.") => {
            Changed::Only(Documents::of_type(uid))
        }
        (_, Some(event), _) if event.starts_with("media.") => {
            Changed::Only(Documents::of_type(cms_api::builtin::FILE))
        }
        _ => Changed::Everything,
    }
}

/// `seq` stands at the top of a Strapi-shaped body, in `data` of a standard one.
fn place(body: &[u8]) -> Result<Option<i64>, Refusal> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Refusal::Unreadable(format!("the body is not JSON: {error}")))?;
    let seq = body.get("seq").or_else(|| body.get("data")?.get("seq"));
    Ok(seq.and_then(Value::as_i64))
}
