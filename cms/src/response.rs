//! JSON answers with the content type every Strapi client expects.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;

/// `body` as JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_string(body) {
        Ok(text) => json_text(status, text),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// A body that is JSON text already.
pub(crate) fn json_text(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json; charset=utf-8").body(body)
}

/// An answer with its entity tag.
pub(crate) fn tagged(mut response: HttpResponse, tag: &str) -> HttpResponse {
    if let Ok(value) = header::HeaderValue::from_str(&format!("\"{tag}\"")) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// The client has the answer already.
pub(crate) fn not_modified(tag: &str) -> HttpResponse {
    tagged(HttpResponse::NotModified().finish(), tag)
}
