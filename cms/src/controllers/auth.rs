//! Login, registration, sessions and passwords: `/api/auth/*`, as users-permissions has them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Map, Value, json};

use crate::auth::sessions::{self, Refreshed, Tokens, Which};
use crate::auth::{password, roles, secret, users};
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::extract::auth::Who;
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules};
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::sessions as store;
use crate::store::users::Key;

mod recovery;

/// The routes of this file; the word is the last part of their permission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Callback,
    Register,
    Refresh,
    Logout,
    ChangePassword,
    ForgotPassword,
    ResetPassword,
    EmailConfirmation,
    SendEmailConfirmation,
    /// Logging in with another site's account, which is not offered.
    Connect,
    ProviderCallback,
    GetSessions,
    RevokeSession(String),
}

impl Route {
    pub(crate) fn permission(&self) -> String {
        format!("plugin::users-permissions.auth.{}", self.action())
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Callback | Self::ProviderCallback => "callback",
            Self::Register => "register",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::ChangePassword => "changePassword",
            Self::ForgotPassword => "forgotPassword",
            Self::ResetPassword => "resetPassword",
            Self::EmailConfirmation => "emailConfirmation",
            Self::SendEmailConfirmation => "sendEmailConfirmation",
            Self::Connect => "connect",
            Self::GetSessions => "getSessions",
            Self::RevokeSession(_) => "revokeSession",
        }
    }

    /// Whether guessing on this route must be slow.
    fn is_limited(&self) -> bool {
        matches!(
            self,
            Self::Callback
                | Self::Register
                | Self::ChangePassword
                | Self::ForgotPassword
                | Self::ResetPassword
                | Self::EmailConfirmation
                | Self::SendEmailConfirmation
        )
    }
}

/// Counts the attempt against the client's limit.
pub(crate) fn limit(context: &Context, route: &Route) -> Result<(), ApiError> {
    if !route.is_limited() {
        return Ok(());
    }
    let trusted = &context.app.settings.serving.trusted_proxies;
    let client = crate::extract::client::address(&context.http, trusted);
    context.app.auth_limit.check(client, route.action())
}

pub(crate) async fn run(mut context: Context, route: Route) -> AppResult<HttpResponse> {
    limit(&context, &route)?;
    let body = context.take_object();
    match route {
        Route::Callback => login(context, body).await,
        Route::Register => register(context, body).await,
        Route::Refresh => refresh(context, body).await,
        Route::Logout => logout(context, body).await,
        Route::ChangePassword => recovery::change_password(context, body).await,
        Route::ForgotPassword => recovery::forgot_password(&body),
        Route::ResetPassword => recovery::reset_password(context, body).await,
        Route::EmailConfirmation => recovery::confirm_email(context).await,
        Route::SendEmailConfirmation => recovery::send_confirmation(context, body).await,
        Route::Connect | Route::ProviderCallback => Err(application("This provider is disabled")),
        Route::GetSessions => list_sessions(context).await,
        Route::RevokeSession(family) => revoke_session(context, family).await,
    }
}

fn application(message: &str) -> AppError {
    ApiError::new(ErrorName::ApplicationError, message).into()
}

/// Strapi's name of the client's device, when it sends one.
fn device(body: &Map<String, Value>) -> Option<String> {
    body.get("deviceId").and_then(Value::as_str).map(str::to_owned)
}

async fn login(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body);
    let identifier = form.text("identifier", REQUIRED);
    let password = form.text("password", REQUIRED);
    form.finish()?;
    let user = context.app.read(move |conn| Ok(users::by_identifier(conn, &identifier)?)).await?;
    let hash = user.as_ref().and_then(|user| users::text(user, "password")).map(str::to_owned);
    let checked = actix_web::web::block(move || check_password(&password, hash.as_deref()));
    let (verified, renewed) = checked.await??;
    let Some(user) = user.filter(|_| verified) else { return Err(wrong_login()) };
    if users::is_blocked(&user) {
        return Err(blocked());
    }
    let device = device(&body);
    let app = context.app.clone();
    let begun = context.app.write(move |conn| {
        // What was verified must still be so under the lock: a login must not outlive a
        // password that was changed, or a user that was blocked, while it was checked.
        store::hold(conn, user.id)?;
        let now = clock::now();
        let current = users::by_id(conn, user.id)?.ok_or_else(wrong_login)?;
        if users::is_blocked(&current) {
            return Err(blocked());
        }
        if current.data.get("password") != user.data.get("password") {
            return Err(wrong_login());
        }
        if let Some(hash) = renewed {
            users::renew_hash(conn, &current, &hash)?;
        }
        Ok((sessions::begin(&app, conn, current.id, device.as_deref(), now)?, current))
    });
    let (tokens, user) = begun.await?;
    Ok(with_tokens(tokens, Some(&user)))
}

/// Whether the password is right, and a new hash for one of a kind that is no longer made.
fn check_password(password: &str, hash: Option<&str>) -> anyhow::Result<(bool, Option<String>)> {
    let verified = password::verify(password, hash);
    let outdated = verified && hash.is_some_and(password::is_outdated);
    let renewed = if outdated { Some(password::hash(password)?) } else { None };
    Ok((verified, renewed))
}

fn wrong_login() -> AppError {
    ApiError::validation("Invalid identifier or password").into()
}

fn blocked() -> AppError {
    application("Your account has been blocked by an administrator")
}

async fn register(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let allowed = ["username", "email", "password"];
    let extra: Vec<&str> =
        body.keys().map(String::as_str).filter(|key| !allowed.contains(key)).collect();
    if !extra.is_empty() {
        let message = format!("Invalid parameters: {}", extra.join(", "));
        return Err(ApiError::validation(message).into());
    }
    let mut form = Form::new(&body);
    let email = form.text("email", REQUIRED_EMAIL);
    let username = form.text("username", REQUIRED);
    let password =
        form.text("password", Rules { max_bytes: Some(password::MAX_BYTES), ..REQUIRED });
    form.finish()?;
    let taken = || application("Email or Username are already taken");
    let (name, address) = (username.clone(), email.clone());
    if context.app.read(move |conn| Ok(users::is_taken(conn, &name, &address)?)).await? {
        return Err(taken());
    }
    check_lengths(&body)?;
    let hash = actix_web::web::block(move || password::hash(&password)).await??;
    let now = clock::now();
    let user = context.app.write(move |conn| {
        // Asked again under the write lock: two clients may have been told it is free.
        crate::store::feed::next(conn, "registry")?;
        if users::is_taken(conn, &username, &email)? {
            return Ok(None);
        }
        let role = roles::by_type(conn, roles::DEFAULT)?
            .ok_or_else(|| application("Impossible to find the default role"))?;
        let new = users::NewUser {
            username: &username,
            email: &email,
            password_hash: &hash,
            confirmed: true,
            blocked: false,
            role: &role.identity.document_id,
        };
        Ok(Some(users::create(conn, new, now)?))
    });
    match user.await? {
        Some(user) => signed_in(&context, user, None).await,
        None => Err(taken()),
    }
}

/// The rules of the user type itself, which come after those of the form.
pub(crate) fn check_lengths(body: &Map<String, Value>) -> Result<(), ApiError> {
    let mut form = Form::new(body);
    form.text("username", Rules { min_length: 3, ..Rules::default() });
    form.text("email", Rules { min_length: 6, ..Rules::default() });
    form.text("password", Rules { min_length: password::MIN_LENGTH, ..Rules::default() });
    form.finish()
}

/// Begins a session and answers with its tokens and the user.
async fn signed_in(
    context: &Context,
    user: Row,
    device: Option<String>,
) -> AppResult<HttpResponse> {
    let app = context.app.clone();
    let id = user.id;
    let begun = context
        .app
        .write(move |conn| Ok(sessions::begin(&app, conn, id, device.as_deref(), clock::now())?));
    Ok(with_tokens(begun.await?, Some(&user)))
}

fn with_tokens(tokens: Tokens, user: Option<&Row>) -> HttpResponse {
    let mut answer = json!({ "jwt": tokens.access, "refreshToken": tokens.refresh });
    if let Some(user) = user {
        answer["user"] = users::to_json(user);
    }
    json(StatusCode::OK, &answer)
}

async fn refresh(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let token = match body.get("refreshToken") {
        Some(Value::String(token)) if !token.is_empty() => token.clone(),
        _ => {
            let error = ApiError::new(ErrorName::BadRequestError, "Missing refresh token");
            return Err(error.into());
        }
    };
    let app = context.app.clone();
    let refreshed = context.app.write(move |conn| {
        let refreshed = sessions::refresh(&app, conn, &token, clock::now())?;
        if let Refreshed::Tokens(tokens) = &refreshed
            && users::by_id(conn, tokens.user_id)?.is_none_or(|user| users::is_blocked(&user))
        {
            sessions::end(conn, tokens.user_id, &Which::All)?;
            return Ok(Refreshed::Refused);
        }
        Ok(refreshed)
    });
    match refreshed.await? {
        Refreshed::Tokens(tokens) => Ok(with_tokens(tokens, None)),
        Refreshed::Refused | Refreshed::Reused => {
            Err(ApiError::new(ErrorName::UnauthorizedError, "Invalid refresh token").into())
        }
    }
}

/// The signed-in user and its session; API tokens have neither.
fn signed_in_user(context: &Context) -> Result<(i64, String), ApiError> {
    match &context.caller.who {
        Who::User { id, session, .. } => Ok((*id, session.clone())),
        _ => Err(ApiError::new(ErrorName::UnauthorizedError, "Missing authentication")),
    }
}

async fn logout(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let (user, session) = signed_in_user(&context)?;
    let device = device(&body);
    let all = body.get("scope").and_then(Value::as_str) == Some("all");
    let ended = context.app.write(move |conn| {
        let which = match &device {
            _ if all => Which::All,
            Some(device) => Which::Device(device),
            None => Which::One(&session),
        };
        Ok(sessions::end(conn, user, &which)?)
    });
    ended.await?;
    Ok(json(StatusCode::OK, &json!({ "ok": true })))
}

async fn list_sessions(context: Context) -> AppResult<HttpResponse> {
    let (user, current) = signed_in_user(&context)?;
    let listed = context.app.read(move |conn| {
        let mut list = Vec::new();
        for row in store::active(conn, user, clock::now())? {
            let began = store::began(conn, &row.family)?.unwrap_or(row.created_at);
            list.push(json!({
                "sessionId": row.family,
                "deviceId": row.device,
                "createdAt": clock::iso(began),
                "lastUsedAt": clock::iso(row.created_at),
                "expiresAt": clock::iso(row.idle_expires_at),
                "absoluteExpiresAt": clock::iso(row.absolute_expires_at),
                "current": row.family == current,
            }));
        }
        Ok(list)
    });
    Ok(json(StatusCode::OK, &listed.await?))
}

async fn revoke_session(context: Context, family: String) -> AppResult<HttpResponse> {
    let (user, _) = signed_in_user(&context)?;
    let found = context.app.write(move |conn| Ok(store::revoke_family(conn, user, &family)?));
    if found.await? {
        Ok(json(StatusCode::OK, &json!({ "ok": true })))
    } else {
        Err(ApiError::new(ErrorName::NotFoundError, "Session not found").into())
    }
}

/// The user whose stored code belongs to `code`.
fn by_code(conn: &mut crate::store::Conn, key: Key, code: &str) -> AppResult<Option<Row>> {
    Ok(users::by_key(conn, key, &secret::hash(code))?)
}
