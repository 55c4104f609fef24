//! End users and service accounts. They are documents of a built-in type, so that lists,
//! filters and populate read them like any content; only this file writes them.

use cms_api::builtin;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::store::builtin as rows;
use crate::store::documents::{self, Identity, Row};
use crate::store::links::{self, Slot, Target};
use crate::store::users::{self, Key};
use crate::store::{Conn, StoreError};

pub(crate) mod check;

pub(crate) const ROLE_PATH: &str = "role";
/// Users who log in with a password.
pub(crate) const LOCAL: &str = "local";

/// What a new user has; the rest is fixed.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    pub username: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub confirmed: bool,
    pub blocked: bool,
    /// The role's documentId.
    pub role: &'a str,
}

impl std::fmt::Debug for NewUser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser").field("username", &self.username).finish_non_exhaustive()
    }
}

fn identity(document_id: String) -> Identity {
    rows::identity(builtin::USER, document_id)
}

/// Adds a user. Whether name and e-mail are free is the caller's question.
///
/// # Errors
/// Those of the database.
pub fn create(conn: &mut Conn, user: NewUser<'_>, now: i64) -> Result<Row, StoreError> {
    let data = json!({
        "username": user.username,
        "email": user.email.to_lowercase(),
        "provider": LOCAL,
        "password": user.password_hash,
        "resetPasswordToken": null,
        "confirmationToken": null,
        "confirmed": user.confirmed,
        "blocked": user.blocked,
    });
    insert(conn, data.as_object().cloned().unwrap_or_default(), user.role, now)
}

/// Adds a user with attributes that were checked; the password is a hash.
///
/// # Errors
/// Those of the database.
pub(crate) fn insert(
    conn: &mut Conn,
    data: Map<String, Value>,
    role: &str,
    now: i64,
) -> Result<Row, StoreError> {
    let identity = identity(cuid2::create_id());
    let user = rows::insert(conn, identity, data, now)?;
    set_role(conn, user.id, role)?;
    Ok(user)
}

/// Gives the user exactly this role.
///
/// # Errors
/// Those of the database.
pub fn set_role(conn: &mut Conn, user_id: i64, role: &str) -> Result<(), StoreError> {
    let slot = Slot { source_id: user_id, path: ROLE_PATH.into(), component_id: 0 };
    let old: Vec<i64> = links::at(conn, &slot)?.iter().map(|link| link.id).collect();
    links::delete(conn, &old)?;
    let target = Target::document(builtin::ROLE, role);
    let place = links::next_inverse_position(conn, ROLE_PATH, &target)?;
    links::insert(conn, &slot, &target, 1.0, place)
}

/// The documentId of the user's role.
///
/// # Errors
/// Those of the database.
pub fn role_of(conn: &mut Conn, user_id: i64) -> Result<Option<String>, StoreError> {
    let slot = Slot { source_id: user_id, path: ROLE_PATH.into(), component_id: 0 };
    Ok(links::at(conn, &slot)?.into_iter().next().map(|link| link.target.document_id))
}

/// The user of a session.
///
/// # Errors
/// Those of the database.
pub fn by_id(conn: &mut Conn, id: i64) -> Result<Option<Row>, StoreError> {
    Ok(documents::get_by_id(conn, id)?.filter(|row| row.identity.uid == builtin::USER))
}

/// The user whom clients know by this number.
///
/// # Errors
/// Those of the database.
pub fn by_number(conn: &mut Conn, number: i64) -> Result<Option<Row>, StoreError> {
    documents::get_by_number(conn, builtin::USER, number)
}

/// The user who logs in with this e-mail address (in any case) or user name.
///
/// # Errors
/// Those of the database.
pub fn by_identifier(conn: &mut Conn, identifier: &str) -> Result<Option<Row>, StoreError> {
    let by_email = users::with(conn, Key::Email, &identifier.to_lowercase())?;
    let found = match by_email.first() {
        Some(id) => Some(*id),
        None => users::with(conn, Key::Username, identifier)?.first().copied(),
    };
    match found {
        Some(id) => by_id(conn, id),
        None => Ok(None),
    }
}

/// # Errors
/// Those of the database.
pub fn by_key(conn: &mut Conn, key: Key, value: &str) -> Result<Option<Row>, StoreError> {
    match users::with(conn, key, value)?.first() {
        Some(id) => by_id(conn, *id),
        None => Ok(None),
    }
}

/// Whether name or e-mail already lead to somebody, each also tried as the other: a login
/// takes either.
///
/// # Errors
/// Those of the database.
pub fn is_taken(conn: &mut Conn, username: &str, email: &str) -> Result<bool, StoreError> {
    let email = email.to_lowercase();
    for (key, value) in [
        (Key::Email, email.as_str()),
        (Key::Username, email.as_str()),
        (Key::Username, username),
        (Key::Email, username),
    ] {
        if !users::with(conn, key, value)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Changes some attributes.
///
/// # Errors
/// Those of the database.
pub fn update(
    conn: &mut Conn,
    row: &Row,
    changes: Map<String, Value>,
    now: i64,
) -> Result<Row, StoreError> {
    let mut changed = row.clone();
    changed.data.extend(changes);
    changed.updated_at = now;
    documents::update(conn, row.id, &changed.data, now)?;
    Ok(changed)
}

/// Stores the same password in another hash: nothing about the user has changed.
///
/// # Errors
/// Those of the database.
pub fn renew_hash(conn: &mut Conn, row: &Row, hash: &str) -> Result<(), StoreError> {
    let mut data = row.data.clone();
    data.insert("password".into(), hash.into());
    documents::update(conn, row.id, &data, row.updated_at)
}

/// Removes a user with its logins and every link to it.
///
/// # Errors
/// Those of the database.
pub fn delete(conn: &mut Conn, row: &Row) -> Result<(), StoreError> {
    crate::store::sessions::revoke_user(conn, row.id, None)?;
    let target = Target::document(builtin::USER, &row.identity.document_id);
    links::drop_target(conn, &target)?;
    documents::delete(conn, row.id)
}

#[must_use]
pub fn is_blocked(row: &Row) -> bool {
    row.data.get("blocked") == Some(&Value::Bool(true))
}

#[must_use]
pub fn text<'a>(row: &'a Row, attribute: &str) -> Option<&'a str> {
    row.data.get(attribute).and_then(Value::as_str)
}

/// What clients see of a user.
#[must_use]
pub fn to_json(row: &Row) -> Value {
    shown(row, &["username", "email", "provider", "confirmed", "blocked"])
}

/// The named attributes of a row between its ids and its times.
pub(crate) fn shown(row: &Row, attributes: &[&str]) -> Value {
    let mut out = Map::new();
    out.insert("id".into(), row.number.into());
    out.insert("documentId".into(), row.identity.document_id.clone().into());
    for name in attributes {
        out.insert((*name).into(), row.data.get(*name).cloned().unwrap_or(Value::Null));
    }
    out.insert("createdAt".into(), clock::iso(row.created_at).into());
    out.insert("updatedAt".into(), clock::iso(row.updated_at).into());
    out.insert("publishedAt".into(), json!(row.published_at.map(clock::iso)));
    Value::Object(out)
}
