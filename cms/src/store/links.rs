//! Rows of `links`: relations and media, named by the target's documentId.
//!
//! A link belongs to one row of its source. Which row of the target it means is decided
//! when it is read, so nothing here ever looks at the target. A client may name a row that
//! the source would not have led to (another locale, a published row from a draft); the link
//! then says so.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};

use super::StoreError;
use super::documents::Identity;
use super::pool::{Conn, Dialect};
use super::schema::{documents, links};
use super::statement::Statement;

/// Where on a source a link is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub source_id: i64,
    /// `author`, `seo.image`
    pub path: String,
    /// 0 at the top, else the id of the component that holds the attribute.
    pub component_id: i64,
}

/// A document of a type, as a rule whichever row of it suits the row that holds the link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    pub uid: String,
    pub document_id: String,
    /// The locale of the row that is meant; empty: that of the holder.
    pub locale: String,
    /// The status of the row that is meant; empty: that of the holder.
    pub status: String,
}

impl Target {
    pub fn document(uid: &str, document_id: &str) -> Self {
        let (uid, document_id) = (uid.to_owned(), document_id.to_owned());
        Self { uid, document_id, ..Self::default() }
    }
}

impl From<&Identity> for Target {
    fn from(row: &Identity) -> Self {
        Self::document(&row.uid, &row.document_id)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    pub id: i64,
    pub slot: Slot,
    pub position: f64,
    pub inverse_position: f64,
    pub target: Target,
}

/// A link seen from its target.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Incoming {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub source_id: i64,
    #[diesel(sql_type = Text)]
    pub source_document_id: String,
    #[diesel(sql_type = Double)]
    pub inverse_position: f64,
}

type Columns = (i64, i64, String, i64, f64, f64, String, String, String, String);

fn read(columns: Columns) -> Link {
    let (id, source_id, path, component_id, position, inverse_position, uid, name, locale, status) =
        columns;
    Link {
        id,
        slot: Slot { source_id, path, component_id },
        position,
        inverse_position,
        target: Target { uid, document_id: name, locale, status },
    }
}

/// All links of a row, by path, component and position.
///
/// # Errors
/// Those of the database.
pub fn of_source(conn: &mut Conn, source_id: i64) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<Columns> = links::table
        .filter(links::source_id.eq(source_id))
        .order((links::path, links::component_id, links::position, links::id))
        .load(conn)?;
    Ok(rows.into_iter().map(read).collect())
}

/// Rows that hold the target in a top-level attribute, oldest first.
///
/// # Errors
/// Those of the database.
pub fn holders(conn: &mut Conn, target: &Target) -> Result<Vec<i64>, StoreError> {
    Ok(links::table
        .filter(links::target_document_id.eq(&target.document_id))
        .filter(links::target_uid.eq(&target.uid))
        .filter(links::component_id.eq(0))
        .select(links::source_id)
        .distinct()
        .order(links::source_id)
        .load(conn)?)
}

/// How many links lead to the target, those of components included.
///
/// # Errors
/// Those of the database.
pub fn count(conn: &mut Conn, target: &Target) -> Result<i64, StoreError> {
    Ok(links::table
        .filter(links::target_document_id.eq(&target.document_id))
        .filter(links::target_uid.eq(&target.uid))
        .count()
        .get_result(conn)?)
}

/// The links of one attribute, in order.
///
/// # Errors
/// Those of the database.
pub fn at(conn: &mut Conn, slot: &Slot) -> Result<Vec<Link>, StoreError> {
    let rows: Vec<Columns> = links::table
        .filter(links::source_id.eq(slot.source_id))
        .filter(links::path.eq(&slot.path))
        .filter(links::component_id.eq(slot.component_id))
        .order((links::position, links::id))
        .load(conn)?;
    Ok(rows.into_iter().map(read).collect())
}

/// Links to `target` held at the top-level attribute `path` of rows like `sources`
/// (its type, locale and status), in the target's order.
///
/// # Errors
/// Those of the database.
pub fn incoming(
    conn: &mut Conn,
    path: &str,
    target: &Target,
    sources: &Identity,
) -> Result<Vec<Incoming>, StoreError> {
    let mut query = Statement::new(conn.dialect());
    query
        .push("SELECT l.id AS id, l.source_id AS source_id, d.document_id AS source_document_id, ")
        .push("l.inverse_position AS inverse_position FROM links l ")
        .push(match conn.dialect() {
            // In this order: what leads to one document is little beside all rows of a type.
            Dialect::Sqlite => "CROSS JOIN",
            Dialect::Postgres => "JOIN",
        })
        .push(" documents d ON d.id = l.source_id WHERE l.component_id = 0");
    query.push(" AND l.target_document_id = ").bind(target.document_id.as_str());
    query.push(" AND l.target_uid = ").bind(target.uid.as_str());
    query.push(" AND l.target_locale = '' AND l.target_status = ''");
    query.push(" AND l.path = ").bind(path);
    query.push(" AND d.uid = ").bind(sources.uid.as_str());
    query.push(" AND d.locale = ").bind(sources.locale.as_str());
    query.push(" AND d.status = ").bind(sources.status.as_str());
    query.push(" ORDER BY l.inverse_position, l.id");
    query.load(conn)
}

/// The locales of rows of a type that lead to `target` from their top-level attribute `path`.
///
/// # Errors
/// Those of the database.
pub fn locales_of_incoming(
    conn: &mut Conn,
    path: &str,
    target: &Target,
    source_uid: &str,
) -> Result<Vec<String>, StoreError> {
    let holders = links::table
        .filter(links::target_document_id.eq(&target.document_id))
        .filter(links::target_uid.eq(&target.uid))
        .filter(links::component_id.eq(0))
        .filter(links::path.eq(path))
        .select(links::source_id);
    Ok(documents::table
        .filter(documents::id.eq_any(holders))
        .filter(documents::uid.eq(source_uid))
        .select(documents::locale)
        .distinct()
        .order(documents::locale)
        .load(conn)?)
}

/// The place behind the last link that leads to `target` from `path`.
///
/// # Errors
/// Those of the database.
pub fn next_inverse_position(
    conn: &mut Conn,
    path: &str,
    target: &Target,
) -> Result<f64, StoreError> {
    let last: Option<f64> = links::table
        .filter(links::target_document_id.eq(&target.document_id))
        .filter(links::path.eq(path))
        .select(diesel::dsl::max(links::inverse_position))
        .first(conn)?;
    Ok(last.map_or(1.0, |last| last.floor() + 1.0))
}

/// # Errors
/// Those of the database.
pub fn insert(
    conn: &mut Conn,
    slot: &Slot,
    target: &Target,
    position: f64,
    inverse_position: f64,
) -> Result<(), StoreError> {
    diesel::insert_into(links::table)
        .values((
            links::source_id.eq(slot.source_id),
            links::path.eq(&slot.path),
            links::component_id.eq(slot.component_id),
            links::position.eq(position),
            links::inverse_position.eq(inverse_position),
            links::target_uid.eq(&target.uid),
            links::target_document_id.eq(&target.document_id),
            links::target_locale.eq(&target.locale),
            links::target_status.eq(&target.status),
        ))
        .execute(conn)?;
    Ok(())
}

/// # Errors
/// Those of the database.
pub fn set_position(conn: &mut Conn, id: i64, position: f64) -> Result<(), StoreError> {
    diesel::update(links::table.find(id)).set(links::position.eq(position)).execute(conn)?;
    Ok(())
}

/// # Errors
/// Those of the database.
pub fn set_inverse_position(conn: &mut Conn, id: i64, position: f64) -> Result<(), StoreError> {
    diesel::update(links::table.find(id))
        .set(links::inverse_position.eq(position))
        .execute(conn)?;
    Ok(())
}

/// # Errors
/// Those of the database.
pub fn delete(conn: &mut Conn, ids: &[i64]) -> Result<(), StoreError> {
    for id in ids {
        diesel::delete(links::table.find(id)).execute(conn)?;
    }
    Ok(())
}

/// Gives `to` a copy of these links.
///
/// # Errors
/// Those of the database.
pub fn copy(conn: &mut Conn, from: &[Link], to: i64) -> Result<(), StoreError> {
    for link in from {
        let slot = Slot { source_id: to, ..link.slot.clone() };
        insert(conn, &slot, &link.target, link.position, link.inverse_position)?;
    }
    Ok(())
}

/// Forgets every link to a document that no longer exists.
///
/// # Errors
/// Those of the database.
pub fn drop_target(conn: &mut Conn, target: &Target) -> Result<(), StoreError> {
    diesel::delete(
        links::table
            .filter(links::target_document_id.eq(&target.document_id))
            .filter(links::target_uid.eq(&target.uid)),
    )
    .execute(conn)?;
    Ok(())
}

/// Forgets the links that name just this row, which no longer exists.
///
/// # Errors
/// Those of the database.
pub fn drop_row(conn: &mut Conn, row: &Identity) -> Result<(), StoreError> {
    let mut query = Statement::new(conn.dialect());
    query.push("DELETE FROM links WHERE target_document_id = ").bind(row.document_id.as_str());
    query.push(" AND target_uid = ").bind(row.uid.as_str());
    query.push(" AND (target_status = ").bind(row.status.as_str());
    query.push(" OR (target_status = '' AND target_locale <> ''))");
    if !row.locale.is_empty() {
        query.push(" AND (target_locale = ").bind(row.locale.as_str());
        query.push(" OR (target_locale = '' AND source_id IN (SELECT id FROM documents WHERE ");
        query.push("documents.id = links.source_id AND documents.locale = ");
        query.bind(row.locale.as_str()).push(")))");
    }
    query.execute(conn).map(drop)
}
