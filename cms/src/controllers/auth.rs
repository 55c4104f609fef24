//! Login, registration, sessions and passwords: `/api/auth/*`, as users-permissions has them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Value, json};

use crate::auth::sessions::{Device, Tokens};
use crate::auth::{device, secret, users};
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::extract::auth::Who;
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::users::Key;

mod connect;
mod cookie;
mod login;
mod recovery;
mod session;

use cookie::Delivery;

/// The routes of this folder; the word is the last part of their permission.
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
    /// Logging in with the account of another site, which is not offered.
    Connect(String),
    ProviderCallback(String),
    GetSessions,
    RevokeSession(String),
}

impl Route {
    pub(crate) fn permission(&self) -> String {
        format!("plugin::users-permissions.auth.{}", self.action())
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Callback | Self::ProviderCallback(_) => "callback",
            Self::Register => "register",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::ChangePassword => "changePassword",
            Self::ForgotPassword => "forgotPassword",
            Self::ResetPassword => "resetPassword",
            Self::EmailConfirmation => "emailConfirmation",
            Self::SendEmailConfirmation => "sendEmailConfirmation",
            Self::Connect(_) => "connect",
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
pub(crate) async fn limit(context: &Context, route: &Route) -> AppResult<()> {
    let limit = context.app.auth_limit;
    if !route.is_limited() || limit.is_off() {
        return Ok(());
    }
    let trusted = &context.app.settings.serving.trusted_proxies;
    let client = crate::extract::client::address(&context.http, trusted);
    let action = route.action();
    context.app.write(move |conn| limit.check(conn, client, action, clock::now())).await
}

pub(crate) async fn run(mut context: Context, route: Route) -> AppResult<HttpResponse> {
    limit(&context, &route).await?;
    let body = context.body.take();
    match route {
        Route::Callback => login::login(context, body).await,
        Route::Register => login::register(context, body).await,
        Route::Refresh => session::refresh(context, body).await,
        Route::Logout => session::logout(context, body).await,
        Route::GetSessions => session::list(context).await,
        Route::RevokeSession(family) => session::revoke(context, family).await,
        Route::ChangePassword => recovery::change_password(context, body).await,
        Route::ForgotPassword => recovery::forgot_password(&body),
        Route::ResetPassword => recovery::reset_password(context, body).await,
        Route::EmailConfirmation => recovery::confirm_email(context).await,
        Route::SendEmailConfirmation => recovery::send_confirmation(context, body).await,
        Route::Connect(provider) => connect::begin(&context, &provider),
        Route::ProviderCallback(provider) => connect::finish(&provider),
    }
}

/// Confirms an e-mail address with the code in the body; answers as a login would, but without
/// a token.
///
/// # Errors
/// 400 for a code that is not known.
pub(crate) async fn confirm(mut context: Context) -> AppResult<HttpResponse> {
    limit(&context, &Route::EmailConfirmation).await?;
    let body = context.body.take();
    let user = recovery::confirmed(&context, &body).await?;
    Ok(json(StatusCode::OK, &json!({ "user": users::to_json(&user) })))
}

fn application(message: &str) -> AppError {
    ApiError::new(ErrorName::ApplicationError, message).into()
}

fn blocked() -> AppError {
    application("Your account has been blocked by an administrator")
}

/// The name the client gives its device, if any.
fn device_id(body: &Value) -> Option<String> {
    let id = body.get("deviceId").and_then(Value::as_str);
    id.filter(|id| !id.is_empty()).map(str::to_owned)
}

/// The device somebody logs in on.
fn logging_in(context: &Context, id: Option<String>) -> Device {
    let header = context.http.headers().get(USER_AGENT).map(|value| value.as_bytes());
    let name = device::name(&String::from_utf8_lossy(header.unwrap_or_default()));
    Device { id, name, login_at: Some(clock::now()) }
}

/// The device of a password that was set anew: nothing is known of it, but it is told apart.
fn unnamed() -> AppResult<Device> {
    Ok(Device { id: Some(secret::random_uuid()?), ..Device::default() })
}

fn with_tokens(tokens: &Tokens, user: Option<&Row>, delivery: Delivery) -> AppResult<HttpResponse> {
    let mut answer = json!({ "jwt": tokens.access });
    if delivery == Delivery::Body {
        answer["refreshToken"] = tokens.refresh.as_str().into();
    }
    if let Some(user) = user {
        answer["user"] = users::to_json(user);
    }
    let mut answer = json(StatusCode::OK, &answer);
    delivery.send(&mut answer, Some(&tokens.refresh))?;
    Ok(answer)
}

/// The signed-in user and its session; API tokens have neither.
fn signed_in_user(context: &Context) -> Result<(i64, String), ApiError> {
    match &context.caller.who {
        Who::User { id, session, .. } => Ok((*id, session.clone())),
        _ => Err(ApiError::new(ErrorName::UnauthorizedError, "Missing authentication")),
    }
}

/// The user whose stored code belongs to `code`.
fn by_code(conn: &mut crate::store::Conn, key: Key, code: &str) -> AppResult<Option<Row>> {
    Ok(users::by_key(conn, key, &secret::hash(code))?)
}
