//! Accounts, roles and files: the routes that REST has for them, asked from here.

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::dev::Payload;
use cms_api::error::ApiError;
use serde_json::{Map, Value, json};

use super::execute::OK;
use super::failure::Failure;
use super::schema::Account;
use super::syntax::Position;
use crate::auth::users::LOCAL;
use crate::controllers::{auth, roles, upload, users};
use crate::error::{AppError, AppResult};
use crate::extract::auth::Who;
use crate::routes::Context;

/// A call of one of these routes.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) account: Account,
    pub(super) args: Map<String, Value>,
    pub(super) at: Position,
}

impl Account {
    /// What a caller must be allowed. Whoever logs in or registers is nobody yet.
    pub(super) fn permission(self) -> Option<String> {
        let text = match self {
            Self::Me
            | Self::Login
            | Self::Register
            | Self::ForgotPassword
            | Self::ResetPassword
            | Self::EmailConfirmation => return None,
            Self::ChangePassword => "plugin::users-permissions.auth.changePassword",
            Self::CreateUser => "plugin::users-permissions.user.create",
            Self::UpdateUser => "plugin::users-permissions.user.update",
            Self::DeleteUser => "plugin::users-permissions.user.destroy",
            Self::CreateRole => "plugin::users-permissions.role.createRole",
            Self::UpdateRole => "plugin::users-permissions.role.updateRole",
            Self::DeleteRole => "plugin::users-permissions.role.deleteRole",
            Self::UpdateFile => "plugin::upload.content-api.upload",
            Self::DeleteFile => "plugin::upload.content-api.destroy",
        };
        Some(text.to_owned())
    }
}

type Outcome = Result<Value, Failure>;

/// A permission that only those have who may do everything.
const ANYTHING: &str = "*";

/// The signed-in user with its role.
///
/// # Errors
/// Those of the database.
pub(super) async fn me(context: &Context, at: Position) -> AppResult<Outcome> {
    let Who::User { id, .. } = &context.caller.who else {
        return Ok(Err(match context.caller.may(ANYTHING) {
            true => Failure::plain("Authentication requested", at),
            false => Failure::of(&ApiError::forbidden(), at),
        }));
    };
    let id = *id;
    let found = context.app.read(move |conn| {
        let Some(user) = crate::auth::users::by_id(conn, id)? else { return Ok(Value::Null) };
        let mut shown = crate::auth::users::to_json(&user);
        shown["role"] = roles::of_user(conn, &user)?;
        Ok(shown)
    });
    Ok(Ok(found.await?))
}

/// Runs a call; answers what it shows, and the status of the answer.
///
/// # Errors
/// Those that have nothing to do with the question.
pub(super) async fn change(context: &Context, change: &Change) -> AppResult<(Outcome, u16)> {
    let answered = match call(context, change).await {
        Ok(response) => response,
        Err(AppError::Api(error)) => {
            let missing = change.account == Account::DeleteFile && error.status() == 404;
            return Ok((
                if missing { Ok(Value::Null) } else { Err(Failure::of(&error, change.at)) },
                OK,
            ));
        }
        Err(error) => return Err(error),
    };
    let status = if answered.status() == 201 { 201 } else { OK };
    let body = to_bytes(answered.into_body()).await;
    let body = body.map_err(|error| anyhow::anyhow!("an answer could not be read: {error}"))?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let shown = match change.account {
        Account::CreateUser | Account::UpdateUser | Account::DeleteUser => json!({ "data": body }),
        Account::CreateRole | Account::UpdateRole | Account::DeleteRole => json!({ "ok": true }),
        _ => body,
    };
    Ok((Ok(shown), status))
}

async fn call(context: &Context, change: &Change) -> AppResult<HttpResponse> {
    let args = &change.args;
    let object = |name: &str| args.get(name).cloned().unwrap_or_else(|| json!({}));
    let id = || args.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let on = |body: Value| with(context, body);
    let whole = || Value::Object(args.clone());
    match change.account {
        Account::Login => {
            let input = object("input");
            let provider = input.get("provider").and_then(Value::as_str).unwrap_or_default();
            let route = match provider {
                LOCAL => auth::Route::Callback,
                other => auth::Route::ProviderCallback(other.to_owned()),
            };
            auth::run(on(input), route).await
        }
        Account::Register => auth::run(on(object("input")), auth::Route::Register).await,
        Account::ForgotPassword => auth::run(on(whole()), auth::Route::ForgotPassword).await,
        Account::ResetPassword => auth::run(on(whole()), auth::Route::ResetPassword).await,
        Account::ChangePassword => auth::run(on(whole()), auth::Route::ChangePassword).await,
        Account::EmailConfirmation => auth::confirm(on(whole())).await,
        Account::CreateUser => users::run(on(user(object("data"))), users::Route::Create).await,
        Account::UpdateUser => {
            users::run(on(user(object("data"))), users::Route::Update(id())).await
        }
        Account::DeleteUser => users::run(on(Value::Null), users::Route::Delete(id())).await,
        Account::CreateRole => roles::run(on(object("data")), roles::Route::Create).await,
        Account::UpdateRole => roles::run(on(object("data")), roles::Route::Update(id())).await,
        Account::DeleteRole => roles::run(on(Value::Null), roles::Route::Delete(id())).await,
        Account::UpdateFile => upload::describe(on(object("info")), &id()).await,
        Account::DeleteFile => upload::run(on(Value::Null), upload::Route::Destroy(id())).await,
        Account::Me => Err(ApiError::not_found().into()),
    }
}

/// A role's number is an id, and ids are texts here.
fn user(mut data: Value) -> Value {
    let number = data.get("role").and_then(|role| role.as_str()?.parse::<u64>().ok());
    if let Some(number) = number {
        data["role"] = number.into();
    }
    data
}

/// The same caller with another body.
fn with(context: &Context, body: Value) -> Context {
    Context {
        app: context.app.clone(),
        model: context.model.clone(),
        registry: context.registry.clone(),
        caller: context.caller.clone(),
        http: context.http.clone(),
        body,
        payload: Payload::None,
    }
}
