//! End users: `/api/users*`. Bare objects and lists, numeric ids, and no answer (204) for a
//! user that does not exist, as users-permissions has them.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::builtin;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Map, Value};

use crate::auth::{password, roles, users};
use crate::clock;
use crate::documents::find::{self, Reading};
use crate::error::{AppError, AppResult};
use crate::extract::auth::Who;
use crate::extract::form::{Form, REQUIRED, REQUIRED_EMAIL, Rules, is_email};
use crate::extract::query::{self, Asked};
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::Row;
use crate::store::find::Selector;
use crate::store::users::Key;
use crate::store::{Conn, feed};

use super::auth::check_lengths;

/// The routes of this file. Ids are as the client wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Find,
    Count,
    Me,
    FindOne(String),
    Create,
    Update(String),
    Delete(String),
}

impl Route {
    pub(crate) fn permission(&self) -> String {
        let action = match self {
            Self::Find => "find",
            Self::Count => "count",
            Self::Me => "me",
            Self::FindOne(_) => "findOne",
            Self::Create => "create",
            Self::Update(_) => "update",
            Self::Delete(_) => "destroy",
        };
        format!("{}.{action}", builtin::USER)
    }
}

pub(crate) async fn run(mut context: Context, route: Route) -> AppResult<HttpResponse> {
    let body = context.take_object();
    match route {
        Route::Find => list(context).await,
        Route::Count => count(context).await,
        Route::Me => match &context.caller.who {
            Who::User { document_id, .. } => {
                one(&context, User::Document(document_id.clone())).await
            }
            _ => Err(ApiError::new(ErrorName::UnauthorizedError, "Unauthorized").into()),
        },
        Route::FindOne(id) => match id.parse() {
            Ok(id) => one(&context, User::Number(id)).await,
            Err(_) => Ok(HttpResponse::NoContent().finish()),
        },
        Route::Create => create(context, body).await,
        Route::Update(id) => update(context, id, body).await,
        Route::Delete(id) => delete(context, id).await,
    }
}

async fn list(context: Context) -> AppResult<HttpResponse> {
    let mut spec = query::query(&context, user_type(&context)?, Asked::List)?;
    // Strapi ignores `pagination` here and returns every user.
    spec.page.start = 0;
    spec.page.limit = i64::MAX.unsigned_abs();
    spec.page.with_count = false;
    let entries = read(&context, move |reading, ty| Ok(find::list(reading, ty, &spec)?.entries));
    Ok(json(StatusCode::OK, &entries.await?))
}

async fn count(context: Context) -> AppResult<HttpResponse> {
    let mut spec = query::query(&context, user_type(&context)?, Asked::List)?;
    spec.page.limit = 1;
    spec.page.with_count = true;
    let total = read(&context, move |reading, ty| Ok(find::list(reading, ty, &spec)?.total));
    Ok(json(StatusCode::OK, &total.await?.unwrap_or_default()))
}

/// Which user is meant.
enum User {
    Number(i64),
    Document(String),
}

impl User {
    fn selector(&self) -> Selector<'_> {
        match self {
            Self::Number(number) => Selector::Number(*number),
            Self::Document(id) => Selector::Document(id),
        }
    }
}

async fn one(context: &Context, user: User) -> AppResult<HttpResponse> {
    let spec = query::query(context, user_type(context)?, Asked::One)?;
    let found =
        read(context, move |reading, ty| Ok(find::one(reading, ty, user.selector(), &spec)?));
    match found.await? {
        Some(user) => Ok(json(StatusCode::OK, &user)),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}

fn user_type(context: &Context) -> AppResult<&cms_api::content_type::ContentType> {
    Ok(context.model.get(builtin::USER).ok_or_else(ApiError::not_found)?)
}

/// Reads users on one snapshot.
async fn read<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce(&mut Reading<'_>, &cms_api::content_type::ContentType) -> AppResult<T>
    + Send
    + 'static,
) -> AppResult<T> {
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    context
        .app
        .read(move |conn| {
            let ty = model.get(builtin::USER).ok_or_else(ApiError::not_found)?;
            let default_locale = registry.default_locale();
            work(&mut Reading { conn, model: &model, default_locale, drafts: false }, ty)
        })
        .await
}

fn application(message: impl Into<String>) -> AppError {
    ApiError::new(ErrorName::ApplicationError, message).into()
}

/// A role by number, documentId or an object that holds one.
fn find_role(conn: &mut Conn, value: &Value) -> AppResult<Row> {
    let key = match value {
        Value::Object(map) => map.get("documentId").or_else(|| map.get("id")).or_else(|| {
            let list = map.get("connect").or_else(|| map.get("set"))?;
            list.get(0).and_then(|item| item.get("documentId").or_else(|| item.get("id")))
        }),
        Value::Array(items) => items.first(),
        other => Some(other),
    };
    let role = match key {
        Some(Value::String(id)) => match id.parse() {
            Ok(id) => roles::by_number(conn, id)?,
            Err(_) => roles::by_document_id(conn, id)?,
        },
        Some(Value::Number(id)) => match id.as_i64() {
            Some(id) => roles::by_number(conn, id)?,
            None => None,
        },
        _ => None,
    };
    role.ok_or_else(|| ApiError::validation("The role does not exist").into())
}

/// The user as an answer to its own change: with the role, for callers who may see roles.
fn shown(conn: &mut Conn, user: &Row, with_role: bool) -> AppResult<Value> {
    let mut shown = users::to_json(user);
    if with_role {
        shown["role"] = super::roles::of_user(conn, user)?;
    }
    Ok(shown)
}

fn sees_roles(context: &Context) -> bool {
    context.caller.may(&format!("{}.find", builtin::ROLE))
}

async fn create(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let mut form = Form::new(&body);
    let email = form.text("email", REQUIRED_EMAIL);
    let username = form.text("username", REQUIRED);
    let password =
        form.text("password", Rules { max_bytes: Some(password::MAX_BYTES), ..REQUIRED });
    let role = body.get("role").filter(|role| !role.is_null()).cloned();
    if role.is_none() {
        form.error("role", "role is a required field".into(), body.get("role").cloned());
    }
    form.finish()?;
    check_lengths(&body).map_err(|error| application(error.message))?;
    let hash = actix_web::web::block(move || password::hash(&password)).await??;
    let with_role = sees_roles(&context);
    let created = context.app.write(move |conn| {
        // The write lock first: nobody else can take the name in between.
        feed::next(conn, "registry")?;
        check_free(conn, &username, &email)?;
        let role = find_role(conn, &role.unwrap_or_default())?;
        let flag = |name, default| body.get(name).and_then(Value::as_bool).unwrap_or(default);
        let new = users::NewUser {
            username: &username,
            email: &email,
            password_hash: &hash,
            confirmed: flag("confirmed", false),
            blocked: flag("blocked", false),
            role: &role.identity.document_id,
        };
        let user = users::create(conn, new, clock::now())?;
        shown(conn, &user, with_role)
    });
    Ok(json(StatusCode::CREATED, &created.await?))
}

fn check_free(conn: &mut Conn, username: &str, email: &str) -> AppResult<()> {
    if users::by_key(conn, Key::Username, username)?.is_some() {
        return Err(application("This attribute must be unique"));
    }
    if users::by_key(conn, Key::Email, &email.to_lowercase())?.is_some() {
        return Err(application("Email already taken"));
    }
    Ok(())
}

async fn update(context: Context, id: String, body: Map<String, Value>) -> AppResult<HttpResponse> {
    let id = user_id(&id)?;
    let before = context.app.read(move |conn| Ok(users::by_number(conn, id)?)).await?;
    before.ok_or_else(not_found)?;
    check_update(&body)?;
    let password = body.get("password").and_then(Value::as_str).map(str::to_owned);
    let hash = match password {
        Some(password) => Some(actix_web::web::block(move || password::hash(&password)).await??),
        None => None,
    };
    let with_role = sees_roles(&context);
    let updated = context.app.write(move |conn| {
        feed::next(conn, "registry")?;
        let user = users::by_number(conn, id)?.ok_or_else(not_found)?;
        check_still_free(conn, user.id, &body)?;
        if let Some(role) = body.get("role").filter(|role| !role.is_null()) {
            let role = find_role(conn, role)?;
            users::set_role(conn, user.id, &role.identity.document_id)?;
        }
        let user = users::update(conn, &user, changes(&body, hash), clock::now())?;
        if users::is_blocked(&user) || body.contains_key("password") {
            crate::store::sessions::revoke_user(conn, user.id, None)?;
        }
        shown(conn, &user, with_role)
    });
    Ok(json(StatusCode::OK, &updated.await?))
}

fn user_id(id: &str) -> Result<i64, AppError> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "User not found").into()
}

fn check_update(body: &Map<String, Value>) -> AppResult<()> {
    let mut form = Form::new(body);
    let rules = Rules { min_length: 1, ..Rules::default() };
    let email = form.text("email", rules);
    form.text("username", rules);
    form.text("password", Rules { max_bytes: Some(password::MAX_BYTES), ..rules });
    if !email.is_empty() && !is_email(&email) {
        form.error("email", "email must be a valid email".into(), Some(email.into()));
    }
    form.finish()?;
    if body.get("password").is_some_and(|password| password == "") {
        return Err(ApiError::validation("password.notNull").into());
    }
    Ok(check_lengths(body)?)
}

fn check_still_free(conn: &mut Conn, id: i64, body: &Map<String, Value>) -> AppResult<()> {
    let text = |name| body.get(name).and_then(Value::as_str);
    for (name, key, message) in [
        ("username", Key::Username, "Username already taken"),
        ("email", Key::Email, "Email already taken"),
    ] {
        let Some(value) = text(name) else { continue };
        let value = if key == Key::Email { value.to_lowercase() } else { value.to_owned() };
        if users::by_key(conn, key, &value)?.is_some_and(|other| other.id != id) {
            return Err(application(message));
        }
    }
    Ok(())
}

/// What a body changes; anything a user has not is ignored.
fn changes(body: &Map<String, Value>, hash: Option<String>) -> Map<String, Value> {
    let mut changes = Map::new();
    for name in ["username", "provider", "confirmed", "blocked"] {
        if let Some(value) = body.get(name) {
            changes.insert(name.into(), value.clone());
        }
    }
    if let Some(email) = body.get("email").and_then(Value::as_str) {
        changes.insert("email".into(), email.to_lowercase().into());
    }
    if let Some(hash) = hash {
        changes.insert("password".into(), hash.into());
    }
    changes
}

async fn delete(context: Context, id: String) -> AppResult<HttpResponse> {
    let Ok(id) = id.parse() else { return Ok(HttpResponse::NoContent().finish()) };
    let deleted = context.app.write(move |conn| {
        let Some(user) = users::by_number(conn, id)? else { return Ok(None) };
        users::delete(conn, &user)?;
        Ok(Some(users::to_json(&user)))
    });
    match deleted.await? {
        Some(user) => Ok(json(StatusCode::OK, &user)),
        None => Ok(HttpResponse::NoContent().finish()),
    }
}
