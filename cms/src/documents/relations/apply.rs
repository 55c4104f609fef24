//! Writing an edit of a relation or media attribute into the links.
//!
//! A two-way relation is one set of links, held by the owning side. An edit from the other
//! side therefore changes rows of the target type; those rows are noted as changed. An editor
//! without a status or locale of its own changes just the rows that were named.

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, ContentType, Relation, RelationKind};
use cms_api::error::ApiError;
use indexmap::IndexSet;

use super::arrange::{Asked, Edit, positions};
use crate::documents::work::{DRAFT, PUBLISHED, Work};
use crate::error::AppResult;
use crate::store::documents::{self, Identity};
use crate::store::links::{self, Incoming, Slot, Target};

/// The row whose attribute is edited.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) row_id: i64,
    pub(crate) identity: &'a Identity,
    pub(crate) ty: &'a ContentType,
}

/// Applies an edit to the attribute at `path` (inside a component when `component_id` is
/// not 0).
///
/// # Errors
/// When a position refers to nothing, and those of the database.
pub(crate) fn apply(
    work: &mut Work<'_>,
    holder: Holder<'_>,
    attribute: &Attribute,
    path: &str,
    component_id: i64,
    asked: Asked<'_>,
) -> AppResult<()> {
    let slot = Slot { source_id: holder.row_id, path: path.to_owned(), component_id };
    match &attribute.kind {
        AttributeKind::Media { multiple, .. } => {
            let edit = asked.edit_held_by(work.model, holder.identity);
            let media = |current: &[Target]| Ok(edit.apply_to_media(current, *multiple));
            owned(work, &slot, &media).map(drop)
        }
        AttributeKind::Relation(relation) if relation.owns_links() => {
            let edit = asked.edit_held_by(work.model, holder.identity);
            let many = relation.kind.is_to_many();
            let added = owned(work, &slot, &|current| after(&edit, current, many))?;
            if component_id == 0 && is_exclusive(relation) {
                release(work, holder, path, &added)?;
            }
            Ok(())
        }
        AttributeKind::Relation(relation) => inverse(work, holder, relation, asked),
        _ => Ok(()),
    }
}

/// Takes targets of one-to-one relations away from other rows like the holder.
///
/// # Errors
/// Those of the database.
pub(crate) fn release(
    work: &mut Work<'_>,
    holder: Holder<'_>,
    path: &str,
    targets: &[Target],
) -> AppResult<()> {
    for target in targets {
        let rivals = links::incoming(work.conn, path, target, holder.identity)?;
        for rival in rivals.iter().filter(|rival| rival.source_id != holder.row_id) {
            links::delete(work.conn, &[rival.id])?;
            let document_id = rival.source_document_id.clone();
            work.written(&Identity { document_id, ..holder.identity.clone() });
        }
    }
    Ok(())
}

/// A two-way one-to-one relation: a target belongs to one source.
pub(crate) fn is_exclusive(relation: &Relation) -> bool {
    relation.kind == RelationKind::OneToOne && relation.inversed_by.is_some()
}

/// Edits links held by the row itself; returns the targets that were added.
fn owned(
    work: &mut Work<'_>,
    slot: &Slot,
    edited: &dyn Fn(&[Target]) -> AppResult<Vec<Target>>,
) -> AppResult<Vec<Target>> {
    let current = links::at(work.conn, slot)?;
    let listed: Vec<Target> = current.iter().map(|link| link.target.clone()).collect();
    let list = edited(&listed)?;
    let gone: Vec<i64> =
        current.iter().filter(|link| !list.contains(&link.target)).map(|link| link.id).collect();
    links::delete(work.conn, &gone)?;
    let kept: Vec<_> =
        list.iter().map(|target| current.iter().find(|link| link.target == *target)).collect();
    let places: Vec<Option<f64>> = kept.iter().map(|link| link.map(|link| link.position)).collect();
    let mut added = Vec::new();
    for ((target, link), position) in list.iter().zip(kept).zip(positions(&places)) {
        match link {
            Some(link) if same(link.position, position) => {}
            Some(link) => links::set_position(work.conn, link.id, position)?,
            None => {
                let inverse = links::next_inverse_position(work.conn, &slot.path, target)?;
                links::insert(work.conn, slot, target, position, inverse)?;
                added.push(target.clone());
            }
        }
    }
    Ok(added)
}

/// The list after an edit.
fn after(edit: &Edit, current: &[Target], many: bool) -> AppResult<Vec<Target>> {
    if many {
        return Ok(edit.apply(current).map_err(ApiError::validation)?);
    }
    Ok(edit.apply_to_one(current))
}

fn inverse(
    work: &mut Work<'_>,
    holder: Holder<'_>,
    relation: &Relation,
    asked: Asked<'_>,
) -> AppResult<()> {
    let model = work.model;
    let Some((owner, path, owning)) = model.owner_of(relation) else { return Ok(()) };
    let any_status = !owner.draft_and_publish || holder.ty.draft_and_publish;
    let any_locale = !owner.localized || holder.ty.localized;
    for locale in locales(work, owner, path, holder, asked)? {
        for status in statuses(owner, holder) {
            let side = Side {
                target: Target::from(holder.identity),
                path,
                sources: Identity {
                    uid: owner.uid.clone(),
                    document_id: String::new(),
                    locale: locale.clone(),
                    status: status.to_owned(),
                },
                many: relation.kind.is_to_many(),
                source_many: owning.kind.is_to_many(),
            };
            let edit = asked.edit_of(&|row| {
                (any_status || row.status == status) && (any_locale || row.locale == locale)
            });
            // Where drafts are linked as well, they decide whether a neighbour is linked.
            let lenient = status == PUBLISHED && !any_status;
            side.edit(work, &if lenient { edit.leniently() } else { edit })?;
        }
    }
    Ok(())
}

/// The locales in which rows of the owning type are to be linked, in the order they are named,
/// and those in which they are.
fn locales(
    work: &mut Work<'_>,
    owner: &ContentType,
    path: &str,
    holder: Holder<'_>,
    asked: Asked<'_>,
) -> AppResult<IndexSet<String>> {
    match (owner.localized, holder.ty.localized) {
        (false, _) => Ok(IndexSet::from([String::new()])),
        (true, true) => Ok(IndexSet::from([holder.identity.locale.clone()])),
        (true, false) => {
            let target = Target::from(holder.identity);
            let linked = links::locales_of_incoming(work.conn, path, &target, &owner.uid)?;
            let named = asked.rows().map(|row| row.locale.clone());
            Ok(named.chain(linked).collect())
        }
    }
}

/// The rows of the owning type that an edit from this row reaches.
fn statuses<'a>(owner: &ContentType, holder: Holder<'a>) -> Vec<&'a str> {
    match (owner.draft_and_publish, holder.ty.draft_and_publish) {
        (false, _) => vec![PUBLISHED],
        (true, true) => vec![holder.identity.status.as_str()],
        (true, false) => vec![DRAFT, PUBLISHED],
    }
}

/// One relation seen from its target, in one locale and status of its sources.
struct Side<'a> {
    target: Target,
    path: &'a str,
    /// The documents on the owning side; their documentId is left open.
    sources: Identity,
    many: bool,
    source_many: bool,
}

impl Side<'_> {
    fn edit(&self, work: &mut Work<'_>, edit: &Edit) -> AppResult<()> {
        let current = links::incoming(work.conn, self.path, &self.target, &self.sources)?;
        let listed: Vec<Target> = current.iter().map(|link| self.source(link)).collect();
        let list = after(edit, &listed, self.many)?;
        for link in current.iter().filter(|link| !list.contains(&self.source(link))) {
            links::delete(work.conn, &[link.id])?;
            self.note(work, &link.source_document_id);
        }
        let kept: Vec<Option<&Incoming>> = list
            .iter()
            .map(|source| current.iter().find(|link| self.source(link) == *source))
            .collect();
        let places: Vec<Option<f64>> =
            kept.iter().map(|link| link.map(|link| link.inverse_position)).collect();
        for ((source, link), position) in list.iter().zip(kept).zip(positions(&places)) {
            match link {
                Some(link) if same(link.inverse_position, position) => {}
                Some(link) => links::set_inverse_position(work.conn, link.id, position)?,
                None => self.connect(work, source, position)?,
            }
        }
        Ok(())
    }

    fn source(&self, link: &Incoming) -> Target {
        Target::document(&self.sources.uid, &link.source_document_id)
    }

    fn connect(&self, work: &mut Work<'_>, source: &Target, inverse: f64) -> AppResult<()> {
        let identity = Identity { document_id: source.document_id.clone(), ..self.sources.clone() };
        // A source without a row in this status (not published yet) has nothing to link.
        let Some(source_id) = documents::id_of(work.conn, &identity)? else { return Ok(()) };
        let slot = Slot { source_id, path: self.path.to_owned(), component_id: 0 };
        let held = links::at(work.conn, &slot)?;
        let mut position = held.last().map_or(1.0, |link| link.position.floor() + 1.0);
        if !self.source_many {
            let held: Vec<i64> = held.iter().map(|link| link.id).collect();
            links::delete(work.conn, &held)?;
            position = 1.0;
        }
        links::insert(work.conn, &slot, &self.target, position, inverse)?;
        self.note(work, &source.document_id);
        Ok(())
    }

    fn note(&self, work: &mut Work<'_>, document_id: &str) {
        work.written(&Identity { document_id: document_id.to_owned(), ..self.sources.clone() });
    }
}

fn same(a: f64, b: f64) -> bool {
    a.total_cmp(&b).is_eq()
}

/// The type a media or relation attribute leads to.
pub(crate) fn target_uid(attribute: &Attribute) -> Option<&str> {
    match &attribute.kind {
        AttributeKind::Media { .. } => Some(builtin::FILE),
        AttributeKind::Relation(relation) => Some(&relation.target),
        _ => None,
    }
}
