//! Making the draft of one locale public.
//!
//! The published row is deleted and made anew from the draft, so its number moves to the
//! end; `createdAt` and `updatedAt` are those of the draft. Links are copied as they are:
//! they name documents, so a target that is still a draft appears once it is published.

use cms_api::content_type::{AttributeKind, ContentType};
use cms_api::error::ApiError;
use serde_json::{Map, Value};

use super::components;
use super::create::checked;
use super::relations::apply::{Holder, is_exclusive, release};
use super::validate::Mode;
use super::work::{PUBLISHED, Work};
use crate::error::AppResult;
use crate::store::documents::{self, Identity, NewRow, Row};
use crate::store::links::{self, Link, Target};

/// Publishes the draft with this identity and returns the published identity.
///
/// # Errors
/// 404 without such a draft; every rule the draft breaks, together.
pub(crate) fn publish(
    work: &mut Work<'_>,
    ty: &ContentType,
    draft: &Identity,
) -> AppResult<Identity> {
    let mut row = documents::get(work.conn, draft)?.ok_or_else(ApiError::not_found)?;
    row.data = components::listed(ty, &row.data);
    let identity = Identity { status: PUBLISHED.to_owned(), ..draft.clone() };
    check(work, ty, &identity, &row)?;
    if let Some(previous) = documents::id_of(work.conn, &identity)? {
        documents::delete(work.conn, previous)?;
    }
    let row_id = documents::insert(
        work.conn,
        &NewRow {
            identity: &identity,
            data: &row.data,
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: Some(work.now),
        },
    )?
    .id;
    let held = links::of_source(work.conn, row.id)?;
    let held = published(work, ty, held);
    links::copy(work.conn, &held, row_id)?;
    components::drop_orphans(work, row_id, &row.data)?;
    release_exclusive(work, Holder { row_id, identity: &identity, ty }, &held)?;
    work.written(&identity);
    work.notice("entry.publish", &identity, Vec::new());
    Ok(identity)
}

/// As [`publish`], but leaves a published row alone that already equals the draft.
///
/// # Errors
/// As [`publish`].
pub(crate) fn publish_changes(
    work: &mut Work<'_>,
    ty: &ContentType,
    draft: &Identity,
) -> AppResult<Identity> {
    let identity = Identity { status: PUBLISHED.to_owned(), ..draft.clone() };
    let rows = (documents::get(work.conn, draft)?, documents::get(work.conn, &identity)?);
    if let (Some(draft), Some(public)) = rows
        && components::listed(ty, &draft.data) == public.data
    {
        let held = links::of_source(work.conn, draft.id)?;
        let held = published(work, ty, held);
        if shape(&held) == shape(&links::of_source(work.conn, public.id)?) {
            return Ok(identity);
        }
    }
    publish(work, ty, draft)
}

/// A draft's links as its published row holds them. As in Strapi they lead to the published
/// rows in the locale of their holder, each once; a type that leads to itself keeps the rows
/// of other locales besides.
fn published(work: &Work<'_>, ty: &ContentType, held: Vec<Link>) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::with_capacity(held.len());
    for mut link in held {
        link.target.status.clear();
        let own = Target::document(&link.target.uid, &link.target.document_id);
        let (is_own, is_default) = (own == link.target, link.target.locale == work.default_locale);
        let keeps = link.target.uid == ty.uid && link.slot.component_id == 0;
        let own = Link { target: own, ..link.clone() };
        let list = match () {
            () if is_own || !keeps => vec![own],
            () if is_default => vec![link, own],
            () => vec![own, link],
        };
        for link in list {
            if !links.iter().any(|other| other.slot == link.slot && other.target == link.target) {
                links.push(link);
            }
        }
    }
    links
}

/// Links as a reader sees them: where they are held and what they lead to, in order.
fn shape(links: &[Link]) -> Vec<(&str, i64, &Target)> {
    links
        .iter()
        .map(|link| (link.slot.path.as_str(), link.slot.component_id, &link.target))
        .collect()
}

fn check(work: &mut Work<'_>, ty: &ContentType, identity: &Identity, draft: &Row) -> AppResult<()> {
    let mode = Mode { creation: true, draft: false, stored: true };
    let mut data = draft.data.clone();
    complete(work, ty, &mut data);
    checked(work, ty, mode, identity, &Value::Object(data), |_| Ok(())).map(drop)
}

/// Attributes a row does not mention are null to the rules, as they are to clients.
fn complete(work: &Work<'_>, ty: &ContentType, data: &mut Map<String, Value>) {
    let scalars = ty.attributes.iter().filter(|(_, attribute)| attribute.kind.is_scalar());
    for (name, _) in scalars {
        data.entry(name.as_str()).or_insert(Value::Null);
    }
    for (name, attribute) in &ty.attributes {
        match &attribute.kind {
            AttributeKind::Component { component, .. } => {
                if let Some(value) = data.get_mut(name) {
                    complete_parts(work, Some(component), value);
                }
            }
            AttributeKind::DynamicZone { .. } => {
                if let Some(value) = data.get_mut(name) {
                    complete_parts(work, None, value);
                }
            }
            _ => {}
        }
    }
}

fn complete_parts(work: &Work<'_>, component: Option<&str>, value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.iter_mut().for_each(|item| complete_parts(work, component, item));
        }
        Value::Object(map) => {
            let named = map.get("__component").and_then(Value::as_str).map(str::to_owned);
            let uid = component.map(str::to_owned).or(named);
            let model = work.model;
            let Some(part) = uid.and_then(|uid| model.component(&uid)) else { return };
            for (name, attribute) in &part.attributes {
                match &attribute.kind {
                    AttributeKind::Component { component, .. } => {
                        if let Some(value) = map.get_mut(name) {
                            complete_parts(work, Some(component), value);
                        }
                    }
                    kind if kind.is_scalar() => {
                        map.entry(name.as_str()).or_insert(Value::Null);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// A one-to-one target of the new row is taken from the row that was published with it.
fn release_exclusive(work: &mut Work<'_>, holder: Holder<'_>, held: &[Link]) -> AppResult<()> {
    for (name, attribute) in &holder.ty.attributes {
        if matches!(&attribute.kind, AttributeKind::Relation(relation) if is_exclusive(relation)) {
            let targets: Vec<Target> = held
                .iter()
                .filter(|link| link.slot.component_id == 0 && link.slot.path == *name)
                .map(|link| link.target.clone())
                .collect();
            release(work, holder, name, &targets)?;
        }
    }
    Ok(())
}
