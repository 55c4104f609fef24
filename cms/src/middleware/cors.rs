//! Which sites' pages a browser lets call this server.
//!
//! As recorded from Strapi: any origin is echoed and may send credentials, unless the
//! settings name the origins.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};

const METHODS: &str = "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS";
const HEADERS: &str = "Content-Type,Authorization,Origin,Accept";
/// A year; browsers cap it themselves.
const MAX_AGE: &str = "31536000";

/// The origin that may read the answer, if any.
fn allowed<'a>(origins: &[String], request: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let origin = request.get(header::ORIGIN)?;
    let known = origins.iter().any(|known| known == "*" || known.as_bytes() == origin.as_bytes());
    known.then_some(origin)
}

/// Whether a browser asks before it calls.
fn is_preflight(method: &Method, request: &HeaderMap) -> bool {
    let asked = request.get(header::ACCESS_CONTROL_REQUEST_METHOD);
    method == Method::OPTIONS && asked.is_some_and(|asked| !asked.is_empty())
}

/// The answer to a preflight, or `None` when the request is none.
pub(crate) fn preflight(
    origins: &[String],
    method: &Method,
    request: &HeaderMap,
) -> Option<HttpResponse> {
    if !is_preflight(method, request) {
        return None;
    }
    let mut response = HttpResponse::NoContent();
    if allowed(origins, request).is_some() || !request.contains_key(header::ORIGIN) {
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
    }
    Some(response.finish())
}

/// Adds the headers every answer carries. A question for the methods of a path that is no
/// preflight is nobody else's.
pub(crate) fn add(
    origins: &[String],
    method: &Method,
    request: &HeaderMap,
    response: &mut HeaderMap,
) {
    response.insert(header::VARY, HeaderValue::from_static("Origin"));
    if method == Method::OPTIONS && !is_preflight(method, request) {
        return;
    }
    let credentials = HeaderValue::from_static("true");
    match allowed(origins, request) {
        Some(origin) => {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
        }
        // Strapi says so without an origin too; without an allowed origin it means nothing.
        None if !request.contains_key(header::ORIGIN) => {
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials);
        }
        None => {}
    }
}
