//! Making a document, or another locale of one.

use cms_api::content_type::ContentType;
use cms_api::error::ApiError;
use serde_json::{Map, Value};

use super::components::{self, LinkEdit};
use super::locales;

use super::publish;
use super::relations::apply::Holder;
use super::relations::{self, Targets};
use super::unique;
use super::validate::{self, Mode, Spot};
use super::work::{DRAFT, PUBLISHED, Work};
use crate::error::AppResult;
use crate::store::Dialect;
use crate::store::documents::{self, Identity, NewRow, Row};

/// Makes a new document and returns its identity as the answer shows it: published when
/// asked for, else the draft.
///
/// # Errors
/// Every broken rule, together.
pub(crate) fn create(
    work: &mut Work<'_>,
    ty: &ContentType,
    locale: &str,
    publish: bool,
    data: &Value,
) -> AppResult<Identity> {
    let identity = Identity {
        uid: ty.uid.clone(),
        document_id: cuid2::create_id(),
        locale: locale.to_owned(),
        status: first_status(ty).to_owned(),
    };
    insert(work, ty, identity, publish, data, None)
}

/// Adds a locale to a document: attributes that are the same in every locale are taken
/// from `sibling`.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_locale(
    work: &mut Work<'_>,
    ty: &ContentType,
    identity: Identity,
    publish: bool,
    data: &Value,
    sibling: &Row,
) -> AppResult<Identity> {
    insert(work, ty, identity, publish, data, Some(sibling))
}

/// The status under which a row of this type is saved first.
pub(crate) fn first_status(ty: &ContentType) -> &'static str {
    if ty.draft_and_publish { DRAFT } else { PUBLISHED }
}

fn insert(
    work: &mut Work<'_>,
    ty: &ContentType,
    identity: Identity,
    publish: bool,
    data: &Value,
    sibling: Option<&Row>,
) -> AppResult<Identity> {
    let ty = own(work, ty)?;
    let filled = match (sibling, data) {
        (Some(sibling), Value::Object(map)) => locales::fill(work, ty, map, sibling)?.into(),
        _ => data.clone(),
    };
    let mode = Mode { creation: true, draft: ty.draft_and_publish, stored: false };
    let (checked, targets) = check(work, ty, mode, &identity, &filled)?;
    let mut parts = components::split(work, &ty.attributes, checked, None)?;
    let mut restored = Vec::new();
    if let (Some(sibling), Value::Object(given)) = (sibling, data) {
        restored = locales::restore(ty, given, sibling, &mut parts.data);
        parts.links.retain(|edit| !restored.contains(&edit.root()));
    }
    let row_id = documents::insert(
        work.conn,
        &NewRow {
            identity: &identity,
            data: &parts.data,
            created_at: work.now,
            updated_at: work.now,
            published_at: (!ty.draft_and_publish).then_some(work.now),
        },
    )?
    .id;
    let holder = Holder { row_id, identity: &identity, ty };
    components::apply_links(work, holder, &parts.links, &targets, &parts.data)?;
    if let Some(sibling) = sibling {
        locales::copy_links(work, &restored, sibling, row_id)?;
    }
    work.written(&identity);
    let fields = ty.attributes.keys().filter(|name| data.get(name.as_str()).is_some()).cloned();
    work.notice("entry.create", &identity, fields.collect());
    finish(work, ty, identity, publish, &parts.links, &targets)
}

/// Publishes what was saved when the caller asked for it.
///
/// # Errors
/// As [`publish::publish`].
pub(super) fn finish(
    work: &mut Work<'_>,
    ty: &ContentType,
    identity: Identity,
    publish: bool,
    edits: &[LinkEdit<'_>],
    targets: &Targets,
) -> AppResult<Identity> {
    if !(publish && ty.draft_and_publish) {
        return Ok(identity);
    }
    let published = publish::publish(work, ty, &identity)?;
    if let Some(row_id) = documents::id_of(work.conn, &published)? {
        let holder = Holder { row_id, identity: &published, ty };
        components::apply_inverse(work, holder, edits, targets)?;
    }
    Ok(published)
}

/// Resolves relations and checks the body; returns it converted.
///
/// # Errors
/// Every broken rule, together.
pub(crate) fn check(
    work: &mut Work<'_>,
    ty: &ContentType,
    mode: Mode,
    identity: &Identity,
    data: &Value,
) -> AppResult<(Map<String, Value>, Targets)> {
    if work.conn.dialect() == Dialect::Postgres && holds_nul(data) {
        let message = "Text must not contain the character U+0000";
        return Err(ApiError::validation(message).into());
    }
    let (mut resolved, targets) = relations::resolve(work, ty, &identity.locale, data)?;
    if let Value::Object(map) = &mut resolved {
        // System values of a body do not count; messages that quote the body show ours.
        map.shift_remove("locale");
        if ty.localized {
            map.insert("locale".into(), identity.locale.clone().into());
        }
        let published = (!ty.draft_and_publish).then(|| crate::clock::iso(work.now));
        map.insert("publishedAt".into(), published.into());
    }
    let model = work.model;
    let about_relations =
        |checked: &Map<String, Value>| relations::missing(model, &ty.attributes, checked, &targets);
    let checked = checked(work, ty, mode, identity, &resolved, about_relations)?;
    Ok((checked, targets))
}

/// PostgreSQL has no such character, in text as in keys.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Runs the rules with a look into the database for unique values.
///
/// # Errors
/// Every broken rule, together; those of the database.
pub(super) fn checked(
    work: &mut Work<'_>,
    ty: &ContentType,
    mode: Mode,
    identity: &Identity,
    data: &Value,
    about_relations: impl FnOnce(&Map<String, Value>) -> Result<(), String>,
) -> AppResult<Map<String, Value>> {
    let mut failure = None;
    let model = work.model;
    let mut is_taken = |spot: &Spot, value: &Value| {
        unique::is_taken(work, ty, identity, data, spot, value).unwrap_or_else(|error| {
            failure.get_or_insert(error);
            false
        })
    };
    let checked = validate::check(model, ty, mode, data, &mut is_taken, about_relations);
    match failure {
        Some(error) => Err(error),
        None => Ok(checked?),
    }
}

/// The type as the model of this write holds it, so that what borrows it lives as long.
///
/// # Errors
/// When the model has lost the type.
pub(super) fn own<'a>(work: &Work<'a>, ty: &ContentType) -> AppResult<&'a ContentType> {
    let model = work.model;
    model.get(&ty.uid).ok_or_else(|| ApiError::not_found().into())
}
