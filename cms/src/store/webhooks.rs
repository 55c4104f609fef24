//! Rows of webhook endpoints.

use diesel::prelude::*;

use super::schema::webhooks;
use super::{Conn, StoreError};

/// Where events are sent.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct WebhookRow {
    pub id: i64,
    pub name: String,
    pub url: String,
    /// JSON list of event names.
    pub events: String,
    /// JSON list of content types, `*` for any text; all of them when empty.
    pub types: String,
    /// JSON list of locales; all of them when empty.
    pub locales: String,
    /// JSON object.
    pub headers: String,
    pub secret: String,
    /// The secret before a rotation, which signs as well …
    pub old_secret: Option<String>,
    /// … until then.
    pub old_until: Option<i64>,
    /// `strapi`, `standard` or `thin`
    pub dialect: String,
    pub allow_private: bool,
    /// Of deliveries that wait and tell the same about a document, only the newest is sent.
    pub coalesce: bool,
    pub enabled: bool,
    pub created_at: i64,
}

// Secrets and headers (which may hold credentials) must not reach a log.
impl std::fmt::Debug for WebhookRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// # Errors
/// Those of the database.
pub fn all(conn: &mut Conn) -> Result<Vec<WebhookRow>, StoreError> {
    Ok(webhooks::table.order(webhooks::id).load(conn)?)
}

/// # Errors
/// Those of the database.
pub fn enabled(conn: &mut Conn) -> Result<Vec<WebhookRow>, StoreError> {
    Ok(webhooks::table.filter(webhooks::enabled.eq(true)).order(webhooks::id).load(conn)?)
}

/// # Errors
/// Those of the database.
pub fn get(conn: &mut Conn, id: i64) -> Result<Option<WebhookRow>, StoreError> {
    Ok(webhooks::table.find(id).first(conn).optional()?)
}

/// Stores a new endpoint; `row.id` is not used.
///
/// # Errors
/// [`StoreError::Conflict`] when the name is taken.
pub fn add(conn: &mut Conn, row: &WebhookRow) -> Result<(), StoreError> {
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::name.eq(&row.name),
            webhooks::url.eq(&row.url),
            webhooks::events.eq(&row.events),
            webhooks::types.eq(&row.types),
            webhooks::locales.eq(&row.locales),
            webhooks::headers.eq(&row.headers),
            webhooks::secret.eq(&row.secret),
            webhooks::old_secret.eq(&row.old_secret),
            webhooks::old_until.eq(row.old_until),
            webhooks::dialect.eq(&row.dialect),
            webhooks::allow_private.eq(row.allow_private),
            webhooks::coalesce.eq(row.coalesce),
            webhooks::enabled.eq(row.enabled),
            webhooks::created_at.eq(row.created_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Says whether there was one of that name.
///
/// # Errors
/// Those of the database.
pub fn remove(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    Ok(diesel::delete(webhooks::table.filter(webhooks::name.eq(name))).execute(conn)? > 0)
}

/// # Errors
/// Those of the database.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<WebhookRow>, StoreError> {
    Ok(webhooks::table.filter(webhooks::name.eq(name)).first(conn).optional()?)
}

/// Begins or stops deliveries to an endpoint.
///
/// # Errors
/// Those of the database.
pub fn enable(conn: &mut Conn, id: i64, enabled: bool) -> Result<(), StoreError> {
    diesel::update(webhooks::table.find(id)).set(webhooks::enabled.eq(enabled)).execute(conn)?;
    Ok(())
}

/// Signs with another secret; the one before signs as well until `until`.
///
/// # Errors
/// Those of the database.
pub fn rotate(
    conn: &mut Conn,
    hook: &WebhookRow,
    secret: &str,
    until: i64,
) -> Result<(), StoreError> {
    diesel::update(webhooks::table.find(hook.id))
        .set((
            webhooks::secret.eq(secret),
            webhooks::old_secret.eq(&hook.secret),
            webhooks::old_until.eq(until),
        ))
        .execute(conn)?;
    Ok(())
}
