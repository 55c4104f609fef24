//! Forms of the static site: what a visitor sends becomes an entry of the CMS.
//!
//! Pages are the same for everybody, so they carry no secret of a session, and there is no
//! session to abuse: cookies never reach the CMS. What is left is other sites' pages and
//! programs that fill in forms. Against the former a post must come from this site's own
//! pages, as browsers say by themselves; against the latter there are a field that people do
//! not see, a signed token that tells when the form was opened, and a limit per client.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use cms_api::error::{ApiError, ErrorName, FieldError};
use serde_json::{Map, Value, json};

use self::token::Unusable;
use super::{
    Proxy,
    failure::{self, Failure},
    fetch::{self, Sent},
    headers,
    live::Loaded,
    request_id,
};
use crate::{client::Outgoing, site::proxy::Form};

mod body;
mod client;
mod origin;
mod rate;
mod token;

pub(super) use self::{rate::Limiter, token::Tokens};

/// The field that carries the token.
const TOKEN: &str = "_token";
/// Of an answer of the CMS that is looked at.
const ANSWER_LIMIT: usize = 64 << 10;

/// Why a post is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    Api(ApiError),
    Wait(u64),
    Failed(Failure),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

fn refuse(name: ErrorName, message: &str) -> Refusal {
    Refusal::Api(ApiError::new(name, message))
}

pub(super) async fn answer(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    payload: web::Payload,
    loaded: &Loaded,
    form: &Form,
) -> HttpResponse {
    let id = request_id::of(request);
    match *request.method() {
        Method::GET | Method::HEAD => opened(proxy, request, form, &id),
        Method::POST => match receive(proxy, request, payload, loaded, form, &id).await {
            Ok(()) => succeeded(request, form, &id),
            Err(refusal) => refused(request, form, refusal, &id),
        },
        _ => failure::not_allowed("GET, HEAD, POST", &id),
    }
}

/// A token for a form that has just been opened, as JSON or as the field itself.
fn opened(proxy: &Proxy, request: &HttpRequest, form: &Form, id: &str) -> HttpResponse {
    let token = proxy.tokens.issue(&form.path, proxy.clock.now());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, no-store"));
    response.insert_header((request_id::HEADER, id));
    if wants_json(request) {
        return response.json(json!({ "field": TOKEN, "token": token }));
    }
    response
        .content_type("text/html; charset=utf-8")
        .body(format!("<input type=\"hidden\" name=\"{TOKEN}\" value=\"{token}\">"))
}

async fn receive(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    payload: web::Payload,
    loaded: &Loaded,
    form: &Form,
    id: &str,
) -> Result<(), Refusal> {
    if !origin::is_own(request, &loaded.base_url) {
        return Err(refuse(ErrorName::ForbiddenError, "this form is sent from another site"));
    }
    let now = proxy.clock.now();
    let client = (form.path.clone(), client::of(request));
    proxy.limiter.admit(client, form.rate, now).map_err(Refusal::Wait)?;
    let mut fields = body::read(request, payload, form.max_size).await?;
    let trap = form.honeypot.as_ref().and_then(|name| fields.shift_remove(name));
    if trap.is_some_and(|value| value.as_str() != Some("")) {
        // Whoever fills it in is told that it went well, and learns nothing.
        tracing::info!(request = id, form = form.path, "spam: the honeypot was filled in");
        return Ok(());
    }
    let token = fields.shift_remove(TOKEN);
    let token = token.as_ref().and_then(Value::as_str).filter(|token| !token.is_empty());
    if let Some(least) = form.min_time.or(token.map(|_| std::time::Duration::ZERO)) {
        let lives = least..form.max_time;
        proxy.tokens.check(token.unwrap_or_default(), &form.path, now, lives).map_err(unusable)?;
    }
    check(form, &fields)?;
    post(proxy, request, loaded, form, fields, id).await?;
    if let Some(token) = token {
        proxy.tokens.spend(token, now + form.max_time);
    }
    Ok(())
}

fn unusable(why: Unusable) -> Refusal {
    let message = match why {
        Unusable::Unknown => "the form must be opened on this site before it is sent",
        Unusable::TooFast => "the form was sent faster than anybody can fill it in",
        Unusable::TooOld => "the form was open for too long; open it again",
        Unusable::Spent => "the form was sent already",
    };
    refuse(ErrorName::ForbiddenError, message)
}

/// All mistakes at once, as the CMS tells them.
fn check(form: &Form, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let unknown = fields.iter().filter(|(name, _)| !form.fields.contains(name));
    let mut errors: Vec<_> = unknown
        .map(|(name, _)| {
            FieldError::without_value(
                vec![name.clone()],
                format!("{name} is no field of this form"),
            )
        })
        .collect();
    for name in &form.required {
        if fields.get(name).is_none_or(|value| matches!(value, Value::Null) || value == "") {
            let message = format!("{name} must be filled in");
            errors.push(FieldError::without_value(vec![name.clone()], message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid_fields(&errors).into()) }
}

async fn post(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    loaded: &Loaded,
    form: &Form,
    fields: Map<String, Value>,
    id: &str,
) -> Result<(), Refusal> {
    let mut headers = headers::to_cms_for_all(request, id);
    headers.retain(|(name, _)| !matches!(name.as_str(), "accept" | "origin"));
    headers.push(("content-type".into(), b"application/json".to_vec()));
    let outgoing = Outgoing {
        method: "POST".into(),
        path_and_query: format!("/api/{}", form.collection),
        headers,
        deadline: loaded.proxy.default.deadline,
    };
    let sent = Sent::Whole(json!({ "data": fields }).to_string().into());
    let answer = fetch::ask(proxy, loaded.limits(), &outgoing, sent, form.as_site).await;
    proxy.written(&outgoing.path_and_query, &[]);
    let answer = answer.map_err(Refusal::Failed)?;
    match answer.status {
        200..300 => Ok(()),
        400 => Err(Refusal::Api(told(answer).await)),
        429 => Err(Refusal::Wait(1)),
        status => Err(Refusal::Failed(Failure::Refused(format!(
            "a form's entry was answered {status}; may it be created in `{}`?",
            form.collection
        )))),
    }
}

/// What the CMS has against the entry.
async fn told(answer: crate::client::Answer) -> ApiError {
    let body = super::request_body::collect_within(answer.into_body(), ANSWER_LIMIT).await;
    let body: Value =
        body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
    let message = body["error"]["message"].as_str().unwrap_or("Bad Request");
    ApiError::validation(message).with_details(body["error"]["details"].clone())
}

fn succeeded(request: &HttpRequest, form: &Form, id: &str) -> HttpResponse {
    match form.success.as_deref().filter(|_| !wants_json(request)) {
        Some(place) => elsewhere(place.to_owned(), id),
        None => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((request_id::HEADER, id))
            .json(json!({ "data": { "accepted": true } })),
    }
}

fn refused(request: &HttpRequest, form: &Form, refusal: Refusal, id: &str) -> HttpResponse {
    let place = form.failure.as_deref().filter(|_| !wants_json(request));
    let (name, response) = match refusal {
        Refusal::Api(error) => (error.name.as_str(), of_api(error, id)),
        Refusal::Wait(seconds) => {
            let message = "Too many requests, please try again later.";
            let mut response = failure::refusal(ErrorName::RateLimitError, message, id);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            (ErrorName::RateLimitError.as_str(), response)
        }
        Refusal::Failed(failure) => {
            failure.log(id, &form.path);
            ("BadGatewayError", failure.answer(id))
        }
    };
    match place {
        Some(place) => {
            let joint = if place.contains('?') { '&' } else { '?' };
            elsewhere(format!("{place}{joint}error={name}"), id)
        }
        None => response,
    }
}

fn of_api(error: ApiError, id: &str) -> HttpResponse {
    let mut details = error.details.clone().filter(Value::is_object).unwrap_or_else(|| json!({}));
    details["requestId"] = id.into();
    let error = error.with_details(details);
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((request_id::HEADER, id))
        .json(error.body())
}

/// 303: the browser reads what it is sent to, and going back does not send the form again.
fn elsewhere(place: String, id: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, place))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((request_id::HEADER, id))
        .finish()
}

/// Scripts ask for JSON or send it; browsers on their own do neither.
fn wants_json(request: &HttpRequest) -> bool {
    let named = |name: header::HeaderName| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains("application/json"))
    };
    named(header::ACCEPT) || named(header::CONTENT_TYPE)
}
