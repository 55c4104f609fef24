//! `GET /openapi.json` and `GET /docs`: the contract of the model that is served right now.
//!
//! Both are made once per model. They tell the shapes of content and nothing of content.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use arc_swap::ArcSwapOption;
use cms_api::model::ContentModel;

use crate::auth::secret;
use crate::contract::openapi::{self, Offers};
use crate::contract::page;
use crate::error::AppResult;
use crate::extract::condition::Tags;
use crate::response;
use crate::routes::Context;

/// The page has a style of its own, in itself.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
                           base-uri 'none'; form-action 'none'";

/// The last documents that were made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contract(Arc<ArcSwapOption<Made>>);

#[derive(Debug)]
struct Made {
    model: Arc<ContentModel>,
    json: String,
    page: String,
    tag: String,
}

impl Contract {
    fn of(&self, model: &Arc<ContentModel>, offers: Offers) -> AppResult<Arc<Made>> {
        if let Some(made) = self.0.load_full().filter(|made| Arc::ptr_eq(&made.model, model)) {
            return Ok(made);
        }
        let document = openapi::document(model, offers);
        let json = serde_json::to_string(&document).map_err(anyhow::Error::from)?;
        let tag = secret::hash(&json);
        let page = page::page(&document);
        let made = Arc::new(Made { model: Arc::clone(model), json, page, tag });
        self.0.store(Some(Arc::clone(&made)));
        Ok(made)
    }
}

fn made(context: &Context) -> AppResult<Arc<Made>> {
    let offers = Offers { actions: context.app.settings.serving.actions };
    context.app.contract.of(&context.model, offers)
}

fn is_known(context: &Context, tag: &str) -> bool {
    Tags::if_none_match(&context.http).is_some_and(|known| known == Tags::Any || known.name(tag))
}

/// The document, as machines read it.
pub(crate) fn document(context: &Context) -> AppResult<HttpResponse> {
    let made = made(context)?;
    if is_known(context, &made.tag) {
        return Ok(response::not_modified(&made.tag));
    }
    Ok(response::tagged(response::json_text(StatusCode::OK, made.json.clone()), &made.tag))
}

/// The document, as people read it.
pub(crate) fn page(context: &Context) -> AppResult<HttpResponse> {
    let made = made(context)?;
    if is_known(context, &made.tag) {
        return Ok(response::not_modified(&made.tag));
    }
    let answer = HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(made.page.clone());
    Ok(response::tagged(answer, &made.tag))
}
