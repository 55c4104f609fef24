//! End users: `/api/users*`. Bare objects and lists, numeric ids, and no answer (204) for a
//! user that does not exist, as users-permissions has them.

use std::sync::Arc;

use crate::documents::find::{self, Reading};
use crate::error::AppResult;
use crate::extract::auth::Who;
use crate::extract::query::{self, Asked};
use crate::extract::row_number;
use crate::response::json;
use crate::routes::Context;
use crate::store::find::Selector;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::builtin;
use cms_api::error::{ApiError, ErrorName};
use serde_json::Value;

mod role;
mod write;

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
    let body = context.body.take();
    match route {
        Route::Find => list(context).await,
        Route::Count => count(context).await,
        Route::Me => match &context.caller.who {
            Who::User { document_id, .. } => {
                one(&context, User::Document(document_id.clone())).await
            }
            _ => Err(ApiError::new(ErrorName::UnauthorizedError, "Unauthorized").into()),
        },
        Route::FindOne(id) => match row_number::of(&id) {
            Some(id) => one(&context, User::Number(id)).await,
            None => Ok(HttpResponse::NoContent().finish()),
        },
        Route::Create => write::create(context, body).await,
        Route::Update(id) => write::update(context, id, body).await,
        Route::Delete(id) => write::delete(context, id).await,
    }
}

async fn list(context: Context) -> AppResult<HttpResponse> {
    let spec = query::unpaged(&context, user_type(&context)?, Asked::List)?;
    let entries = read(&context, move |reading, ty| Ok(find::list(reading, ty, &spec)?.entries));
    let mut entries = entries.await?;
    entries.iter_mut().for_each(hide_users_of_role);
    Ok(json(StatusCode::OK, &entries))
}

/// The members of a role are nobody's business who looks at one of them.
fn hide_users_of_role(user: &mut Value) {
    if let Some(Value::Object(role)) = user.get_mut("role") {
        role.shift_remove("users");
    }
}

async fn count(context: Context) -> AppResult<HttpResponse> {
    let mut spec = query::unpaged(&context, user_type(&context)?, Asked::List)?;
    spec.page.start = 0;
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
    let spec = query::unpaged(context, user_type(context)?, Asked::One)?;
    // A list of one: there is nothing behind its first place.
    let is_beyond = spec.page.start > 0;
    let found =
        read(context, move |reading, ty| Ok(find::one(reading, ty, user.selector(), &spec)?));
    match found.await?.filter(|_| !is_beyond) {
        Some(mut user) => {
            hide_users_of_role(&mut user);
            Ok(json(StatusCode::OK, &user))
        }
        None => Ok(HttpResponse::NoContent().finish()),
    }
}

fn user_type(context: &Context) -> AppResult<&cms_api::content_type::ContentType> {
    Ok(context.model.get(builtin::USER).ok_or_else(ApiError::not_found)?)
}

/// Reads users on one snapshot.
async fn read<T: Send + 'static>(
    context: &Context,
    mut work: impl FnMut(&mut Reading<'_>, &cms_api::content_type::ContentType) -> AppResult<T>
    + Send
    + 'static,
) -> AppResult<T> {
    let (model, registry) = (Arc::clone(&context.model), Arc::clone(&context.registry));
    context
        .app
        .read(move |conn| {
            let ty = model.get(builtin::USER).ok_or_else(ApiError::not_found)?;
            let default_locale = registry.default_locale();
            work(
                &mut Reading { conn, model: &model, default_locale, drafts: false, cards: None },
                ty,
            )
        })
        .await
}
