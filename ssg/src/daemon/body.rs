//! Answers and bodies that all handlers have in common.

use actix_web::{HttpResponse, http::StatusCode, web};
use cms_api::error::{ApiError, ErrorName};
use futures_util::StreamExt;

/// An error in the shape every client of the CMS knows.
pub(crate) fn error(name: ErrorName, message: &str) -> HttpResponse {
    let error = ApiError::new(name, message);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).json(error.body())
}

pub(crate) fn method_not_allowed(allowed: &str) -> HttpResponse {
    let mut response = error(ErrorName::MethodNotAllowedError, "Method Not Allowed");
    if let Ok(value) = allowed.parse() {
        response.headers_mut().insert(actix_web::http::header::ALLOW, value);
    }
    response
}

pub(crate) fn too_large() -> HttpResponse {
    error(ErrorName::PayloadTooLargeError, "Payload Too Large")
}

/// The whole body, or the answer that refuses it.
pub(super) async fn read(
    mut payload: web::Payload,
    limit: usize,
) -> Result<web::Bytes, HttpResponse> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| error(ErrorName::BadRequestError, "the body was cut short"))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
