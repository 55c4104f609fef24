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
    /// JSON object.
    pub headers: String,
    pub secret: String,
    /// `strapi`, `standard` or `thin`
    pub dialect: String,
    pub allow_private: bool,
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
            webhooks::headers.eq(&row.headers),
            webhooks::secret.eq(&row.secret),
            webhooks::dialect.eq(&row.dialect),
            webhooks::allow_private.eq(row.allow_private),
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

/// Stops deliveries to an endpoint.
///
/// # Errors
/// Those of the database.
pub fn disable(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    diesel::update(webhooks::table.find(id)).set(webhooks::enabled.eq(false)).execute(conn)?;
    Ok(())
}
