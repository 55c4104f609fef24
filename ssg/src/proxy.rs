//! `/api/`: visitors' requests to the CMS, through the daemon.
//!
//! Browsers talk to one origin, and the CMS can stay on a private network.
//! Only reading content and posting new entries passes; who may do which is
//! the CMS's to decide, by the public role or the visitor's own token.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use cms_api::error::ErrorName;

use crate::{
    client::NoAnswer,
    daemon::{Shared, error, method_not_allowed, too_large},
};

mod headers;
mod request_body;
mod route;

/// Forms and comments; files go to the CMS itself.
const BODY_LIMIT: u64 = 1024 * 1024;

pub(crate) async fn pass(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    match route::check(request.method(), request.path()) {
        route::Verdict::Pass => {}
        route::Verdict::NotFound => return error(ErrorName::NotFoundError, "Not Found"),
        route::Verdict::NotAllowed(allowed) => return method_not_allowed(allowed),
    }
    let (body, overflow) = match request_body::stream(&request, payload, BODY_LIMIT) {
        Ok(body) => body,
        Err(request_body::TooLarge) => return too_large(),
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let sent = headers::to_cms(&request);
    let answer = shared.upstream.forward(request.method().as_str(), path, sent, body).await;
    shared.count_proxied(answer.is_err());
    match answer {
        Ok(answer) => pass_back(answer),
        Err(_) if overflow.happened() => too_large(),
        Err(NoAnswer::Elsewhere) => error(ErrorName::NotFoundError, "Not Found"),
        Err(NoAnswer::TimedOut) => {
            error(ErrorName::Other("GatewayTimeoutError", 504), "the CMS did not answer in time")
        }
        Err(NoAnswer::Unreachable(why)) => {
            tracing::warn!(%why, "the CMS cannot be reached");
            error(ErrorName::Other("BadGatewayError", 502), "the CMS cannot be reached")
        }
    }
}

fn pass_back(answer: crate::client::Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = HttpResponse::build(status);
    for header in headers::to_visitor(&answer.headers) {
        response.append_header(header);
    }
    if let Some(length) = answer.length {
        response.no_chunking(length);
    }
    response.streaming(answer.into_body())
}
