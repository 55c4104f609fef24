//! Who is asking.
//!
//! No credentials, or ones that are no bearer token at all, are the public role. A bearer
//! token that is unknown, expired or revoked is refused everywhere, also on public routes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_web::HttpRequest;
use actix_web::http::header;
use cms_api::error::{ApiError, ErrorName};

use crate::app::App;
use crate::auth::api_token::{self, LAST_USED_RESOLUTION_MS};
use crate::auth::jwt::{self, AccessClaims};
use crate::auth::permission::Permissions;
use crate::auth::{secret, users};
use crate::error::AppResult;
use crate::registry::{ApiToken, Registry};
use crate::store::Conn;

/// The role of a request without credentials.
pub const PUBLIC_ROLE: &str = "public";

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Public,
    /// A signed-in user.
    User {
        id: i64,
        document_id: String,
        /// The role's type.
        role: String,
        /// The login the access token came from.
        session: String,
    },
    /// A program with an API token.
    Token {
        id: i64,
        name: String,
    },
}

/// Who is asking and what they may do.
#[derive(Debug, Clone)]
pub struct Caller {
    pub who: Who,
    permissions: Arc<Permissions>,
}

impl Caller {
    #[must_use]
    pub fn new(who: Who, permissions: Arc<Permissions>) -> Self {
        Self { who, permissions }
    }

    /// Whether the action, as `api::article.article.find`, is allowed.
    #[must_use]
    pub fn may(&self, action: &str) -> bool {
        self.permissions.allows(action)
    }

    /// # Errors
    /// 403 when the action is not allowed.
    pub fn require(&self, action: &str) -> Result<(), ApiError> {
        if self.may(action) { Ok(()) } else { Err(ApiError::forbidden()) }
    }

    #[must_use]
    pub fn is_public(&self) -> bool {
        self.who == Who::Public
    }
}

/// The bearer token of a request, if it has one.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<String> {
    // Bytes that are no text make a token that nobody has, not a request without one.
    let value = request.headers().get(header::AUTHORIZATION)?;
    let value = String::from_utf8_lossy(value.as_bytes());
    let mut parts = value.split_ascii_whitespace();
    let (scheme, token) = (parts.next()?, parts.next()?);
    (scheme.eq_ignore_ascii_case("bearer") && parts.next().is_none()).then(|| token.to_owned())
}

/// Finds out who is asking, together with the registry that decided it.
///
/// # Errors
/// 401 for a bearer token that is not valid (any more).
pub async fn identify(app: &App, bearer: Option<String>) -> AppResult<(Caller, Arc<Registry>)> {
    let shared = app.clone();
    let (caller, registry, used) =
        app.glance(move |conn| resolve(&shared, conn, bearer.as_deref())).await?;
    if let Some(id) = used {
        let now = crate::clock::now();
        // Only a note: a request must not fail because it could not be taken.
        let noted = app.write(move |conn| Ok(api_token::mark_used(conn, id, now)?)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the last use of an API token was not noted");
        }
    }
    Ok((caller, registry))
}

type Resolved = (Caller, Arc<Registry>, Option<i64>);

fn resolve(app: &App, conn: &mut Conn, bearer: Option<&str>) -> AppResult<Resolved> {
    let registry = app.registry(conn)?;
    let Some(bearer) = bearer else {
        let caller = Caller::new(Who::Public, registry.role(PUBLIC_ROLE));
        return Ok((caller, registry, None));
    };
    let now = crate::clock::now();
    if let Some(claims) = jwt::verify_access(&app.keys, bearer) {
        return Ok((by_claims(conn, &registry, claims)?, registry, None));
    }
    match registry.token(&secret::hash(bearer)) {
        Some(token) if api_token::is_live(&token.row, now) => {
            let (caller, used) = by_token(conn, token, now)?;
            Ok((caller, registry, used))
        }
        _ => Err(ApiError::unauthorized().into()),
    }
}

/// The user as of now: a deleted or blocked one is refused although the token is good.
fn by_claims(conn: &mut Conn, registry: &Registry, claims: AccessClaims) -> AppResult<Caller> {
    let user = match claims.sub.parse() {
        Ok(id) => users::by_id(conn, id)?,
        Err(_) => None,
    };
    let user = user.ok_or_else(ApiError::unauthorized)?;
    if users::is_blocked(&user) {
        return Err(ApiError::new(ErrorName::UnauthorizedError, "Invalid credentials").into());
    }
    let role = users::role_of(conn, user.id)?;
    let role = role.and_then(|id| registry.role_type(&id)).unwrap_or_default().to_owned();
    let permissions = registry.role(&role);
    let document_id = user.identity.document_id;
    Ok(Caller::new(Who::User { id: user.id, document_id, role, session: claims.sid }, permissions))
}

fn by_token(conn: &mut Conn, token: &ApiToken, now: i64) -> AppResult<(Caller, Option<i64>)> {
    let row = &token.row;
    let is_old = |last: i64| now - last >= LAST_USED_RESOLUTION_MS;
    let mut used = None;
    if is_old(token.noted.load(Ordering::Relaxed)) {
        // Another process may have noted a use since.
        let last = crate::store::registry::token_last_used(conn, row.id)?;
        used = last.is_none_or(is_old).then_some(row.id);
        token
            .noted
            .store(if used.is_some() { now } else { last.unwrap_or(now) }, Ordering::Relaxed);
    }
    let who = Who::Token { id: row.id, name: row.name.clone() };
    Ok((Caller::new(who, Arc::clone(&token.permissions)), used))
}
