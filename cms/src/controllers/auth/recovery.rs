//! Changing and recovering passwords, confirming e-mail addresses.
//!
//! There is no mail transport: an administrator makes codes and hands them out (`cms user
//! reset`). A request by a stranger must never replace such a code, since no mail would bring
//! the new one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::ApiError;
use serde_json::{Map, Value, json};

use crate::auth::sessions::{self, Which};
use crate::auth::users::check;
use crate::auth::{password, users};
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules};
use crate::extract::query;
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::users::Key;
use crate::store::{Conn, feed};

use super::cookie::Delivery;
use super::{application, blocked, by_code, signed_in_user, unnamed, with_tokens};

const PASSWORD: Rules = Rules { max_bytes: Some(password::MAX_BYTES), ..REQUIRED };

pub(super) async fn change_password(context: Context, body: Value) -> AppResult<HttpResponse> {
    let (id, _) = signed_in_user(&context)
        .map_err(|_| application("You must be authenticated to reset your password"))?;
    let mut form = Form::new(&body)?;
    let new = form.new_password(PASSWORD);
    let current = form.text("currentPassword", REQUIRED);
    form.only(&["password", "passwordConfirmation", "currentPassword"]);
    form.finish()?;
    let user = context.app.read(move |conn| Ok(users::by_id(conn, id)?)).await?;
    let user = user.ok_or_else(ApiError::unauthorized)?;
    let hash = users::text(&user, "password").map(str::to_owned);
    let (given, same) = (current.clone(), current == new);
    if !actix_web::web::block(move || password::verify(&given, hash.as_deref())).await? {
        return Err(wrong_password());
    }
    if same {
        let message = "Your new password must be different than your current password";
        return Err(ApiError::validation(message).into());
    }
    let proof = Proof::Password { user: id, hash: user.data.get("password").cloned() };
    replace_password(&context, proof, user, new).await
}

pub(super) fn forgot_password(body: &Value) -> AppResult<HttpResponse> {
    let mut form = Form::new(body)?;
    form.text("email", REQUIRED_EMAIL);
    form.only(&["email"]);
    form.finish()?;
    // The same answer for every address, so that nobody learns which accounts exist.
    Ok(json(StatusCode::OK, &json!({ "ok": true })))
}

pub(super) async fn reset_password(context: Context, body: Value) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body)?;
    let new = form.new_password(PASSWORD);
    let code = form.text("code", REQUIRED);
    form.only(&["password", "passwordConfirmation", "code"]);
    form.finish()?;
    // Asked before the costly hash, and again when the password is replaced.
    let given = code.clone();
    let user = context.app.read(move |conn| by_code(conn, Key::ResetToken, &given)).await?;
    let user = user.ok_or_else(incorrect_code)?;
    replace_password(&context, Proof::Code(code), user, new).await
}

fn incorrect_code() -> AppError {
    ApiError::validation("Incorrect code provided").into()
}

fn wrong_password() -> AppError {
    ApiError::validation("The provided current password is invalid").into()
}

/// What entitles to a new password.
enum Proof {
    /// A code that was handed out; good for one use.
    Code(String),
    /// The stored hash that the current password was compared with.
    Password { user: i64, hash: Option<Value> },
}

impl Proof {
    /// The user it belongs to, as of now.
    fn user(&self, conn: &mut Conn) -> AppResult<Row> {
        let user = match self {
            Self::Code(code) => by_code(conn, Key::ResetToken, code)?.ok_or_else(incorrect_code)?,
            Self::Password { user, hash } => {
                let user = users::by_id(conn, *user)?.ok_or_else(ApiError::unauthorized)?;
                if user.data.get("password") != hash.as_ref() {
                    return Err(wrong_password());
                }
                user
            }
        };
        match users::is_blocked(&user) {
            true => Err(blocked()),
            false => Ok(user),
        }
    }
}

/// Stores the new password and starts afresh: every other login of the user ends.
async fn replace_password(
    context: &Context,
    proof: Proof,
    user: Row,
    new: String,
) -> AppResult<HttpResponse> {
    let model = context.model.clone();
    let attributes = set("password", new.clone().into());
    let checked = context
        .app
        .read(move |conn| check::check(conn, &model, Some(&user), &attributes, clock::now()));
    checked.await?;
    let hash = actix_web::web::block(move || password::hash(&new)).await??;
    let device = unnamed()?;
    let app = context.app.clone();
    let changed = context.app.write(move |conn| {
        // The proof is checked again under the write lock: of two requests with the same code
        // one succeeds, and what was changed meanwhile is not overwritten.
        feed::next(conn, "registry")?;
        let user = proof.user(conn)?;
        let now = clock::now();
        let mut changes = set("password", hash.as_str().into());
        changes.insert("resetPasswordToken".into(), Value::Null);
        let user = users::update(conn, &user, changes, now)?;
        sessions::end(conn, user.id, &Which::All)?;
        let tokens = sessions::begin(&app, conn, user.id, &device, now)?;
        Ok((tokens, user))
    });
    let (tokens, user) = changed.await?;
    with_tokens(&tokens, Some(&user), Delivery::Body)
}

pub(super) async fn confirm_email(context: Context) -> AppResult<HttpResponse> {
    let query = Value::Object(query::tree(context.http.query_string())?);
    confirmed(&context, &query).await?;
    Ok(HttpResponse::Found().insert_header(("location", "/")).finish())
}

/// The user whose address the code in `form` confirms.
pub(super) async fn confirmed(context: &Context, form: &Value) -> AppResult<Row> {
    let mut form = Form::new(form)?;
    let code = form.text("confirmation", REQUIRED);
    form.finish()?;
    let confirmed = context.app.write(move |conn| {
        let Some(user) = by_code(conn, Key::ConfirmationToken, &code)? else { return Ok(None) };
        let mut changes = set("confirmed", true.into());
        changes.insert("confirmationToken".into(), Value::Null);
        Ok(Some(users::update(conn, &user, changes, clock::now())?))
    });
    Ok(confirmed.await?.ok_or_else(|| ApiError::validation("Invalid token"))?)
}

pub(super) async fn send_confirmation(context: Context, body: Value) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body)?;
    let email = form.text("email", REQUIRED_EMAIL);
    form.finish()?;
    let address = email.to_lowercase();
    let user = context.app.read(move |conn| Ok(users::by_key(conn, Key::Email, &address)?)).await?;
    if let Some(user) = user {
        if user.data.get("confirmed") == Some(&Value::Bool(true)) {
            return Err(application("Already confirmed"));
        }
        if users::is_blocked(&user) {
            return Err(application("User blocked"));
        }
    }
    Ok(json(StatusCode::OK, &json!({ "email": email, "sent": true })))
}

fn set(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}
