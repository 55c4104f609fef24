//! Publishing a document, taking it off the site, or giving up its edits: in one locale,
//! several or all.
//!
//! All locales are one write: when one cannot be published, none is.

use cms_api::content_type::ContentType;
use cms_api::error::{ApiError, ErrorName};

use super::locales::{self, Shared};
use super::work::{DRAFT, PUBLISHED, Work};
use super::{discard, publish, unpublish};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};

/// What is done to the draft of a locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Publish,
    Unpublish,
    DiscardDraft,
}

/// The locales an action is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Locales {
    All,
    /// At least one, by code.
    These(Vec<String>),
}

/// Acts on the document and returns the identity the answer shows: that of the default
/// locale when it is among them, else of the first.
///
/// # Errors
/// 404 when there is no such document or one of the locales named; every rule a draft breaks.
pub(crate) fn act(
    work: &mut Work<'_>,
    ty: &ContentType,
    document_id: &str,
    action: Action,
    locales: &Locales,
) -> AppResult<Identity> {
    if !ty.draft_and_publish {
        return Err(ApiError::not_found().into());
    }
    let before = Shared::before(work, ty, document_id)?;
    let mut first = None;
    for draft in drafts(work, ty, document_id, action, locales)? {
        let shown = match action {
            Action::Publish => publish::publish_changes(work, ty, &draft)?,
            Action::Unpublish => unpublish::unpublish(work, &draft)?,
            Action::DiscardDraft => discard::discard(work, &draft)?,
        };
        first.get_or_insert(shown);
    }
    let shown = first.ok_or_else(ApiError::not_found)?;
    if action != Action::Unpublish {
        locales::propagate(work, ty, &shown, before.as_ref())?;
    }
    Ok(shown)
}

/// The drafts to act on, that of the default locale first.
fn drafts(
    work: &mut Work<'_>,
    ty: &ContentType,
    document_id: &str,
    action: Action,
    locales: &Locales,
) -> AppResult<Vec<Identity>> {
    let default_locale = work.locale_of(ty, None);
    let rows = documents::of_document(work.conn, &ty.uid, document_id)?;
    let of = |status: &str| -> Vec<Identity> {
        let identities = rows.iter().map(|row| row.identity.clone());
        identities.filter(|identity| identity.status == status).collect()
    };
    let mut drafts = of(DRAFT);
    match locales {
        Locales::These(codes) => {
            let found = |code: &String| drafts.iter().any(|draft| draft.locale == *code);
            if !codes.iter().all(found) {
                return Err(ApiError::not_found().into());
            }
            drafts.retain(|draft| codes.contains(&draft.locale));
        }
        // A locale that was never published has no edits to give up.
        Locales::All if action == Action::DiscardDraft && !drafts.is_empty() => {
            let published = of(PUBLISHED);
            drafts.retain(|draft| published.iter().any(|row| row.locale == draft.locale));
            if drafts.is_empty() {
                return Err(nothing_published().into());
            }
        }
        Locales::All => {}
    }
    drafts.sort_by_key(|draft| draft.locale != default_locale);
    Ok(drafts)
}

pub(super) fn nothing_published() -> ApiError {
    ApiError::new(ErrorName::ApplicationError, "There is no published version to go back to")
}
