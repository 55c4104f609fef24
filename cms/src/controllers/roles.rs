//! Roles and what they may do: `/api/users-permissions/*`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use cms_api::error::{ApiError, ErrorName};
use serde_json::{Map, Value, json};

use crate::auth::permission::Permissions;
use crate::auth::{roles, users};
use crate::clock;
use crate::documents::validate::plain;
use crate::error::{AppError, AppResult};
use crate::extract::row_number;
use crate::response::json;
use crate::routes::Context;
use crate::store::documents::{self, Row};
use crate::store::users as store;
use crate::store::{Conn, registry};

/// The routes of this file. Ids are as the client wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Find,
    FindOne(String),
    Create,
    Update(String),
    Delete(String),
    Permissions,
}

impl Route {
    pub(crate) fn permission(&self) -> String {
        let action = match self {
            Self::Find => "role.find",
            Self::FindOne(_) => "role.findOne",
            Self::Create => "role.createRole",
            Self::Update(_) => "role.updateRole",
            Self::Delete(_) => "role.deleteRole",
            Self::Permissions => "permissions.getPermissions",
        };
        format!("plugin::users-permissions.{action}")
    }
}

pub(crate) async fn run(mut context: Context, route: Route) -> AppResult<HttpResponse> {
    let body = context.take_object();
    match route {
        Route::Find => find(context).await,
        Route::FindOne(id) => find_one(context, id).await,
        Route::Create => create(context, body).await,
        Route::Update(id) => update(context, id, body).await,
        Route::Delete(id) => delete(context, id).await,
        Route::Permissions => {
            let tree = roles::tree(&context.model, &Permissions::default());
            Ok(json(StatusCode::OK, &json!({ "permissions": tree })))
        }
    }
}

fn not_found() -> AppError {
    ApiError::new(ErrorName::NotFoundError, "Role not found").into()
}

fn done() -> HttpResponse {
    json(StatusCode::OK, &json!({ "ok": true }))
}

fn get(conn: &mut Conn, id: &str) -> AppResult<Row> {
    let found = match row_number::of(id) {
        Some(id) => roles::by_number(conn, id)?,
        None => None,
    };
    found.ok_or_else(not_found)
}

async fn find(context: Context) -> AppResult<HttpResponse> {
    let listed = context.app.read(|conn| {
        let mut list = Vec::new();
        for role in roles::all(conn)? {
            let users = store::count_of_role(conn, &role.identity.document_id)?;
            let mut shown = roles::to_json(&role);
            shown["nb_users"] = users.into();
            list.push(shown);
        }
        Ok(list)
    });
    Ok(json(StatusCode::OK, &json!({ "roles": listed.await? })))
}

async fn find_one(context: Context, id: String) -> AppResult<HttpResponse> {
    let role = context.app.read(move |conn| get(conn, &id)).await?;
    let permissions = context.registry.role(roles::kind(&role));
    let mut shown = roles::to_json(&role);
    shown["permissions"] = roles::tree(&context.model, &permissions);
    Ok(json(StatusCode::OK, &json!({ "role": shown })))
}

/// `Site Editor 2nd` is `site_editor_2_nd`: letters and digits are words of their own.
fn kind_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let plain = lower.chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).map(base);
    let mut kind = String::new();
    let mut last = None;
    for c in plain.collect::<String>().chars() {
        let class = (c.is_alphabetic(), c.is_numeric());
        if class != (false, false) {
            if last != Some(class) && !kind.is_empty() {
                kind.push('_');
            }
            kind.push(c);
        }
        last = Some(class);
    }
    kind
}

/// A European letter without its accents.
fn base(c: char) -> String {
    match c {
        '\u{c0}'..='\u{17f}' => {
            deunicode::deunicode_char(c).map_or_else(String::new, str::to_lowercase)
        }
        _ => c.to_string(),
    }
}

/// A body that says something.
fn filled(body: &Map<String, Value>) -> AppResult<()> {
    match body.is_empty() {
        true => Err(ApiError::validation("Request body cannot be empty").into()),
        false => Ok(()),
    }
}

/// The text a database column makes of a value.
fn column(value: Option<&Value>) -> Value {
    value.and_then(plain).map_or(Value::Null, Value::String)
}

async fn create(context: Context, body: Map<String, Value>) -> AppResult<HttpResponse> {
    filled(&body)?;
    let kind = column(body.get("type")).as_str().filter(|kind| !kind.is_empty()).map_or_else(
        || kind_of(column(body.get("name")).as_str().unwrap_or_default()),
        str::to_owned,
    );
    let data = Map::from_iter([
        ("name".to_owned(), column(body.get("name"))),
        ("description".to_owned(), column(body.get("description"))),
        ("type".to_owned(), kind.into()),
    ]);
    let actions = roles::enabled_actions(body.get("permissions").unwrap_or(&Value::Null));
    let model = context.model.clone();
    let created = context.app.write(move |conn| {
        registry::touch(conn)?;
        let kind = roles::insert(conn, data.clone(), clock::now())?;
        roles::set_permissions(conn, &model, &kind, &Permissions::default(), &actions)?;
        Ok(())
    });
    created.await?;
    Ok(done())
}

async fn update(context: Context, id: String, body: Map<String, Value>) -> AppResult<HttpResponse> {
    filled(&body)?;
    let actions = roles::enabled_actions(body.get("permissions").unwrap_or(&Value::Null));
    let (app, model) = (context.app.clone(), context.model.clone());
    let updated = context.app.write(move |conn| {
        let role = get(conn, &id)?;
        let mut data = role.data.clone();
        for name in ["name", "description"] {
            if let Some(value) = body.get(name) {
                data.insert(name.into(), column(Some(value)));
            }
        }
        documents::update(conn, role.id, &data, clock::now())?;
        let before = app.registry(conn)?.role(roles::kind(&role));
        roles::set_permissions(conn, &model, roles::kind(&role), &before, &actions)?;
        Ok(())
    });
    updated.await?;
    Ok(done())
}

async fn delete(context: Context, id: String) -> AppResult<HttpResponse> {
    let deleted = context.app.write(move |conn| {
        let role = get(conn, &id)?;
        let public = roles::by_type(conn, roles::PUBLIC)?.ok_or_else(not_found)?;
        if role.id == public.id {
            let message = "Cannot delete public role";
            return Err(ApiError::new(ErrorName::ApplicationError, message).into());
        }
        roles::delete(conn, &role, &public)?;
        Ok(())
    });
    deleted.await?;
    Ok(done())
}

/// The role as part of a user, for callers who may see roles.
pub(crate) fn of_user(conn: &mut Conn, user: &Row) -> AppResult<Value> {
    let role = match users::role_of(conn, user.id)? {
        Some(document_id) => roles::by_document_id(conn, &document_id)?,
        None => None,
    };
    Ok(role.as_ref().map_or(Value::Null, roles::to_json))
}

#[cfg(test)]
mod tests {
    use super::kind_of;

    #[test]
    fn the_type_of_a_role_comes_from_its_name() {
        for (name, kind) in [
            ("Site Editor", "site_editor"),
            ("Éditeur Été 2", "editeur_ete_2"),
            ("siteEditorX2", "siteeditorx_2"),
            ("--A__b--", "a_b"),
            ("Don't", "dont"),
            ("", ""),
        ] {
            assert_eq!(kind_of(name), kind);
        }
    }
}
