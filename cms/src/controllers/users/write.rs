//! Users as administrators write them. Times and ids in a body do not count: the server sets
//! them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::builtin;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Map, Value, json};

use crate::auth::users::check::{self, Checked};
use crate::auth::{password, roles, users};
use crate::clock;
use crate::error::{AppError, AppResult};
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules};
use crate::extract::row_number;
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::users::Key;
use crate::store::{Conn, feed, sessions};

use super::role;

fn application(message: impl Into<String>) -> AppError {
    ApiError::new(ErrorName::ApplicationError, message).into()
}

/// The user as an answer to its own change: with the role, for callers who may see roles.
fn shown(conn: &mut Conn, user: &Row, with_role: bool) -> AppResult<Value> {
    let mut shown = users::to_json(user);
    if with_role {
        shown["role"] = crate::controllers::roles::of_user(conn, user)?;
    }
    Ok(shown)
}

fn sees_roles(context: &Context) -> bool {
    context.caller.may(&format!("{}.find", builtin::ROLE))
}

/// The hash of the password a body holds.
async fn hashed(body: &Value) -> AppResult<Option<String>> {
    let Some(password) = body.get("password").and_then(Value::as_str) else { return Ok(None) };
    let password = password.to_owned();
    Ok(Some(actix_web::web::block(move || password::hash(&password)).await??))
}

pub(super) async fn create(context: Context, body: Value) -> AppResult<HttpResponse> {
    let filled = Rules { filled: true, ..REQUIRED };
    let mut form = Form::new(&body)?;
    form.text("email", REQUIRED_EMAIL);
    form.text("username", filled);
    form.text("password", filled);
    role::required(&mut form);
    form.finish()?;
    let hash = hashed(&body).await?;
    let mut attributes = attributes(body, &json!({ "provider": users::LOCAL }));
    // Not said: the default applies, as it does for an empty name.
    if attributes.get("role").is_some_and(|role| role == 0 || role == "") {
        attributes.shift_remove("role");
    }
    let with_role = sees_roles(&context);
    let model = context.model.clone();
    let created = context.app.write(move |conn| {
        // The lock first: nobody else can take the name in between.
        feed::next(conn, "registry")?;
        check_address(conn, None, &attributes)?;
        let now = clock::now();
        let checked = check::check(conn, &model, None, &attributes, now).map_err(unnamed)?;
        let Checked { mut data, role } = checked;
        data.insert("password".into(), hash.clone().into());
        let role = match role {
            Some(role) => role,
            None => default_role(conn)?,
        };
        let user = users::insert(conn, data, &role, now)?;
        shown(conn, &user, with_role)
    });
    Ok(json(StatusCode::CREATED, &created.await?))
}

/// What a body says of a user, with what it cannot say.
fn attributes(body: Value, fixed: &Value) -> Map<String, Value> {
    let Value::Object(mut map) = body else { return Map::new() };
    map.extend(fixed.as_object().cloned().unwrap_or_default());
    if let Some(Value::String(email)) = map.get_mut("email") {
        *email = email.to_lowercase();
    }
    map
}

/// Broken rules of the user type are told without details here.
fn unnamed(error: AppError) -> AppError {
    match error {
        AppError::Api(error) if error.name == ErrorName::ValidationError => {
            application(error.message)
        }
        other => other,
    }
}

fn default_role(conn: &mut Conn) -> AppResult<String> {
    let role = roles::by_type(conn, roles::DEFAULT)?
        .ok_or_else(|| application("Impossible to find the default role"))?;
    Ok(role.identity.document_id)
}

fn check_address(
    conn: &mut Conn,
    own: Option<&Row>,
    attributes: &Map<String, Value>,
) -> AppResult<()> {
    taken(conn, own, Key::Email, attributes.get("email"), "Email already taken")
}

fn taken(
    conn: &mut Conn,
    own: Option<&Row>,
    key: Key,
    value: Option<&Value>,
    message: &str,
) -> AppResult<()> {
    let Some(value) = value.and_then(Value::as_str) else { return Ok(()) };
    match users::by_key(conn, key, value)? {
        Some(other) if own.is_none_or(|own| own.id != other.id) => Err(application(message)),
        _ => Ok(()),
    }
}

pub(super) async fn update(context: Context, id: String, body: Value) -> AppResult<HttpResponse> {
    let number = row_number::of(&id).ok_or_else(not_found)?;
    let before = context.app.read(move |conn| Ok(users::by_number(conn, number)?)).await?;
    let before = before.ok_or_else(not_found)?;
    check_body(&before, &body)?;
    let hash = hashed(&body).await?;
    let attributes = attributes(body, &json!({}));
    let with_role = sees_roles(&context);
    let model = context.model.clone();
    let updated = context.app.write(move |conn| {
        feed::next(conn, "registry")?;
        let user = users::by_number(conn, number)?.ok_or_else(not_found)?;
        let name = attributes.get("username");
        taken(conn, Some(&user), Key::Username, name, "Username already taken")?;
        check_address(conn, Some(&user), &attributes)?;
        let now = clock::now();
        let Checked { mut data, role } = check::check(conn, &model, Some(&user), &attributes, now)?;
        if let Some(role) = role {
            users::set_role(conn, user.id, &role)?;
        }
        let renewed = hash.is_some();
        if let Some(hash) = &hash {
            data.insert("password".into(), hash.as_str().into());
        }
        let user = users::update(conn, &user, data, now)?;
        if users::is_blocked(&user) || renewed {
            sessions::revoke_user(conn, user.id, None)?;
        }
        shown(conn, &user, with_role)
    });
    Ok(json(StatusCode::OK, &updated.await?))
}

fn not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "User not found").into()
}

fn check_body(user: &Row, body: &Value) -> AppResult<()> {
    let filled = Rules { filled: true, ..Rules::default() };
    let mut form = Form::new(body)?;
    form.text("email", Rules { email: true, ..filled });
    form.text("username", filled);
    let password = form.value("password");
    let is_none = |value: &Value| value.is_null() || value == "";
    if password.is_some_and(|value| !value.is_string() && !is_none(value)) {
        form.error("password", "Password must be at least 1 character".into());
    }
    role::optional(&mut form);
    form.finish()?;
    let is_local = users::text(user, "provider") == Some(users::LOCAL);
    if is_local && password.is_some_and(is_none) {
        return Err(ApiError::validation("password.notNull").into());
    }
    Ok(())
}

pub(super) async fn delete(context: Context, id: String) -> AppResult<HttpResponse> {
    let Some(number) = row_number::of(&id) else { return Ok(HttpResponse::NoContent().finish()) };
    let deleted = context.app.write(move |conn| {
        let Some(user) = users::by_number(conn, number)? else { return Ok(None) };
        users::delete(conn, &user)?;
        Ok(Some(users::to_json(&user)))
    });
    match deleted.await? {
        Some(user) => Ok(json(StatusCode::OK, &user)),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}
