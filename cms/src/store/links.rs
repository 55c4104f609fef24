//! Rows of `links`: relations and media, named by the target's documentId.
//!
//! A link belongs to one row of its source. Which row of the target it means is decided
//! when it is read, so nothing here ever looks at the target.

use diesel::prelude::*;

use super::StoreError;
use super::documents::Identity;
use super::pool::Conn;
use super::schema::{documents, links};

/// Where on a source a link is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    pub source_id: i64,
    /// `author`, `seo.image`
    pub path: String,
    /// 0 at the top, else the id of the component that holds the attribute.
    pub component_id: i64,
}

/// A document of a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    pub uid: String,
    pub document_id: String,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    pub id: i64,
    pub source_id: i64,
    pub source_document_id: String,
    pub inverse_position: f64,
}

type Columns = (i64, i64, String, i64, f64, f64, String, String);

fn read(columns: Columns) -> Link {
    let (id, source_id, path, component_id, position, inverse_position, uid, document_id) = columns;
    Link {
        id,
        slot: Slot { source_id, path, component_id },
        position,
        inverse_position,
        target: Target { uid, document_id },
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
    let rows: Vec<(i64, i64, String, f64)> = links::table
        .inner_join(documents::table.on(documents::id.eq(links::source_id)))
        .filter(links::target_document_id.eq(&target.document_id))
        .filter(links::target_uid.eq(&target.uid))
        .filter(links::path.eq(path))
        .filter(links::component_id.eq(0))
        .filter(documents::uid.eq(&sources.uid))
        .filter(documents::locale.eq(&sources.locale))
        .filter(documents::status.eq(&sources.status))
        .order((links::inverse_position, links::id))
        .select((links::id, links::source_id, documents::document_id, links::inverse_position))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, source_id, source_document_id, inverse_position)| Incoming {
            id,
            source_id,
            source_document_id,
            inverse_position,
        })
        .collect())
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
