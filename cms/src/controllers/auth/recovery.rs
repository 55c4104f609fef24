//! Changing and recovering passwords, confirming e-mail addresses.
//!
//! There is no mail transport: codes for links are made and stored as hashes, and an
//! administrator hands them out (`cms user reset`).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::ApiError;
use cms_api::query_string;
use serde_json::{Map, Value, json};

use crate::auth::sessions::{self, Which};
use crate::auth::{password, users};
use crate::clock;
use crate::error::AppResult;
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules};
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::users::Key;

use super::{application, by_code, device, mail_code, signed_in_user, with_tokens};

const PASSWORD: Rules = Rules {
    required: true,
    email: false,
    min_length: password::MIN_LENGTH,
    max_bytes: Some(password::MAX_BYTES),
};

pub(super) async fn change_password(
    context: Context,
    body: Map<String, Value>,
) -> AppResult<HttpResponse> {
    let (id, _) = signed_in_user(&context)
        .map_err(|_| application("You must be authenticated to reset your password"))?;
    let mut form = Form::new(&body);
    let current = form.text("currentPassword", REQUIRED);
    let confirmation = form.text("passwordConfirmation", REQUIRED);
    let new = form.text("password", PASSWORD);
    if confirmation != new {
        let value = Some(Value::String(confirmation));
        form.error("passwordConfirmation", "Passwords do not match".into(), value);
    }
    form.finish()?;
    let user = context.app.read(move |conn| Ok(users::by_id(conn, id)?)).await?;
    let user = user.ok_or_else(ApiError::unauthorized)?;
    let hash = users::text(&user, "password").map(str::to_owned);
    let (given, same) = (current.clone(), current == new);
    if !actix_web::web::block(move || password::verify(&given, hash.as_deref())).await? {
        return Err(ApiError::validation("The provided current password is invalid").into());
    }
    if same {
        let message = "Your new password must be different than your current password";
        return Err(ApiError::validation(message).into());
    }
    replace_password(&context, user, new, device(&body)).await
}

pub(super) async fn forgot_password(
    context: Context,
    body: Map<String, Value>,
) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body);
    let email = form.text("email", REQUIRED_EMAIL);
    form.finish()?;
    let (_, stored) = mail_code()?;
    let done = context.app.write(move |conn| {
        // The same answer for every address, so that nobody learns which accounts exist.
        if let Some(user) = users::by_key(conn, Key::Email, &email.to_lowercase())?
            && !users::is_blocked(&user)
        {
            users::update(conn, &user, set("resetPasswordToken", stored.into()), clock::now())?;
        }
        Ok(())
    });
    done.await?;
    Ok(json(StatusCode::OK, &json!({ "ok": true })))
}

pub(super) async fn reset_password(
    context: Context,
    body: Map<String, Value>,
) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body);
    let confirmation = form.text("passwordConfirmation", REQUIRED);
    let new = form.text("password", PASSWORD);
    let code = form.text("code", REQUIRED);
    form.finish()?;
    if confirmation != new {
        return Err(ApiError::validation("Passwords do not match").into());
    }
    let user = context.app.read(move |conn| by_code(conn, Key::ResetToken, &code)).await?;
    let user = user.ok_or_else(|| ApiError::validation("Incorrect code provided"))?;
    replace_password(&context, user, new, device(&body)).await
}

/// Stores the new password and starts afresh: every other login of the user ends.
async fn replace_password(
    context: &Context,
    user: Row,
    new: String,
    device: Option<String>,
) -> AppResult<HttpResponse> {
    let hash = actix_web::web::block(move || password::hash(&new)).await??;
    let app = context.app.clone();
    let changed = context.app.write(move |conn| {
        let now = clock::now();
        let mut changes = set("password", hash.into());
        changes.insert("resetPasswordToken".into(), Value::Null);
        let user = users::update(conn, &user, changes, now)?;
        sessions::end(conn, user.id, &Which::All)?;
        let tokens = sessions::begin(&app, conn, user.id, device.as_deref(), now)?;
        Ok((tokens, user))
    });
    let (tokens, user) = changed.await?;
    Ok(with_tokens(tokens, Some(&user)))
}

pub(super) async fn confirm_email(context: Context) -> AppResult<HttpResponse> {
    let query = query_string::parse(context.http.query_string())
        .map_err(|error| ApiError::validation(error.to_string()))?;
    let mut form = Form::new(&query);
    let code = form.text("confirmation", REQUIRED);
    form.finish()?;
    let confirmed = context.app.write(move |conn| {
        let Some(user) = by_code(conn, Key::ConfirmationToken, &code)? else { return Ok(false) };
        let mut changes = set("confirmed", true.into());
        changes.insert("confirmationToken".into(), Value::Null);
        users::update(conn, &user, changes, clock::now())?;
        Ok(true)
    });
    if confirmed.await? {
        Ok(HttpResponse::Found().insert_header(("location", "/")).finish())
    } else {
        Err(ApiError::validation("Invalid token").into())
    }
}

pub(super) async fn send_confirmation(
    context: Context,
    body: Map<String, Value>,
) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body);
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
