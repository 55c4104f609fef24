//! A page to try queries on, for browsers that come to `/graphql`.
//!
//! It is part of the program and loads nothing from anywhere: one request to this server for
//! the schema, and one for each query. Its policy allows no more than that.

use std::sync::LazyLock;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("playground.html");

/// Only the script and the style of the page itself, and requests to where it came from.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = |tag: &str| {
        let inner = PAGE.split(&format!("<{tag}>")).nth(1).unwrap_or_default();
        let inner = inner.split(&format!("</{tag}>")).next().unwrap_or_default();
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(inner.as_bytes())))
    };
    format!(
        "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; \
         frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
        digest("script"),
        digest("style")
    )
});

/// Whether somebody looks at the address, rather than a program asking something.
pub(super) fn is_wanted(http: &HttpRequest) -> bool {
    let accept = http.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    http.method() == actix_web::http::Method::GET
        && http.query_string().is_empty()
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

pub(super) fn page() -> HttpResponse {
    let mut response = HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE);
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        let name = HeaderName::from_static("content-security-policy");
        response.headers_mut().insert(name, policy);
    }
    response
}
