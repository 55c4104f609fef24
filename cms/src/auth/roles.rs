//! Roles of end users and what they may do.
//!
//! A role is a document; its permissions are rows named after the role's type.

use cms_api::builtin;
use cms_api::content_type::Kind;
use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};

use crate::store::builtin as rows;
use crate::store::documents::{self, Row};
use crate::store::links::{self, Target};
use crate::store::users::{self as store, Key};
use crate::store::{Conn, StoreError, registry};

use super::permission::Permissions;
use super::users;

/// The role new users get.
pub const DEFAULT: &str = "authenticated";
/// The role of requests without credentials; it cannot be deleted.
pub const PUBLIC: &str = "public";

/// Type, name, description and permissions of the roles every installation starts with.
const STOCK: [(&str, &str, &str, &[&str]); 2] = [
    (
        DEFAULT,
        "Authenticated",
        "Default role given to authenticated user.",
        &[
            "auth.changePassword",
            "auth.logout",
            "auth.getSessions",
            "auth.revokeSession",
            "user.me",
        ],
    ),
    (
        PUBLIC,
        "Public",
        "Default role given to unauthenticated user.",
        &[
            "auth.callback",
            "auth.connect",
            "auth.forgotPassword",
            "auth.resetPassword",
            "auth.refresh",
            "auth.register",
            "auth.emailConfirmation",
            "auth.sendEmailConfirmation",
        ],
    ),
];

const USERS_PERMISSIONS: &str = "plugin::users-permissions";

/// Attribute of a role whose type another role had first; clients do not see it.
const KEY: &str = "permissionsKey";

/// A controller and its actions.
type Controller = (&'static str, &'static [&'static str]);

/// Every plugin action, as Strapi lists them.
const PLUGIN_ACTIONS: &[(&str, &[Controller])] = &[
    (
        "plugin::content-type-builder",
        &[
            ("components", &["getComponents", "getComponent"]),
            ("content-types", &["getContentTypes", "getContentType"]),
        ],
    ),
    ("plugin::email", &[("email", &["send"])]),
    ("plugin::upload", &[("content-api", &["find", "findPage", "findOne", "destroy", "upload"])]),
    ("plugin::i18n", &[("locales", &["listLocales"])]),
    (
        USERS_PERMISSIONS,
        &[
            (
                "auth",
                &[
                    "callback",
                    "changePassword",
                    "resetPassword",
                    "refresh",
                    "logout",
                    "getSessions",
                    "revokeSession",
                    "connect",
                    "forgotPassword",
                    "register",
                    "emailConfirmation",
                    "sendEmailConfirmation",
                ],
            ),
            ("user", &["create", "update", "find", "findOne", "count", "destroy", "me"]),
            ("role", &["createRole", "findOne", "find", "updateRole", "deleteRole"]),
            ("permissions", &["getPermissions"]),
        ],
    ),
];

const COLLECTION_ACTIONS: &[&str] = &["find", "findOne", "create", "update", "delete"];
const SINGLE_ACTIONS: &[&str] = &["find", "update", "delete"];
/// Actions Strapi does not know, which its way of saving a role must not take away.
const OWN_ACTIONS: &[&str] = &["publish", "unpublish", "discardDraft"];

/// Creates the stock roles in a database that has no role yet.
///
/// # Errors
/// Those of the database.
pub fn ensure_stock(conn: &mut Conn, now: i64) -> Result<(), StoreError> {
    if !store::all(conn, builtin::ROLE)?.is_empty() {
        return Ok(());
    }
    for (kind, name, description, actions) in STOCK {
        create(conn, kind, name, description, now)?;
        for action in actions {
            registry::add_permission(conn, kind, &format!("{USERS_PERMISSIONS}.{action}"))?;
        }
    }
    Ok(())
}

/// Adds a role without permissions.
///
/// # Errors
/// Those of the database.
pub fn create(
    conn: &mut Conn,
    kind: &str,
    name: &str,
    description: &str,
    now: i64,
) -> Result<(), StoreError> {
    let data = json!({ "name": name, "description": description, "type": kind });
    insert(conn, data.as_object().cloned().unwrap_or_default(), now).map(drop)
}

/// Adds a role with these attributes and returns the name its permissions have.
///
/// # Errors
/// Those of the database.
pub fn insert(
    conn: &mut Conn,
    mut data: Map<String, Value>,
    now: i64,
) -> Result<String, StoreError> {
    let document_id = cuid2::create_id();
    let kind = data.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_known = by_type(conn, &kind)?.is_some();
    let key = if is_known { document_id.clone() } else { kind };
    if is_known {
        // A second role of a type must not share what the first one may do.
        data.insert(KEY.into(), key.clone().into());
    }
    let identity = rows::identity(builtin::ROLE, document_id);
    rows::insert(conn, identity, data, now)?;
    registry::touch(conn)?;
    Ok(key)
}

/// The role that clients know by this number.
///
/// # Errors
/// Those of the database.
pub fn by_number(conn: &mut Conn, number: i64) -> Result<Option<Row>, StoreError> {
    documents::get_by_number(conn, builtin::ROLE, number)
}

/// # Errors
/// Those of the database.
pub fn by_type(conn: &mut Conn, kind: &str) -> Result<Option<Row>, StoreError> {
    match store::with(conn, Key::RoleType, kind)?.first() {
        Some(id) => documents::get_by_id(conn, *id),
        None => Ok(None),
    }
}

/// # Errors
/// Those of the database.
pub fn by_document_id(conn: &mut Conn, document_id: &str) -> Result<Option<Row>, StoreError> {
    Ok(documents::of_document(conn, builtin::ROLE, document_id)?.into_iter().next())
}

/// Every role, oldest first.
///
/// # Errors
/// Those of the database.
pub fn all(conn: &mut Conn) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for id in store::all(conn, builtin::ROLE)? {
        rows.extend(documents::get_by_id(conn, id)?);
    }
    Ok(rows)
}

/// Removes a role; its users get the public one.
///
/// # Errors
/// Those of the database.
pub fn delete(conn: &mut Conn, role: &Row, public: &Row) -> Result<(), StoreError> {
    let target = Target::document(builtin::ROLE, &role.identity.document_id);
    let users = rows::identity(builtin::USER, String::new());
    for link in links::incoming(conn, users::ROLE_PATH, &target, &users)? {
        users::set_role(conn, link.source_id, &public.identity.document_id)?;
    }
    registry::clear_permissions(conn, kind(role))?;
    documents::delete(conn, role.id)
}

/// The name the role's permissions are stored under: its type.
#[must_use]
pub fn kind(role: &Row) -> &str {
    users::text(role, KEY).or_else(|| users::text(role, "type")).unwrap_or_default()
}

#[must_use]
pub fn to_json(role: &Row) -> Value {
    users::shown(role, &["name", "description", "type"])
}

/// `{"api::article": {"controllers": {"article": {"find": {"enabled": true, "policy": ""}}}}}`
/// with every action there is, and those that were allowed although there are none such.
#[must_use]
pub fn tree(model: &ContentModel, permissions: &Permissions) -> Value {
    let mut tree = Map::new();
    for ty in model.api_types() {
        let (api, controller) = split(&ty.uid);
        let actions = if ty.kind == Kind::Single { SINGLE_ACTIONS } else { COLLECTION_ACTIONS };
        add_controller(&mut tree, api, controller, actions, permissions);
    }
    for (plugin, controllers) in PLUGIN_ACTIONS {
        for (controller, actions) in *controllers {
            add_controller(&mut tree, plugin, controller, actions, permissions);
        }
    }
    for action in permissions.listed() {
        let mut parts = action.split('.');
        if let (Some(namespace), Some(controller), Some(verb), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        {
            let entry = tree.entry(namespace).or_insert_with(|| json!({ "controllers": {} }));
            entry["controllers"][controller][verb] = json!({ "enabled": true, "policy": "" });
        }
    }
    Value::Object(tree)
}

fn add_controller(
    tree: &mut Map<String, Value>,
    namespace: &str,
    controller: &str,
    actions: &[&str],
    permissions: &Permissions,
) {
    let states: Map<String, Value> = actions
        .iter()
        .map(|action| {
            let enabled = permissions.allows(&format!("{namespace}.{controller}.{action}"));
            ((*action).to_owned(), json!({ "enabled": enabled, "policy": "" }))
        })
        .collect();
    let entry = tree.entry(namespace).or_insert_with(|| json!({ "controllers": {} }));
    entry["controllers"][controller] = Value::Object(states);
}

/// `api::article.article` is `("api::article", "article")`.
fn split(uid: &str) -> (&str, &str) {
    uid.split_once('.').unwrap_or((uid, ""))
}

/// The enabled actions of such a tree.
#[must_use]
pub fn enabled_actions(tree: &Value) -> Vec<String> {
    let mut actions = Vec::new();
    for (namespace, entry) in tree.as_object().into_iter().flatten() {
        let controllers = entry.get("controllers").and_then(Value::as_object);
        for (controller, states) in controllers.into_iter().flatten() {
            for (action, state) in states.as_object().into_iter().flatten() {
                // Wildcards are for administrators, not for requests.
                let is_plain = |name: &str| !name.contains(['*', '!']);
                let named = [namespace, controller, action].iter().all(|name| is_plain(name));
                if named && state.get("enabled").is_some_and(is_truthy) {
                    actions.push(format!("{namespace}.{controller}.{action}"));
                }
            }
        }
    }
    actions
}

/// Whether JavaScript takes the value for a yes.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Replaces what a role may do.
///
/// # Errors
/// Those of the database.
pub fn set_permissions(
    conn: &mut Conn,
    model: &ContentModel,
    role: &str,
    before: &Permissions,
    actions: &[String],
) -> Result<(), StoreError> {
    let kept: Vec<String> = model
        .api_types()
        .flat_map(|ty| OWN_ACTIONS.iter().map(|action| format!("{}.{action}", ty.uid)))
        .filter(|action| before.allows(action))
        .collect();
    registry::clear_permissions(conn, role)?;
    for action in actions.iter().chain(&kept) {
        registry::add_permission(conn, role, action)?;
    }
    Ok(())
}
