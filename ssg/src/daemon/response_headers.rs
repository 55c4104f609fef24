//! The headers of every answer of the site: its own, and those of `_headers`.
//!
//! The same as `ssg nginx` gives, with the same two exceptions: how long an
//! answer other than success is kept, and what keeps files that editors upload
//! from running as pages, are not the owner's to say.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use crate::rules::Rules;

pub(super) const REVALIDATE: &str = "public, no-cache";
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";
const UPLOADS: &str = "/uploads/";

/// `path` is what was asked for, `place` what answers: they differ when a rule
/// rewrote the request.
pub(super) fn finish(
    mut response: HttpResponse,
    rules: &Rules,
    path: &str,
    place: &str,
) -> HttpResponse {
    let sandboxed = place.starts_with(UPLOADS);
    let succeeded = matches!(
        response.status(),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED
    );
    let headers = response.headers_mut();
    own(headers, sandboxed);
    for name in rules.header_names() {
        let Ok(known) = HeaderName::try_from(name) else { continue };
        let fixed = (known == header::CACHE_CONTROL && !succeeded)
            || (sandboxed
                && [header::CONTENT_SECURITY_POLICY, header::X_CONTENT_TYPE_OPTIONS]
                    .contains(&known));
        let Some(value) = rules.header(name, path).filter(|_| !fixed) else { continue };
        if value.is_empty() {
            headers.remove(&known);
        } else if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(known, value);
        }
    }
    response
}

fn own(headers: &mut HeaderMap, sandboxed: bool) {
    let policy = if sandboxed {
        "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    } else {
        "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    }
}
