//! Giving up the edits of a draft: it becomes a copy of what is published.

use cms_api::error::ApiError;

use super::act::nothing_published;
use super::work::{PUBLISHED, Work};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};
use crate::store::links;

/// Resets this draft and returns its identity.
///
/// # Errors
/// 404 without such a draft, 400 when there is nothing published to go back to.
pub(crate) fn discard(work: &mut Work<'_>, draft: &Identity) -> AppResult<Identity> {
    let row_id = documents::id_of(work.conn, draft)?.ok_or_else(ApiError::not_found)?;
    let identity = Identity { status: PUBLISHED.to_owned(), ..draft.clone() };
    let published = documents::get(work.conn, &identity)?.ok_or_else(nothing_published)?;
    documents::update(work.conn, row_id, &published.data, published.updated_at)?;
    let held: Vec<i64> = links::of_source(work.conn, row_id)?.iter().map(|link| link.id).collect();
    links::delete(work.conn, &held)?;
    let wanted = links::of_source(work.conn, published.id)?;
    links::copy(work.conn, &wanted, row_id)?;
    work.written(draft);
    work.notice("entry.draft-discard", draft, Vec::new());
    Ok(draft.clone())
}
