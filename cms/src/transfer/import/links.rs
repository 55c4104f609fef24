//! Relations and media: one line of `links/` each.
//!
//! Archives link rows, we link documents: several links of one attribute that lead to the
//! draft and the published row of the same document are one.

use std::collections::HashSet;

use cms_api::builtin;
use cms_api::content_type::AttributeKind;
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::entries::State;
use crate::documents::work::{DRAFT, PUBLISHED};
use crate::store::archive;
use crate::store::documents::Identity;
use crate::store::links::{self, Link, Slot, Target};
use crate::transfer::archive::lines::Line;
use crate::transfer::names::{LOCALE, PERMISSION};

/// Sibling rows of other locales; the documentId says so already.
const LOCALIZATIONS: &str = "localizations";
const MEDIA_FIELD: &str = "related";

#[derive(Debug, Deserialize)]
struct LinkLine {
    left: End,
    right: End,
}

#[derive(Debug, Deserialize)]
struct End {
    #[serde(rename = "type")]
    uid: String,
    #[serde(default)]
    field: Option<String>,
    /// The number of a row or component; a documentId where the line says nothing new.
    #[serde(rename = "ref", default)]
    number: Value,
    #[serde(default)]
    pos: Option<f64>,
}

/// A link between things that stand in the database.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// The entry that holds it.
    holder: usize,
    path: String,
    component_id: i64,
    position: f64,
    inverse_position: f64,
    target: usize,
}

impl Importer<'_> {
    /// Reads one link.
    ///
    /// # Errors
    /// When the line is not JSON of this form.
    pub(super) fn link(&mut self, line: &Line<'_>) -> anyhow::Result<()> {
        let LinkLine { left, right } = line.parse()?;
        let field = left.field.as_deref().unwrap_or_default();
        if field == LOCALIZATIONS || left.uid == LOCALE {
            return Ok(());
        }
        if left.uid == PERMISSION {
            let role = number(&right).and_then(|id| self.entries.find(&right.uid, id));
            self.accounts.assign(number(&left), role);
            return Ok(());
        }
        let is_media = left.uid == builtin::FILE && field == MEDIA_FIELD;
        let (holder, target) = if is_media { (&right, &left) } else { (&left, &right) };
        let name = holder.field.as_deref().unwrap_or_default();
        if !self.holds_links(&holder.uid, name) {
            let left_out = self.left_out.contains(&(holder.uid.clone(), name.to_owned()));
            let reason = if left_out { "left out" } else { "no such relation here" };
            self.report.skip(format!("links of {}.{name}", holder.uid), reason);
            return Ok(());
        }
        let Some(slot) = self.slot(holder, name) else {
            self.report.skip(format!("links of {}", holder.uid), "their entry is not here");
            return Ok(());
        };
        let Some(target) = number(target).and_then(|id| self.entries.find(&target.uid, id)) else {
            self.report.skip(format!("links to {}", target.uid), "their entry is not here");
            return Ok(());
        };
        let (position, inverse) = if is_media { (right.pos, None) } else { (left.pos, right.pos) };
        let (holder, path, component_id) = slot;
        self.pending.push(Pending {
            holder,
            path,
            component_id,
            position: position.unwrap_or(1.0),
            inverse_position: inverse.unwrap_or(1.0),
            target,
        });
        Ok(())
    }

    /// Whether links of this attribute are ours to keep.
    fn holds_links(&self, uid: &str, name: &str) -> bool {
        let attribute = self.model.attributes(uid).and_then(|attributes| attributes.get(name));
        match attribute.map(|attribute| &attribute.kind) {
            Some(AttributeKind::Media { .. }) => true,
            Some(AttributeKind::Relation(relation)) => {
                relation.owns_links() && !self.left_out.contains(&(uid.to_owned(), name.to_owned()))
            }
            _ => false,
        }
    }

    /// The entry, the path and the component that hold the links of an attribute.
    fn slot(&self, holder: &End, name: &str) -> Option<(usize, String, i64)> {
        let number = number(holder)?;
        if let Some(entry) = self.entries.find(&holder.uid, number) {
            return Some((entry, name.to_owned(), 0));
        }
        let spot = self.entries.component(&holder.uid, number)?;
        Some((spot.entry, format!("{}.{name}", spot.path), spot.component_id))
    }

    /// Writes the links of every row that has others now.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn write_links(&mut self) -> anyhow::Result<()> {
        let mut pending = std::mem::take(&mut self.pending);
        // Stable: links of one place and position stay in the order of the archive.
        pending.sort_by(|a, b| {
            let place = |link: &Pending| (link.holder, link.component_id);
            place(a)
                .cmp(&place(b))
                .then_with(|| a.path.cmp(&b.path))
                .then(a.position.total_cmp(&b.position))
        });
        let mut rest = pending.as_slice();
        for at in 0..self.entries.list.len() {
            let count = rest.iter().take_while(|link| link.holder == at).count();
            let (own, others) = rest.split_at(count);
            rest = others;
            self.write_links_of(at, own)?;
        }
        Ok(())
    }

    /// What a link from one row to another names. A row of another locale is named where the
    /// document has one in the locale of the holder as well: else the link waits for that.
    fn target(&self, holder: &Identity, row: &Identity) -> Target {
        let mut target = Target::from(row);
        let has_drafts = self.model.get(&row.uid).is_some_and(|ty| ty.draft_and_publish);
        if has_drafts && holder.status == DRAFT && row.status == PUBLISHED {
            target.status.clone_from(&row.status);
        }
        let siblings = self.entries.of_document(&row.uid, &row.document_id);
        let mut locales =
            siblings.iter().filter_map(|at| Some(&self.entries.list.get(*at)?.identity.locale));
        if row.locale != holder.locale && locales.any(|locale| *locale == holder.locale) {
            target.locale.clone_from(&row.locale);
        }
        target
    }

    fn write_links_of(&mut self, at: usize, pending: &[Pending]) -> anyhow::Result<()> {
        let Some(entry) = self.entries.list.get(at).cloned() else { return Ok(()) };
        let mut new: Vec<Link> = Vec::with_capacity(pending.len());
        let mut seen = HashSet::new();
        for link in pending {
            let Some(target) = self.entries.list.get(link.target) else { continue };
            let slot = Slot {
                source_id: entry.row_id,
                path: link.path.clone(),
                component_id: link.component_id,
            };
            let target = self.target(&entry.identity, &target.identity);
            if seen.insert((slot.path.clone(), slot.component_id, target.clone())) {
                let (position, inverse_position) = (link.position, link.inverse_position);
                new.push(Link { id: 0, slot, position, inverse_position, target });
            }
        }
        self.report.links += new.len();
        if entry.state == State::New {
            for link in &new {
                links::insert(
                    self.conn,
                    &link.slot,
                    &link.target,
                    link.position,
                    link.inverse_position,
                )?;
            }
            return Ok(());
        }
        if shape(&links::of_source(self.conn, entry.row_id)?) != shape(&new) {
            archive::replace_links(self.conn, entry.row_id, &new)?;
            if let Some(entry) = self.entries.list.get_mut(at) {
                entry.state = State::Changed;
            }
        }
        Ok(())
    }
}

type Shape<'a> = (&'a str, i64, u64, u64, &'a Target);

/// Links without their numbers, in an order of their own.
fn shape(links: &[Link]) -> Vec<Shape<'_>> {
    let mut shape: Vec<_> = links
        .iter()
        .map(|link| {
            let Slot { path, component_id, .. } = &link.slot;
            let (position, inverse) = (link.position.to_bits(), link.inverse_position.to_bits());
            (path.as_str(), *component_id, position, inverse, &link.target)
        })
        .collect();
    shape.sort();
    shape
}

fn number(end: &End) -> Option<i64> {
    end.number.as_i64()
}
