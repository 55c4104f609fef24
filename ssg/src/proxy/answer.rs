//! Answers to visitors: kept ones with their age and 304s, passed ones as they come.
//!
//! `Cache-Status` (RFC 9211) says of each where it came from.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::{Method, StatusCode, header},
};

use super::{cache::Entry, fetch::Head, headers, request_id};
use crate::client::{Answer, Chunks, Headers};

const CACHE_STATUS: &str = "cache-status";
const PRIVATE: &str = "private, no-store";

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Hit,
    /// Old, while a new one is fetched for others.
    Revalidating,
    /// Old, since there is no new one to be had; the status that came instead.
    Excused(u16),
    Fetched {
        why: &'static str,
        status: u16,
        stored: bool,
        collapsed: bool,
    },
}

impl Origin {
    fn text(self, ttl: i64) -> String {
        match self {
            Self::Hit => format!("ssg; hit; ttl={ttl}"),
            Self::Revalidating => format!("ssg; hit; ttl={ttl}; detail=swr"),
            Self::Excused(status) => {
                format!("ssg; fwd=stale; fwd-status={status}; ttl={ttl}; detail=sie")
            }
            Self::Fetched { why, status, stored, collapsed } => {
                let stored = if stored { format!("; stored; ttl={ttl}") } else { String::new() };
                let collapsed = if collapsed { "; collapsed" } else { "" };
                format!("ssg; fwd={why}; fwd-status={status}{stored}{collapsed}")
            }
        }
    }
}

/// An answer that was read whole.
pub(super) fn kept(
    request: &HttpRequest,
    entry: &Entry,
    origin: Origin,
    now: Duration,
    id: &str,
) -> HttpResponse {
    let unchanged = entry.status == 200 && knows(request, &entry.etag);
    let status = if unchanged { 304 } else { entry.status };
    let mut response = builder(status, &entry.headers, id);
    let age = entry.age(now).as_secs();
    let fresh = i64::try_from(entry.lifetime.fresh.as_secs()).unwrap_or(i64::MAX);
    let ttl = fresh.saturating_sub(i64::try_from(age).unwrap_or(i64::MAX));
    response.insert_header((header::AGE, age.to_string()));
    response.append_header((CACHE_STATUS, origin.text(ttl)));
    if entry.status == 200 {
        response.insert_header((header::ETAG, entry.etag.as_str()));
    }
    if unchanged { response.finish() } else { response.body(entry.body.clone()) }
}

/// An answer that is handed on as it comes.
pub(super) fn passed(request: &HttpRequest, answer: Answer, why: &str, id: &str) -> HttpResponse {
    let head = Head { status: answer.status, headers: answer.headers.clone() };
    let length = answer.length;
    streamed(request, &head, length, answer.into_body(), why, id)
}

pub(super) fn streamed(
    request: &HttpRequest,
    head: &Head,
    length: Option<u64>,
    body: Chunks,
    why: &str,
    id: &str,
) -> HttpResponse {
    let mut response = builder(head.status, &head.headers, id);
    response.append_header((CACHE_STATUS, format!("ssg; fwd={why}; fwd-status={}", head.status)));
    let silent = !head.headers.iter().any(|(name, _)| name == "cache-control");
    if silent && request.headers().contains_key(header::AUTHORIZATION) {
        response.insert_header((header::CACHE_CONTROL, PRIVATE));
    }
    if *request.method() == Method::HEAD {
        if let Some(length) = length.filter(|length| *length > 0) {
            response.no_chunking(length);
        }
    } else if let Some(length) = length {
        response.no_chunking(length);
    }
    response.streaming(body)
}

fn builder(status: u16, headers: &Headers, id: &str) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    for header in headers::to_visitor(headers) {
        response.append_header(header);
    }
    response.insert_header((request_id::HEADER, id));
    response
}

/// Whether the visitor has this very answer already.
fn knows(request: &HttpRequest, etag: &str) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let weak = |tag: &str| tag.trim().strip_prefix("W/").unwrap_or(tag.trim()).to_owned();
    let given = request.headers().get_all(header::IF_NONE_MATCH);
    let mut tags = given.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    reads && tags.any(|tag| tag.trim() == "*" || weak(tag) == weak(etag))
}
