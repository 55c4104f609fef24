//! Previews over HTTP: who may have a link made, and what a link shows.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{body, shared::Shared, webhook};
use crate::preview::answer;

/// Far more than anybody writes by hand.
const BODY_LIMIT: usize = 64 * 1024;

/// A link, for those who may tell of changes: signed like a webhook.
pub(super) async fn make(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let text = match body::read(payload, BODY_LIMIT).await {
        Ok(text) => text,
        Err(refusal) => return refusal,
    };
    let now = jiff::Timestamp::now().as_second();
    match webhook::authenticate(&request, &text, &shared, now) {
        Ok(_) => answer::make(shared.previews.as_ref(), &text),
        Err(why) => why.answer(),
    }
}

pub(super) async fn show(request: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    answer::show(&request, shared.previews.as_ref()).await
}
