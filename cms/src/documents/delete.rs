//! Deleting a document, in one locale or all of them.

use cms_api::content_type::ContentType;

use super::work::Work;
use crate::error::AppResult;
use crate::store::documents::{self, Identity, Row};
use crate::store::links::{self, Target};

/// Deletes draft and published rows of the given locale (`None`: of every locale), those
/// alone that `is_meant` holds for. A document that does not exist is no error.
///
/// Links to a document that is gone are forgotten. The documents that held them are not
/// changed by that: the feed has the deletion.
///
/// # Errors
/// Those of the database.
pub(crate) fn delete(
    work: &mut Work<'_>,
    ty: &ContentType,
    document_id: &str,
    locale: Option<&str>,
    mut is_meant: impl FnMut(&mut Work<'_>, &Identity) -> AppResult<bool>,
) -> AppResult<()> {
    let (mut gone, mut left): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    for row in documents::of_document(work.conn, &ty.uid, document_id)? {
        let in_locale = locale.is_none_or(|locale| row.identity.locale == locale);
        let list = if in_locale && is_meant(work, &row.identity)? { &mut gone } else { &mut left };
        list.push(row);
    }
    let mut told: Vec<&str> = Vec::new();
    for row in &gone {
        documents::delete(work.conn, row.id)?;
        links::drop_row(work.conn, &row.identity)?;
        work.deleted(&row.identity);
        // One event per locale, though a locale may have two rows.
        if !told.contains(&row.identity.locale.as_str()) {
            told.push(&row.identity.locale);
            work.notice("entry.delete", &row.identity, Vec::new());
        }
    }
    if !gone.is_empty() && left.is_empty() {
        let target = Target::document(&ty.uid, document_id);
        links::drop_target(work.conn, &target)?;
    }
    Ok(())
}
