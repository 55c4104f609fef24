//! Documents of built-in types: files, folders, users, roles.
//!
//! They have one row: in no locale, and visible from the start. Who needs more than that (the
//! feed, permissions) adds it; nothing here does.

use serde_json::{Map, Value};

use super::documents::{self, Identity, Inserted, NewRow, Row};
use super::{Conn, StoreError};

/// What names the one row of a document.
pub(crate) fn identity(uid: &str, document_id: String) -> Identity {
    Identity {
        uid: uid.to_owned(),
        document_id,
        locale: String::new(),
        status: "published".to_owned(),
    }
}

/// Adds a document.
///
/// # Errors
/// Those of the database.
pub(crate) fn insert(
    conn: &mut Conn,
    identity: Identity,
    data: Map<String, Value>,
    now: i64,
) -> Result<Row, StoreError> {
    let (created_at, updated_at) = (now, now);
    let published_at = Some(now);
    let row = NewRow { identity: &identity, data: &data, created_at, updated_at, published_at };
    let Inserted { id, number } = documents::insert(conn, &row)?;
    Ok(Row { id, number, identity, data, version: 0, created_at, updated_at, published_at })
}
