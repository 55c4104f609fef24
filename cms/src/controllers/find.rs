//! Reads of content: lists, documents, single types.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::content_type::Kind;
use cms_api::envelope;
use cms_api::error::ApiError;

use crate::documents::find::{self, Reading};
use crate::error::AppResult;
use crate::extract::query::{self, Asked};
use crate::response;
use crate::routes::{ContentCall, Context};
use crate::store::find::Selector;

/// Answers `GET` on a collection, a document of it, or a single type.
///
/// # Errors
/// 400 for a bad query, 404 when there is no such document.
pub(crate) async fn find(context: Context, call: ContentCall) -> AppResult<HttpResponse> {
    let ty = context.model.get(&call.uid).ok_or_else(ApiError::not_found)?;
    let asked = match (ty.kind, &call.document_id) {
        (Kind::Collection, None) => Asked::List,
        _ => Asked::One,
    };
    let spec = query::query(&context, ty, asked)?;
    let drafts = query::may_read_drafts(&context);
    let model = Arc::clone(&context.model);
    let registry = Arc::clone(&context.registry);
    let answer = context
        .app
        .read(move |conn| {
            let ty = model.get(&call.uid).ok_or_else(ApiError::not_found)?;
            let default_locale = registry.default_locale();
            let mut reading = Reading { conn, model: &model, default_locale, drafts };
            if asked == Asked::List {
                let listing = find::list_text(&mut reading, ty, &spec)?;
                return Ok(envelope::list(&listing.entries, spec.page, listing.total));
            }
            let selector = match &call.document_id {
                Some(id) => Selector::Document(id),
                None => Selector::All,
            };
            let entry = find::one_text(&mut reading, ty, selector, &spec)?;
            Ok(envelope::single(&entry.ok_or_else(ApiError::not_found)?))
        })
        .await?;
    Ok(response::json_text(StatusCode::OK, answer))
}
