//! Telling webhooks what was written.

use serde_json::Value;

use super::work::{Notice, Work};
use crate::error::AppResult;
use crate::jobs::events::{self, Event};
use crate::store::documents::Identity;

/// Queues the deliveries of one notice, in the transaction of its cause.
///
/// # Errors
/// Those of the database.
pub(super) fn emit(work: &mut Work<'_>, notice: Notice, seq: i64) -> AppResult<()> {
    if !events::is_wanted(work.conn, notice.name)? {
        return Ok(());
    }
    let model = work.model;
    let Some(ty) = model.get(&notice.identity.uid) else { return Ok(()) };
    let entry = entry(work, &notice)?;
    let Identity { uid, document_id, locale, .. } = notice.identity;
    let event = Event {
        name: notice.name,
        uid,
        model: ty.singular_name.clone(),
        document_id,
        locale: ty.localized.then_some(locale),
        seq,
        entry,
        changed_fields: notice.changed_fields,
        at: work.now,
    };
    Ok(events::emit(work.conn, &event)?)
}

/// What receivers see of the document: nothing once it is gone.
fn entry(_work: &mut Work<'_>, _notice: &Notice) -> AppResult<Option<Value>> {
    Ok(None)
}
