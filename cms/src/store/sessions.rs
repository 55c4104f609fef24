//! Rows of refresh tokens. Only hashes are stored.

use diesel::prelude::*;

use super::schema::sessions;
use super::statement::Statement;
use super::{Conn, Dialect, StoreError};

pub const ACTIVE: &str = "active";
pub const ROTATED: &str = "rotated";
pub const REVOKED: &str = "revoked";

/// One refresh token of a login.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct SessionRow {
    pub id: i64,
    /// The login.
    pub family: String,
    pub user_id: i64,
    pub generation: i64,
    pub token_hash: String,
    pub status: String,
    pub created_at: i64,
    pub rotated_at: Option<i64>,
    pub idle_expires_at: i64,
    pub absolute_expires_at: i64,
    /// What the client calls itself.
    pub device: Option<String>,
    /// What a person would call it.
    pub device_name: Option<String>,
    /// When a password was typed for it.
    pub login_at: Option<i64>,
}

/// # Errors
/// Those of the database.
pub fn insert(conn: &mut Conn, row: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::family.eq(&row.family),
            sessions::user_id.eq(row.user_id),
            sessions::generation.eq(row.generation),
            sessions::token_hash.eq(&row.token_hash),
            sessions::status.eq(&row.status),
            sessions::created_at.eq(row.created_at),
            sessions::idle_expires_at.eq(row.idle_expires_at),
            sessions::absolute_expires_at.eq(row.absolute_expires_at),
            sessions::device.eq(row.device.as_deref()),
            sessions::device_name.eq(row.device_name.as_deref()),
            sessions::login_at.eq(row.login_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// # Errors
/// Those of the database.
pub fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<SessionRow>, StoreError> {
    Ok(sessions::table.filter(sessions::token_hash.eq(hash)).first(conn).optional()?)
}

/// The token that followed `row`, if it was rotated.
///
/// # Errors
/// Those of the database.
pub fn child_of(conn: &mut Conn, row: &SessionRow) -> Result<Option<SessionRow>, StoreError> {
    Ok(sessions::table
        .filter(sessions::family.eq(&row.family))
        .filter(sessions::generation.eq(row.generation + 1))
        .first(conn)
        .optional()?)
}

/// Makes others who use or end logins of this user wait until this transaction commits:
/// otherwise a refresh could add a token that an end going on at the same time does not see.
/// SQLite has one writer anyway.
///
/// # Errors
/// Those of the database.
pub fn hold(conn: &mut Conn, user_id: i64) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Postgres {
        let mut lock = Statement::new(Dialect::Postgres);
        lock.push("SELECT id FROM documents WHERE id = ").bind(user_id).push(" FOR UPDATE");
        lock.execute(conn)?;
    }
    Ok(())
}

/// Uses up an active, unexpired token. Of several users of the same token one succeeds.
///
/// # Errors
/// Those of the database.
pub fn rotate(conn: &mut Conn, hash: &str, now: i64) -> Result<bool, StoreError> {
    let usable = sessions::table
        .filter(sessions::token_hash.eq(hash))
        .filter(sessions::status.eq(ACTIVE))
        .filter(sessions::idle_expires_at.gt(now))
        .filter(sessions::absolute_expires_at.gt(now));
    let changed = diesel::update(usable)
        .set((sessions::status.eq(ROTATED), sessions::rotated_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Ends one login; `false` when the user has no such login.
///
/// # Errors
/// Those of the database.
pub fn revoke_family(conn: &mut Conn, user_id: i64, family: &str) -> Result<bool, StoreError> {
    hold(conn, user_id)?;
    let rows = sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::family.eq(family))
        .filter(sessions::status.ne(REVOKED));
    Ok(diesel::update(rows).set(sessions::status.eq(REVOKED)).execute(conn)? > 0)
}

/// Ends the logins of a user: all of them, or those of one device.
///
/// # Errors
/// Those of the database.
pub fn revoke_user(conn: &mut Conn, user_id: i64, device: Option<&str>) -> Result<(), StoreError> {
    hold(conn, user_id)?;
    let rows = sessions::table.filter(sessions::user_id.eq(user_id));
    match device {
        Some(device) => diesel::update(rows.filter(sessions::device.eq(device)))
            .set(sessions::status.eq(REVOKED))
            .execute(conn)?,
        None => diesel::update(rows).set(sessions::status.eq(REVOKED)).execute(conn)?,
    };
    Ok(())
}

/// The logins of a user that can still be refreshed, oldest first.
///
/// # Errors
/// Those of the database.
pub fn active(conn: &mut Conn, user_id: i64, now: i64) -> Result<Vec<SessionRow>, StoreError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user_id))
        .filter(sessions::status.eq(ACTIVE))
        .filter(sessions::idle_expires_at.gt(now))
        .filter(sessions::absolute_expires_at.gt(now))
        .order(sessions::id)
        .load(conn)?)
}

/// Whether a login can still be refreshed.
///
/// # Errors
/// Those of the database.
pub fn is_active(conn: &mut Conn, family: &str, now: i64) -> Result<bool, StoreError> {
    let rows: i64 = sessions::table
        .filter(sessions::family.eq(family))
        .filter(sessions::status.eq(ACTIVE))
        .filter(sessions::idle_expires_at.gt(now))
        .filter(sessions::absolute_expires_at.gt(now))
        .count()
        .get_result(conn)?;
    Ok(rows > 0)
}

/// Forgets logins that ended before `before`: they can no longer be replayed with any effect.
///
/// # Errors
/// Those of the database.
pub fn prune(conn: &mut Conn, before: i64) -> Result<usize, StoreError> {
    Ok(diesel::delete(sessions::table.filter(sessions::absolute_expires_at.lt(before)))
        .execute(conn)?)
}
