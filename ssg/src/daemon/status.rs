//! `/healthz`, `/readyz`, `/metrics`: for load balancers and those who watch.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::shared::Shared;
use crate::release::Status;

pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Ready when there is a release to show.
pub(super) async fn readyz(shared: web::Data<Shared>) -> HttpResponse {
    let known_seq = shared.known_seq();
    let status = status(shared.clone()).await;
    let live = status.live.as_ref();
    let seq = shared.live_seq(&status);
    let mut body = json!({
        "ready": live.is_some(),
        "release": live.map(|live| live.id),
        "seq": seq,
        "pinned": status.pinned,
        "lag": lag(known_seq, seq),
    });
    // Only what there is to tell.
    let told = [
        ("refused", refused(&status)),
        ("guard", shared.guarded()),
        ("rolled_back", status.rolled_back.as_ref().map(|back| json!(back))),
    ];
    for (name, value) in told {
        if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
            body.insert(name.to_owned(), value);
        }
    }
    match live {
        Some(_) => HttpResponse::Ok().json(body),
        None => HttpResponse::ServiceUnavailable().json(body),
    }
}

pub(super) async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    let known_seq = shared.known_seq();
    let status = status(shared.clone()).await;
    let live = status.live.as_ref();
    let lag = lag(known_seq, shared.live_seq(&status));
    let text = shared.metrics.render(live.map(|live| live.id), status.pinned, lag);
    let text = text + &shared.proxy.metrics();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text)
}

/// What the gate holds back, with its objections.
fn refused(status: &Status) -> Option<serde_json::Value> {
    let refused = status.refused.as_ref()?;
    Some(json!({
        "id": refused.id,
        "at": refused.created_at,
        "seq": refused.seq,
        "findings": refused.refused,
    }))
}

/// How many places in the feed the live site is behind what we know of.
fn lag(known_seq: i64, live: Option<u64>) -> u64 {
    let known = u64::try_from(known_seq).unwrap_or(0);
    known.saturating_sub(live.unwrap_or(0))
}

async fn status(shared: web::Data<Shared>) -> std::sync::Arc<Status> {
    web::block(move || shared.refresh_status()).await.unwrap_or_default()
}
