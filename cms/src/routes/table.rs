//! The URL table: which path knows which methods, and where each of them ends.

use actix_web::http::Method;
use cms_api::content_type::Kind;
use cms_api::model::ContentModel;

use crate::config::Serving;
use crate::controllers::{auth as auth_routes, locales, roles, upload, users};

/// What a caller needs to have a message sent.
const SEND_EMAIL: &str = "plugin::email.email.send";

/// What a content route does; the word is the last part of its permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentVerb {
    Find,
    FindOne,
    Create,
    Update,
    Delete,
    Publish,
    Unpublish,
    DiscardDraft,
}

impl ContentVerb {
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::FindOne => "findOne",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Publish => "publish",
            Self::Unpublish => "unpublish",
            Self::DiscardDraft => "discardDraft",
        }
    }
}

/// A call on a content type. Single types have no `document_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentCall {
    pub(crate) uid: String,
    pub(crate) verb: ContentVerb,
    pub(crate) document_id: Option<String>,
}

/// Where a request can end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Health,
    Alive,
    Ready,
    /// The contract, for machines and for people.
    OpenApi,
    Docs,
    Sync,
    /// The feed as it goes on.
    Events,
    /// A site redeems its code.
    Pair,
    Graphql,
    Locales,
    /// Sends a message, where there is something to send it with.
    Email,
    Content(ContentCall),
    Auth(auth_routes::Route),
    Users(users::Route),
    Roles(roles::Route),
    Upload(upload::Route),
    /// An uploaded file.
    File(String),
}

impl Endpoint {
    /// The action a caller must be allowed; `None` for routes that check for themselves.
    pub(super) fn permission(&self) -> Option<String> {
        match self {
            Self::Content(call) => Some(format!("{}.{}", call.uid, call.verb.as_str())),
            Self::Auth(route) => Some(route.permission()),
            Self::Users(route) => Some(route.permission()),
            Self::Roles(route) => Some(route.permission()),
            Self::Upload(route) => Some(route.permission()),
            Self::Locales => Some(locales::PERMISSION.to_owned()),
            Self::Email => Some(SEND_EMAIL.to_owned()),
            Self::Health
            | Self::Alive
            | Self::Ready
            | Self::OpenApi
            | Self::Docs
            | Self::Sync
            | Self::Events
            | Self::Pair
            | Self::Graphql
            | Self::File(_) => None,
        }
    }
}

/// Routes that an installation may do without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offered {
    /// Publishing by itself.
    pub(super) actions: bool,
    /// The contract.
    pub(super) openapi: bool,
}

impl Offered {
    pub(super) fn by(serving: &Serving) -> Self {
        Self { actions: serving.actions, openapi: serving.openapi }
    }
}

/// Every method the path knows.
pub(super) fn endpoints(
    model: &ContentModel,
    segments: &[String],
    offered: Offered,
) -> Vec<(Method, Endpoint)> {
    let lower: Vec<String> = segments.iter().map(|part| part.to_ascii_lowercase()).collect();
    let literal: Vec<&str> = lower.iter().map(String::as_str).collect();
    match literal.as_slice() {
        ["_health"] => vec![(Method::GET, Endpoint::Health)],
        ["healthz"] => vec![(Method::GET, Endpoint::Alive)],
        ["openapi.json"] if offered.openapi => vec![(Method::GET, Endpoint::OpenApi)],
        ["docs"] if offered.openapi => vec![(Method::GET, Endpoint::Docs)],
        ["readyz"] => vec![(Method::GET, Endpoint::Ready)],
        ["api", "i18n", "locales"] => vec![(Method::GET, Endpoint::Locales)],
        ["api", "email"] => vec![(Method::POST, Endpoint::Email)],
        ["events"] => vec![(Method::GET, Endpoint::Events)],
        ["graphql"] => vec![(Method::GET, Endpoint::Graphql), (Method::POST, Endpoint::Graphql)],
        ["sync"] => vec![(Method::GET, Endpoint::Sync)],
        ["-", "pair"] => vec![(Method::POST, Endpoint::Pair)],
        ["uploads", _] => {
            let name = segments.get(1).cloned().unwrap_or_default();
            vec![(Method::GET, Endpoint::File(name))]
        }
        ["api", "upload", rest @ ..] => {
            upload_endpoints(rest, segments.get(3..).unwrap_or_default())
        }
        ["api", "auth", rest @ ..] => auth_endpoints(rest, segments.get(2..).unwrap_or_default()),
        ["api", "connect", _, ..] => {
            let provider = segments.get(2).cloned().unwrap_or_default();
            vec![on_auth(Method::GET, auth_routes::Route::Connect(provider))]
        }
        ["api", "users", rest @ ..] => user_endpoints(rest, segments.get(2..).unwrap_or_default()),
        ["api", "users-permissions", rest @ ..] => {
            role_endpoints(rest, segments.get(3..).unwrap_or_default())
        }
        ["api", _, .., "actions", _] if !offered.actions => Vec::new(),
        ["api", name, rest @ ..] => {
            let ids = segments.get(2..).unwrap_or_default();
            content_endpoints(model, name, rest, ids)
        }
        _ => Vec::new(),
    }
}

fn on_auth(method: Method, route: auth_routes::Route) -> (Method, Endpoint) {
    (method, Endpoint::Auth(route))
}

fn auth_endpoints(rest: &[&str], ids: &[String]) -> Vec<(Method, Endpoint)> {
    use auth_routes::Route;
    let endpoint = match rest {
        ["local"] => on_auth(Method::POST, Route::Callback),
        ["local", "register"] => on_auth(Method::POST, Route::Register),
        ["refresh"] => on_auth(Method::POST, Route::Refresh),
        ["logout"] => on_auth(Method::POST, Route::Logout),
        ["change-password"] => on_auth(Method::POST, Route::ChangePassword),
        ["forgot-password"] => on_auth(Method::POST, Route::ForgotPassword),
        ["reset-password"] => on_auth(Method::POST, Route::ResetPassword),
        ["email-confirmation"] => on_auth(Method::GET, Route::EmailConfirmation),
        ["send-email-confirmation"] => on_auth(Method::POST, Route::SendEmailConfirmation),
        ["sessions"] => on_auth(Method::GET, Route::GetSessions),
        ["sessions", _] => match ids.get(1) {
            Some(id) => on_auth(Method::DELETE, Route::RevokeSession(id.clone())),
            None => return Vec::new(),
        },
        [_, "callback"] => match ids.first() {
            Some(provider) => on_auth(Method::GET, Route::ProviderCallback(provider.clone())),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    vec![endpoint]
}

fn user_endpoints(rest: &[&str], ids: &[String]) -> Vec<(Method, Endpoint)> {
    use users::Route;
    let id = || ids.first().cloned().unwrap_or_default();
    let routes = match rest {
        [] => vec![(Method::GET, Route::Find), (Method::POST, Route::Create)],
        [name] => {
            let read = match *name {
                "count" => Route::Count,
                "me" => Route::Me,
                _ => Route::FindOne(id()),
            };
            // To be written, these two names are ids like any other.
            vec![
                (Method::GET, read),
                (Method::PUT, Route::Update(id())),
                (Method::DELETE, Route::Delete(id())),
            ]
        }
        _ => Vec::new(),
    };
    routes.into_iter().map(|(method, route)| (method, Endpoint::Users(route))).collect()
}

fn upload_endpoints(rest: &[&str], ids: &[String]) -> Vec<(Method, Endpoint)> {
    use upload::Route;
    let id = || ids.first().cloned().unwrap_or_default();
    let routes = match rest {
        [] => vec![(Method::POST, Route::Upload)],
        ["files"] => vec![(Method::GET, Route::Find)],
        ["files", "page"] => {
            vec![(Method::GET, Route::FindPage), (Method::DELETE, Route::Destroy(id()))]
        }
        ["files", _] => {
            vec![(Method::GET, Route::FindOne(id())), (Method::DELETE, Route::Destroy(id()))]
        }
        _ => Vec::new(),
    };
    routes.into_iter().map(|(method, route)| (method, Endpoint::Upload(route))).collect()
}

fn role_endpoints(rest: &[&str], ids: &[String]) -> Vec<(Method, Endpoint)> {
    use roles::Route;
    let id = || ids.first().cloned().unwrap_or_default();
    let routes = match rest {
        ["permissions"] => vec![(Method::GET, Route::Permissions)],
        ["roles"] => vec![(Method::GET, Route::Find), (Method::POST, Route::Create)],
        ["roles", _] => vec![
            (Method::GET, Route::FindOne(id())),
            (Method::PUT, Route::Update(id())),
            (Method::DELETE, Route::Delete(id())),
        ],
        _ => Vec::new(),
    };
    routes.into_iter().map(|(method, route)| (method, Endpoint::Roles(route))).collect()
}

fn content_endpoints(
    model: &ContentModel,
    name: &str,
    rest: &[&str],
    ids: &[String],
) -> Vec<(Method, Endpoint)> {
    let Some(ty) = model.by_route(name) else { return Vec::new() };
    let on = |verb, id: Option<&String>| {
        let document_id = id.cloned();
        Endpoint::Content(ContentCall { uid: ty.uid.clone(), verb, document_id })
    };
    let id = ids.first();
    match (ty.kind, rest) {
        (Kind::Collection, []) => vec![
            (Method::GET, on(ContentVerb::Find, None)),
            (Method::POST, on(ContentVerb::Create, None)),
        ],
        (Kind::Collection, [_]) => vec![
            (Method::GET, on(ContentVerb::FindOne, id)),
            (Method::PUT, on(ContentVerb::Update, id)),
            (Method::DELETE, on(ContentVerb::Delete, id)),
        ],
        (Kind::Single, []) => vec![
            (Method::GET, on(ContentVerb::Find, None)),
            (Method::PUT, on(ContentVerb::Update, None)),
            (Method::DELETE, on(ContentVerb::Delete, None)),
        ],
        (Kind::Collection, [_, "actions", action]) => {
            action_verb(action).map(|verb| (Method::POST, on(verb, id))).into_iter().collect()
        }
        (Kind::Single, ["actions", action]) => {
            action_verb(action).map(|verb| (Method::POST, on(verb, None))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn action_verb(word: &str) -> Option<ContentVerb> {
    match word {
        "publish" => Some(ContentVerb::Publish),
        "unpublish" => Some(ContentVerb::Unpublish),
        "discard-draft" => Some(ContentVerb::DiscardDraft),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
