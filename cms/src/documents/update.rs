//! Changing a document in one locale; a locale it does not have yet is made.

use cms_api::content_type::ContentType;
use cms_api::error::ApiError;
use serde_json::{Map, Value};

use super::components::{self, LinkEdit};
use super::create::{check, create_locale, finish, first_status, own};
use super::locales::{self, Shared};
use super::relations::apply::Holder;
use super::validate::Mode;
use super::work::Work;
use crate::error::AppResult;
use crate::store::documents::{self, Identity, Row};

/// Changes what `data` mentions and returns the identity the answer shows.
///
/// # Errors
/// 404 when there is no such document in any locale; every broken rule, together.
pub(crate) fn update(
    work: &mut Work<'_>,
    ty: &ContentType,
    document_id: &str,
    locale: &str,
    publish: bool,
    data: &Value,
) -> AppResult<Identity> {
    let identity = Identity {
        uid: ty.uid.clone(),
        document_id: document_id.to_owned(),
        locale: locale.to_owned(),
        status: first_status(ty).to_owned(),
    };
    let before = Shared::before(work, ty, document_id)?;
    let written = match documents::get(work.conn, &identity)? {
        Some(row) => change(work, ty, row, publish, data)?,
        None => {
            let rows = documents::of_document(work.conn, &identity.uid, document_id)?;
            let sibling = locales::sibling(rows).ok_or_else(ApiError::not_found)?;
            create_locale(work, ty, identity, publish, data, &sibling)?
        }
    };
    work.carry(&written, before);
    Ok(written)
}

fn change(
    work: &mut Work<'_>,
    ty: &ContentType,
    row: Row,
    publish: bool,
    data: &Value,
) -> AppResult<Identity> {
    let ty = own(work, ty)?;
    let identity = row.identity.clone();
    let mode = Mode { creation: false, draft: ty.draft_and_publish, stored: false };
    let (checked, targets) = check(work, ty, mode, &identity, data)?;
    let parts = components::split(work, &ty.attributes, checked, Some(&row.data))?;
    documents::update(work.conn, row.id, &parts.data, work.now)?;
    let holder = Holder { row_id: row.id, identity: &identity, ty };
    components::apply_links(work, holder, &parts.links, &targets, &parts.data)?;
    work.written(&identity);
    work.notice("entry.update", &identity, changed(ty, &row.data, &parts.data, &parts.links));
    finish(work, ty, identity, publish, &parts.links, &targets)
}

/// Attributes whose value changed, and those whose links were written.
fn changed(
    ty: &ContentType,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    links: &[LinkEdit<'_>],
) -> Vec<String> {
    let differs = |name: &&String| {
        before.get(*name) != after.get(*name) || links.iter().any(|edit| edit.root() == *name)
    };
    ty.attributes.keys().filter(differs).cloned().collect()
}
