//! From a request to its handler: who asks, whether they may, and what answers.
//!
//! The rules are Strapi's (Koa's) rather than actix's: literal parts match in any case, one
//! trailing slash is allowed, and since public files may answer any GET, every path knows
//! GET: a wrong method is 405 with `Allow`, a GET nobody answers is a JSON 404.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use serde_json::{Map, Value};

use crate::app::App;
use crate::controllers::{
    auth as auth_routes, contract, events, find, graphql, health, known, locales, pair, roles,
    sync, upload, users, write,
};
use crate::error::{AppError, AppResult};
use crate::extract::auth::{self, Caller};
use crate::extract::{body, multipart};
use crate::media::serve;
use crate::registry::Registry;

mod nobody;
mod table;

pub(crate) use table::{ContentCall, ContentVerb};
use table::{Endpoint, Offered, endpoints};

/// One request on its way through a controller: who asks what, checked against the table.
pub(crate) struct Context {
    pub(crate) app: App,
    /// The content model this request started with.
    pub(crate) model: Arc<ContentModel>,
    /// Locales and permissions as of the start of this request.
    pub(crate) registry: Arc<Registry>,
    pub(crate) caller: Caller,
    pub(crate) http: HttpRequest,
    /// The body as JSON values; null when there is none, or files.
    pub(crate) body: Value,
    /// The unread body of an upload.
    pub(crate) payload: Payload,
}

impl Context {
    /// The members of the body; none when it is no object.
    pub(crate) fn take_object(&mut self) -> Map<String, Value> {
        match self.body.take() {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("caller", &self.caller)
            .field("path", &self.http.path())
            .finish_non_exhaustive()
    }
}

/// Answers one request.
pub(crate) async fn dispatch(app: App, http: HttpRequest, payload: Payload) -> HttpResponse {
    let model = app.model();
    let Some(segments) = segments(http.path()) else { return nobody::answers(&http, &[]) };
    let mut known = endpoints(&model, &segments, Offered::by(&app.settings.serving));
    let method = if http.method() == Method::HEAD { &Method::GET } else { http.method() };
    // Whether the server is up may be asked in any way; GraphQL says itself what it takes.
    let any = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Health | Endpoint::Graphql);
    match known.iter().position(|(known, endpoint)| known == method || any(endpoint)) {
        Some(at) => {
            let (_, endpoint) = known.swap_remove(at);
            answer(app, model, endpoint, http, payload).await
        }
        None => nobody::answers(&http, &known),
    }
}

async fn answer(
    app: App,
    model: Arc<ContentModel>,
    endpoint: Endpoint,
    http: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let request = http.clone();
    let result = match endpoint {
        Endpoint::Health => Ok(health::health()),
        Endpoint::Alive => Ok(health::alive()),
        Endpoint::Ready => health::ready(&app).await,
        Endpoint::File(name) => serve::serve(&http, &app.uploads, &name).await,
        endpoint => authorized(app, model, endpoint, http, payload).await,
    };
    result.unwrap_or_else(|error: AppError| match error.is_not_found() {
        true => nobody::has_it(&request),
        false => error.error_response(),
    })
}

async fn authorized(
    app: App,
    model: Arc<ContentModel>,
    endpoint: Endpoint,
    http: HttpRequest,
    mut payload: Payload,
) -> AppResult<HttpResponse> {
    // A body that is too large or no JSON is refused whoever sent it, as Strapi does.
    let limit = app.settings.serving.body_limit.bytes();
    let body = match *http.method() {
        Method::POST | Method::PUT if !body::is_multipart(&http) => {
            body::tree(&http, &mut payload, limit).await?
        }
        Method::POST | Method::PUT if !matches!(endpoint, Endpoint::Upload(_)) => {
            multipart::tree(&http, &mut payload, limit).await?
        }
        _ => Value::Null,
    };
    let (caller, registry) = auth::identify(&app, auth::bearer(&http)).await?;
    if let Some(action) = endpoint.permission() {
        caller.require(&action)?;
    }
    let context = Context { app, model, registry, caller, http, body, payload };
    match endpoint {
        Endpoint::Content(call) => content(context, call).await,
        Endpoint::Auth(route) => auth_routes::run(context, route).await,
        Endpoint::Users(route) => {
            known::unless_nothing_changed(context, |context| users::run(context, route)).await
        }
        Endpoint::Roles(route) => roles::run(context, route).await,
        Endpoint::Upload(route) => {
            known::unless_nothing_changed(context, |context| upload::run(context, route)).await
        }
        Endpoint::OpenApi => contract::document(&context),
        Endpoint::Docs => contract::page(&context),
        Endpoint::Sync => sync::sync(context).await,
        Endpoint::Events => events::events(context).await,
        Endpoint::Pair => pair::pair(context).await,
        Endpoint::Graphql => graphql::graphql(context).await,
        Endpoint::Locales => Ok(locales::list(&context)),
        Endpoint::Email => Err(anyhow::anyhow!("no mailer is set up to send this message").into()),
        Endpoint::Health | Endpoint::Alive | Endpoint::Ready | Endpoint::File(_) => {
            Err(ApiError::not_found().into())
        }
    }
}

/// Content routes, once the caller is known to be allowed.
async fn content(context: Context, call: ContentCall) -> AppResult<HttpResponse> {
    // No database looks for such an id.
    if call.document_id.as_deref().is_some_and(|id| id.contains('\0')) {
        return match call.verb {
            ContentVerb::Delete => Ok(HttpResponse::NoContent().finish()),
            _ => Err(ApiError::not_found().into()),
        };
    }
    match call.verb {
        ContentVerb::Create
        | ContentVerb::Update
        | ContentVerb::Delete
        | ContentVerb::Publish
        | ContentVerb::Unpublish
        | ContentVerb::DiscardDraft => write::write(context, call).await,
        ContentVerb::Find | ContentVerb::FindOne => find::find(context, call).await,
    }
}

/// The decoded parts of a path; `None` for a path no route can have (an empty part).
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.split('/')
        .map(|part| {
            let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
            (!part.is_empty()).then(|| decoded.into_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_slash_is_ignored_and_an_empty_part_is_no_route() {
        assert_eq!(segments("/api/articles/").unwrap(), ["api", "articles"]);
        assert_eq!(segments("/").unwrap(), Vec::<String>::new());
        assert_eq!(segments("/api/a%20b").unwrap(), ["api", "a b"]);
        assert_eq!(segments("/api//articles"), None);
        assert_eq!(segments("/api/articles//"), None);
    }
}
