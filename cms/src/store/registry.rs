//! What administrators set: locales, permissions, API tokens.
//!
//! All of it is small and asked for by every request, so the server keeps it in memory.
//! Every change draws a number from the `registry` counter in its own transaction; a copy
//! with that number is current. That also holds when the change came from the command line.

use diesel::prelude::*;

use super::schema::{api_tokens, counters, locales, permissions};
use super::{Conn, StoreError, feed};

const COUNTER: &str = "registry";

/// A locale content can be written in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LocaleRow {
    pub id: i64,
    pub code: String,
    pub name: String,
    pub is_default: bool,
    pub created_at: i64,
}

/// One permission of a role.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PermissionRow {
    pub role: String,
    pub action: String,
}

/// An API token; the token itself is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct TokenRow {
    pub id: i64,
    pub name: String,
    pub kind: String,
    /// JSON list of actions.
    pub permissions: String,
    pub token_hash: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

/// A token about to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub permissions: &'a str,
    pub token_hash: &'a str,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

/// The number of the last change.
///
/// # Errors
/// Those of the database.
pub fn version(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(counters::table.find(COUNTER).select(counters::value).first(conn)?)
}

/// Makes every copy in memory stale once the transaction commits.
///
/// # Errors
/// Those of the database.
pub fn touch(conn: &mut Conn) -> Result<(), StoreError> {
    feed::next(conn, COUNTER).map(|_| ())
}

/// # Errors
/// Those of the database.
pub fn locales(conn: &mut Conn) -> Result<Vec<LocaleRow>, StoreError> {
    Ok(locales::table.order((locales::is_default.desc(), locales::id.asc())).load(conn)?)
}

/// Adds a locale; a default one takes over from the one before.
///
/// # Errors
/// [`StoreError::Conflict`] when the code exists.
pub fn add_locale(
    conn: &mut Conn,
    code: &str,
    name: &str,
    default: bool,
    at: i64,
) -> Result<(), StoreError> {
    if default {
        diesel::update(locales::table).set(locales::is_default.eq(false)).execute(conn)?;
    }
    diesel::insert_into(locales::table)
        .values((
            locales::code.eq(code),
            locales::name.eq(name),
            locales::is_default.eq(default),
            locales::created_at.eq(at),
        ))
        .execute(conn)?;
    touch(conn)
}

/// Makes an existing locale the default one.
///
/// # Errors
/// Those of the database.
pub fn set_default_locale(conn: &mut Conn, code: &str) -> Result<(), StoreError> {
    diesel::update(locales::table).set(locales::is_default.eq(false)).execute(conn)?;
    diesel::update(locales::table.filter(locales::code.eq(code)))
        .set(locales::is_default.eq(true))
        .execute(conn)?;
    touch(conn)
}

/// # Errors
/// Those of the database.
pub fn permissions(conn: &mut Conn) -> Result<Vec<PermissionRow>, StoreError> {
    Ok(permissions::table.order((permissions::role, permissions::action)).load(conn)?)
}

/// Stores one permission; storing it again changes nothing.
///
/// # Errors
/// Those of the database.
pub fn add_permission(conn: &mut Conn, role: &str, action: &str) -> Result<(), StoreError> {
    let row = permissions::table.find((role, action));
    if row.count().get_result::<i64>(conn)? == 0 {
        diesel::insert_into(permissions::table)
            .values((permissions::role.eq(role), permissions::action.eq(action)))
            .execute(conn)?;
    }
    touch(conn)
}

/// # Errors
/// Those of the database.
pub fn remove_permission(conn: &mut Conn, role: &str, action: &str) -> Result<(), StoreError> {
    diesel::delete(permissions::table.find((role, action))).execute(conn)?;
    touch(conn)
}

/// Removes every permission of a role.
///
/// # Errors
/// Those of the database.
pub fn clear_permissions(conn: &mut Conn, role: &str) -> Result<(), StoreError> {
    diesel::delete(permissions::table.filter(permissions::role.eq(role))).execute(conn)?;
    touch(conn)
}

/// # Errors
/// Those of the database.
pub fn tokens(conn: &mut Conn) -> Result<Vec<TokenRow>, StoreError> {
    Ok(api_tokens::table.order(api_tokens::id).load(conn)?)
}

/// # Errors
/// [`StoreError::Conflict`] when a token of that name exists.
pub fn add_token(conn: &mut Conn, token: NewToken<'_>) -> Result<(), StoreError> {
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::name.eq(token.name),
            api_tokens::kind.eq(token.kind),
            api_tokens::permissions.eq(token.permissions),
            api_tokens::token_hash.eq(token.token_hash),
            api_tokens::created_at.eq(token.created_at),
            api_tokens::expires_at.eq(token.expires_at),
        ))
        .execute(conn)?;
    touch(conn)
}

/// Revokes the token of that name and says whether there was one in use.
///
/// # Errors
/// Those of the database.
pub fn revoke_token(conn: &mut Conn, name: &str, at: i64) -> Result<bool, StoreError> {
    let live = api_tokens::table
        .filter(api_tokens::name.eq(name))
        .filter(api_tokens::revoked_at.is_null());
    let changed = diesel::update(live).set(api_tokens::revoked_at.eq(at)).execute(conn)?;
    touch(conn)?;
    Ok(changed > 0)
}

/// Gives a token another name and an end; its own, earlier end stays.
///
/// # Errors
/// Those of the database.
pub fn retire_token(
    conn: &mut Conn,
    row: &TokenRow,
    name: &str,
    end: i64,
) -> Result<(), StoreError> {
    let end = row.expires_at.map_or(end, |known| known.min(end));
    diesel::update(api_tokens::table.find(row.id))
        .set((api_tokens::name.eq(name), api_tokens::expires_at.eq(end)))
        .execute(conn)?;
    touch(conn)
}

/// Remembers when a token was last used. Does not make copies stale: nothing depends on it.
///
/// # Errors
/// Those of the database.
pub fn token_used(conn: &mut Conn, id: i64, at: i64) -> Result<(), StoreError> {
    diesel::update(api_tokens::table.find(id))
        .set(api_tokens::last_used_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// When a token was last used, as of now: the copy in memory may be older.
///
/// # Errors
/// Those of the database.
pub fn token_last_used(conn: &mut Conn, id: i64) -> Result<Option<i64>, StoreError> {
    Ok(api_tokens::table.find(id).select(api_tokens::last_used_at).first(conn)?)
}
