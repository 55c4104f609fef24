//! One line per request, and an id that ties it to the client's own log.
//!
//! Only the path is logged: query strings may hold tokens.

use std::time::Instant;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken over from a client or proxy.
const MAX_ID_LENGTH: usize = 128;

/// What is known before the answer.
#[derive(Debug)]
pub(crate) struct Entry {
    id: HeaderValue,
    method: String,
    path: String,
    started: Instant,
}

impl Entry {
    pub(crate) fn begin(request: &ServiceRequest) -> Self {
        Self {
            id: request_id(request),
            method: request.method().to_string(),
            path: request.path().to_owned(),
            started: Instant::now(),
        }
    }

    pub(crate) fn end<B>(self, response: &mut ServiceResponse<B>) {
        let status = response.status().as_u16();
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "cms::access",
            status,
            micros,
            request_id = self.id.to_str().unwrap_or_default(),
            "{} {}",
            self.method,
            self.path,
        );
        response.headers_mut().insert(REQUEST_ID, self.id);
    }
}

/// The id the client sent, when it is harmless, else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        !bytes.is_empty()
            && bytes.len() <= MAX_ID_LENGTH
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
    };
    request.headers().get(REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&cuid2::create_id()).unwrap_or(HeaderValue::from_static("-"))
    })
}
