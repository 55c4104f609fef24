//! Recognising what is here already under another documentId: roles by their type, users by
//! name and address, files by their stored name, single types by being the only one.
//!
//! What is recognised takes the archive's documentId, and links to it follow. So a second
//! import finds everything by documentId alone.

use cms_api::builtin;
use cms_api::content_type::{ContentType, Kind};
use serde_json::{Map, Value};

use super::Importer;
use crate::store::archive;
use crate::store::documents::{self, Identity};
use crate::store::feed::NewChange;
use crate::transfer::Refused;

/// Gives a document that is the same thing the archive's documentId.
///
/// # Errors
/// When the thing is two here; those of the database.
pub(super) fn settle(
    import: &mut Importer<'_>,
    ty: &ContentType,
    wanted: &Identity,
    data: &Map<String, Value>,
) -> anyhow::Result<()> {
    let new = &wanted.document_id;
    let same = candidates(import, ty, data)?;
    if ty.uid == builtin::USER && same.iter().any(|id| id != new) {
        let known = !documents::of_document(import.conn, &ty.uid, new)?.is_empty();
        if known || same.len() > 1 {
            let name = data.get("username").and_then(Value::as_str).unwrap_or_default();
            let what = format!(
                "the user `{name}` has a name or an e-mail address that belongs to another user \
                 of this server"
            );
            return Err(Refused::new(what).into());
        }
    }
    let Some(old) = same.into_iter().next() else { return Ok(()) };
    if old == *new || !documents::of_document(import.conn, &ty.uid, new)?.is_empty() {
        return Ok(());
    }
    for row in documents::of_document(import.conn, &ty.uid, &old)? {
        import.gone.push(row.identity);
    }
    archive::rename(import.conn, &ty.uid, &old, new)?;
    Ok(())
}

/// The documents here that are the same thing.
fn candidates(
    import: &mut Importer<'_>,
    ty: &ContentType,
    data: &Map<String, Value>,
) -> anyhow::Result<Vec<String>> {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    let conn = &mut *import.conn;
    let mut found = match ty.uid.as_str() {
        builtin::ROLE => archive::holding(conn, &ty.uid, &[("type", text("type"))])?,
        builtin::FILE => {
            let name = [("hash", text("hash")), ("ext", text("ext"))];
            archive::holding(conn, &ty.uid, &name)?
        }
        builtin::FOLDER => archive::holding(conn, &ty.uid, &[("path", text("path"))])?,
        builtin::USER => {
            let mut both = archive::holding(conn, &ty.uid, &[("email", text("email"))])?;
            both.extend(archive::holding(conn, &ty.uid, &[("username", text("username"))])?);
            both
        }
        _ if ty.kind == Kind::Single => {
            documents::first_of_type(conn, &ty.uid)?.into_iter().collect()
        }
        _ => Vec::new(),
    };
    found.sort();
    found.dedup();
    Ok(found)
}

/// A line of the feed.
pub(super) fn change<'a>(op: &'a str, identity: &'a Identity, at: i64) -> NewChange<'a> {
    NewChange {
        op,
        uid: &identity.uid,
        document_id: &identity.document_id,
        locale: &identity.locale,
        status: &identity.status,
        at,
    }
}
