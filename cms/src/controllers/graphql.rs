//! `/graphql`: one question per request, as Apollo's server takes them.
//!
//! What browsers can send to other sites without being asked (plain forms and links) is refused,
//! since it may come from a page that somebody was led to.

mod playground;
mod request;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};

use super::write::SEQ_HEADER_NAME;
use crate::error::AppResult;
use crate::graphql::{self, Answer, BAD_REQUEST, Failure, Limits};
use crate::routes::Context;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";
const ALLOWED: &str = "GET, POST";

/// Answers a request.
///
/// # Errors
/// Those that have nothing to do with the question.
pub(crate) async fn graphql(mut context: Context) -> AppResult<HttpResponse> {
    let serving = &context.app.settings.serving;
    if serving.graphql_playground && playground::is_wanted(&context.http) {
        return Ok(playground::page());
    }
    let limits = Limits { depth: serving.graphql_depth_limit, cost: serving.graphql_cost_limit };
    let introspection = serving.graphql_introspection;
    let body = context.body.take();
    let question = match request::read(&context.http, body) {
        Ok(question) => question,
        Err((status, message)) => {
            let code = match message.as_str() {
                request::NOT_PERSISTED => "PERSISTED_QUERY_NOT_SUPPORTED",
                _ => BAD_REQUEST,
            };
            let answer = Answer::refused(status, &[Failure::new(code, message)]);
            return Ok(respond(&context, &answer, JSON));
        }
    };
    let Some(kind) = content_type(&context) else {
        let message = format!(
            "An 'accept' header was provided for this request which does not accept {JSON} or \
             {GRAPHQL_JSON}"
        );
        let refused = Answer::refused(406, &[Failure::new(BAD_REQUEST, message)]);
        return Ok(respond(&context, &refused, JSON));
    };
    let graph = context.app.graphs.of(&context.model)?;
    let answer = graphql::answer(&context, &graph, &question, limits, introspection).await?;
    Ok(respond(&context, &answer, kind))
}

fn respond(context: &Context, answer: &Answer, kind: &'static str) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response.content_type(kind);
    let mut response = response.body(answer.body.to_string());
    let headers = response.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let is_get = context.http.method() == Method::GET;
        let allowed = if is_get { "POST" } else { ALLOWED };
        headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    if let Some(seq) = answer.seq {
        headers.insert(HeaderName::from_static(SEQ_HEADER_NAME), seq.into());
    }
    response
}

/// The type that the client prefers; `None` when it takes neither.
fn content_type(context: &Context) -> Option<&'static str> {
    let Some(accept) = context.http.headers().get(header::ACCEPT) else { return Some(JSON) };
    let accept = String::from_utf8_lossy(accept.as_bytes()).to_ascii_lowercase();
    let types = accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    types
        .filter_map(|kind| match kind {
            "application/json" | "application/*" | "*/*" | "" => Some(JSON),
            "application/graphql-response+json" => Some(GRAPHQL_JSON),
            _ => None,
        })
        .next()
}
