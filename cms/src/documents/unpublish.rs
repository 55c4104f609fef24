//! Taking a document off the site; its draft stays as it is.

use cms_api::error::ApiError;

use super::work::{PUBLISHED, Work};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};
use crate::store::links;

/// Removes the published row beside this draft and returns the draft's identity. A
/// document that is not published is left as it is.
///
/// # Errors
/// 404 without such a draft.
pub(crate) fn unpublish(work: &mut Work<'_>, draft: &Identity) -> AppResult<Identity> {
    documents::id_of(work.conn, draft)?.ok_or_else(ApiError::not_found)?;
    let identity = Identity { status: PUBLISHED.to_owned(), ..draft.clone() };
    if let Some(row_id) = documents::id_of(work.conn, &identity)? {
        documents::delete(work.conn, row_id)?;
        links::drop_row(work.conn, &identity)?;
        work.deleted(&identity);
        work.notice("entry.unpublish", &identity, Vec::new());
    }
    Ok(draft.clone())
}
