//! Logging in with a password, and registering.

use actix_web::HttpResponse;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use crate::auth::users::check;
use crate::auth::{password, roles, secret, sessions, users};
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules};
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::{Conn, feed, sessions as store};

use super::cookie::Delivery;
use super::{application, blocked, device_id, logging_in, with_tokens};

pub(super) async fn login(context: Context, body: Value) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body)?;
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
    let device = logging_in(&context, device_id(&body));
    let app = context.app.clone();
    let delivery = Delivery::asked(&context);
    delivery.possible()?;
    let begun = context.app.write(move |conn| {
        let current = still_valid(conn, &user)?;
        if let Some(hash) = &renewed {
            users::renew_hash(conn, &current, hash)?;
        }
        Ok((sessions::begin(&app, conn, current.id, &device, clock::now())?, current))
    });
    let (tokens, user) = begun.await?;
    with_tokens(&tokens, Some(&user), delivery)
}

/// What was verified must still be so under the lock: a login must not outlive a password
/// that was changed, or a user that was blocked, while it was checked.
fn still_valid(conn: &mut Conn, verified: &Row) -> AppResult<Row> {
    store::hold(conn, verified.id)?;
    let current = users::by_id(conn, verified.id)?.ok_or_else(wrong_login)?;
    if users::is_blocked(&current) {
        return Err(blocked());
    }
    match current.data.get("password") == verified.data.get("password") {
        true => Ok(current),
        false => Err(wrong_login()),
    }
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

/// What somebody may say when they register.
const REGISTRATION: [&str; 3] = ["username", "email", "password"];

pub(super) async fn register(context: Context, body: Value) -> AppResult<HttpResponse> {
    only_registration(&body)?;
    let body = Value::Object(body.as_object().cloned().unwrap_or_default());
    let mut form = Form::new(&body)?;
    let email = form.text("email", REQUIRED_EMAIL).to_lowercase();
    let username = form.text("username", REQUIRED);
    let password =
        form.text("password", Rules { max_bytes: Some(password::MAX_BYTES), ..REQUIRED });
    form.finish()?;
    let attributes = json!({
        "username": username,
        "email": email,
        "password": password,
        "provider": users::LOCAL,
        "confirmed": true,
    });
    let attributes = attributes.as_object().cloned().unwrap_or_default();
    let (model, given) = (context.model.clone(), attributes.clone());
    // Asked before the costly hash, and again when the user is added.
    context.app.read(move |conn| checked(conn, &model, &given)).await?;
    let hash = actix_web::web::block(move || password::hash(&password)).await??;
    let device = logging_in(&context, Some(secret::random_uuid()?));
    let (app, model) = (context.app.clone(), context.model.clone());
    let added = context.app.write(move |conn| {
        // The lock first: two clients may have been told that the name is free.
        feed::next(conn, "registry")?;
        let (mut data, role) = checked(conn, &model, &attributes)?;
        data.insert("password".into(), hash.as_str().into());
        let now = clock::now();
        let user = users::insert(conn, data, &role, now)?;
        Ok((sessions::begin(&app, conn, user.id, &device, now)?, user))
    });
    let (tokens, user) = added.await?;
    with_tokens(&tokens, Some(&user), Delivery::Body)
}

fn only_registration(body: &Value) -> Result<(), ApiError> {
    let keys: Vec<String> = match body {
        Value::Object(map) => map.keys().cloned().collect(),
        // Places are the keys of a list, and of a text.
        Value::Array(items) => (0..items.len()).map(|at| at.to_string()).collect(),
        Value::String(text) => (0..text.encode_utf16().count()).map(|at| at.to_string()).collect(),
        _ => Vec::new(),
    };
    let extra: Vec<&str> =
        keys.iter().map(String::as_str).filter(|key| !REGISTRATION.contains(key)).collect();
    match extra.is_empty() {
        true => Ok(()),
        false => Err(ApiError::validation(format!("Invalid parameters: {}", extra.join(", ")))),
    }
}

/// The attributes of a new user and its role, once nothing stands against it.
fn checked(
    conn: &mut Conn,
    model: &ContentModel,
    attributes: &Map<String, Value>,
) -> AppResult<(Map<String, Value>, String)> {
    let role = roles::by_type(conn, roles::DEFAULT)?
        .ok_or_else(|| application("Impossible to find the default role"))?;
    let text = |name| attributes.get(name).and_then(Value::as_str).unwrap_or_default();
    if users::is_taken(conn, text("username"), text("email"))? {
        return Err(application("Email or Username are already taken"));
    }
    let checked = check::check(conn, model, None, attributes, clock::now())?;
    Ok((checked.data, role.identity.document_id))
}
