//! `GET /sync`: the change feed over HTTP.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::change::{FILTER_MISMATCH, SyncPage, TOKEN_EXPIRED};
use cms_api::error::{ApiError, ErrorName};
use cms_api::query::Status;
use serde_json::{Map, Value};

use crate::app::App;
use crate::auth::secret;
use crate::clock;
use crate::documents::sync::token::{KEY_SETTING, Refusal, Token};
use crate::documents::sync::{Feed, Request, is_synced};
use crate::error::AppResult;
use crate::extract::query;
use crate::response;
use crate::routes::Context;
use crate::store::{feed, settings};

/// Items on a page when the reader does not say.
const DEFAULT_LIMIT: u32 = 500;
const MAX_LIMIT: u32 = 1000;

/// Answers a request for the feed.
///
/// # Errors
/// 401 without a bearer token, 400 for parameters that make no sense, 403 for types the
/// caller may not find, 410 for a token that is too old or of a future that was undone.
pub(crate) async fn sync(context: Context) -> AppResult<HttpResponse> {
    if context.caller.is_public() {
        return Err(ApiError::unauthorized().into());
    }
    let tree = query::tree(context.http.query_string())?;
    let key = signing_key(&context.app).await?;
    let token = match tree.get("token") {
        None => None,
        Some(Value::String(text)) => {
            Some(Token::verify(text, key.as_bytes(), clock::now()).map_err(refuse)?)
        }
        Some(_) => return Err(refuse(Refusal::Forged).into()),
    };
    let asked = Parameters::read(&tree)?;
    let access = query::access(&context.caller, &context.model);
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    let page = context
        .app
        .read(move |conn| {
            let mut feed = Feed { conn, model: &model, access: &access };
            let page = match &token {
                Some(token) => {
                    asked.check(token)?;
                    let other_rights = feed.rights_hash(&token.request) != token.rights;
                    if other_rights || feed.is_ahead(token)? {
                        return Err(expired().into());
                    }
                    feed.go_on(token.clone())?
                }
                None => feed.begin(asked.initial(&feed)?)?,
            };
            let next = page.next.sign(key.as_bytes());
            let (next_page, next_sync) =
                if page.more { (Some(next), None) } else { (None, Some(next)) };
            let locales = registry.locales().iter().map(|locale| locale.code.clone()).collect();
            Ok(SyncPage { items: page.items, next_page, next_sync, upto: page.upto, locales })
        })
        .await?;
    Ok(response::json(StatusCode::OK, &page))
}

/// What a request says beside its token.
#[derive(Debug)]
pub(super) struct Parameters {
    initial: bool,
    types: Option<Vec<String>>,
    status: Option<Status>,
    limit: Option<u32>,
}

impl Parameters {
    pub(super) fn read(tree: &Map<String, Value>) -> Result<Self, ApiError> {
        let text = |key: &str| tree.get(key).and_then(Value::as_str);
        let limit = match text("limit") {
            None => None,
            Some(text) => match text.parse::<u32>() {
                Ok(limit) if limit > 0 => Some(limit.min(MAX_LIMIT)),
                _ => return Err(ApiError::validation("limit must be a number from 1 to 1000")),
            },
        };
        let status = match text("status") {
            None => None,
            Some("published") => Some(Status::Published),
            Some("draft") => Some(Status::Draft),
            Some(_) => {
                return Err(ApiError::validation("status must be one of published, draft"));
            }
        };
        Ok(Self { initial: text("initial") == Some("true"), types: types(tree)?, status, limit })
    }

    /// A token keeps what was asked for at the beginning.
    fn check(&self, token: &Token) -> Result<(), ApiError> {
        let other_types = self.types.as_ref().is_some_and(|types| *types != token.request.types);
        let other_status = self.status.is_some_and(|status| status != token.request.status);
        if other_types || other_status || self.initial {
            return Err(mismatch("The token belongs to a listing with other parameters"));
        }
        Ok(())
    }

    fn initial(&self, feed: &Feed<'_>) -> Result<Request, ApiError> {
        if !self.initial {
            return Err(ApiError::validation("Either initial=true or a token is required"));
        }
        self.request(feed, self.limit.unwrap_or(DEFAULT_LIMIT))
    }

    /// Types and status, as long as the caller may find those it named.
    pub(super) fn request(&self, feed: &Feed<'_>, limit: u32) -> Result<Request, ApiError> {
        let types = self.types.clone().unwrap_or_default();
        for uid in &types {
            if !feed.model.get(uid).is_some_and(is_synced) {
                return Err(ApiError::validation(format!("{uid} is no type of this feed")));
            }
            if !feed.access.may_find(uid) {
                return Err(ApiError::forbidden());
            }
        }
        let status = self.status.unwrap_or_default();
        Ok(Request { types, status, limit })
    }
}

/// `types=a,b` or `types[]=a&types[]=b`, sorted.
fn types(tree: &Map<String, Value>) -> Result<Option<Vec<String>>, ApiError> {
    let invalid = || ApiError::validation("types must be a list of content type uids");
    let texts = match tree.get("types") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(items)) => {
            items.iter().map(Value::as_str).collect::<Option<_>>().ok_or_else(invalid)?
        }
        Some(_) => return Err(invalid()),
    };
    let uids = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let mut uids: Vec<_> = uids.filter(|uid| !uid.is_empty()).map(str::to_owned).collect();
    uids.sort_unstable();
    uids.dedup();
    Ok(Some(uids))
}

/// One key for all servers on the same database.
async fn signing_key(app: &App) -> AppResult<String> {
    let known = app.read(|conn| Ok(settings::get(conn, KEY_SETTING)?)).await?;
    if let Some(key) = known {
        return Ok(key);
    }
    let fresh = secret::random_text()?;
    app.write(move |conn| {
        // Another server may be about to make one.
        feed::hold(conn)?;
        if let Some(key) = settings::get(conn, KEY_SETTING)? {
            return Ok(key);
        }
        settings::set(conn, KEY_SETTING, &fresh)?;
        Ok(fresh.clone())
    })
    .await
}

fn refuse(refusal: Refusal) -> ApiError {
    match refusal {
        Refusal::Forged => mismatch("The token is not one of this server"),
        Refusal::Expired => expired(),
    }
}

fn mismatch(message: &str) -> ApiError {
    ApiError::new(ErrorName::Other(FILTER_MISMATCH, 400), message)
}

fn expired() -> ApiError {
    let message = "The token is no longer valid: start again with initial=true";
    ApiError::new(ErrorName::Other(TOKEN_EXPIRED, 410), message)
}
