//! What edits of rows can do to an answer that is known, found without asking again.
//!
//! Every publish gives a row another id and another time, so nearly every list names an
//! edited entry among its documents. Few of them show what was edited. An answer stays as
//! it was when no attribute that its question looks at differs, and the row still stands
//! between the same rows of the list.
//!
//! May say "perhaps" too often, never "no" wrongly.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::ask::Parsed;
use super::entry::Entry;
use super::fields_read::ID;
use super::snapshot::{Change, Snapshot};
use crate::engine::Key;

/// With more edits at once every marked question is asked again: most would be anyway.
const MAX_EDITS: usize = 16;
/// Rows of a list that are looked at between an edited row's old place and its new one.
const MAX_PASSED: usize = 64;

/// The rows that differ between the content of the known answers and the current one.
#[derive(Debug)]
pub struct Edits {
    /// `None`: anything may differ.
    rows: Option<Vec<Edit>>,
    /// Whether an edit moves its row in a list, by list and edit.
    moves: Mutex<HashMap<(Arc<str>, usize), bool, RandomState>>,
}

#[derive(Debug)]
struct Edit {
    old: Arc<Entry>,
    new: Arc<Entry>,
    /// Top-level attributes that differ.
    attributes: BTreeSet<String>,
}

impl Edits {
    /// Of rows that changed under one content model.
    #[must_use]
    pub fn of(changes: &[Change]) -> Self {
        let few = changes.len() <= MAX_EDITS;
        let rows = few.then(|| changes.iter().map(Edit::of).collect()).flatten();
        Self { rows, moves: Mutex::default() }
    }

    /// Nothing is known about the difference.
    #[must_use]
    pub fn unknown() -> Self {
        Self { rows: None, moves: Mutex::default() }
    }
}

impl Edit {
    /// `None` for a row that appeared or disappeared.
    fn of(change: &Change) -> Option<Self> {
        let (old, new) = (change.old.clone()?, change.new.clone()?);
        let text = |entry: &Entry| -> Option<BTreeMap<String, String>> {
            let attributes = entry.map()?.iter();
            let texts = attributes
                .map(|(name, value)| Some((name.to_string(), serde_json::to_string(value).ok()?)));
            texts.collect()
        };
        let (before, after) = (text(&old)?, text(&new)?);
        let names = before.keys().chain(after.keys());
        let attributes = names.filter(|name| before.get(*name) != after.get(*name)).cloned();
        Some(Self { attributes: attributes.collect(), old, new })
    }
}

impl Snapshot {
    /// Whether the edits that led to this snapshot can have altered the answer to a question
    /// about content.
    #[must_use]
    pub fn may_differ(&self, key: &Key, edits: &Edits) -> bool {
        let Some(rows) = &edits.rows else { return true };
        let (Some(uid), Some(Ok(parsed))) = (key.uid(), self.parsed_list(key)) else { return true };
        rows.iter().enumerate().any(|(number, edit)| {
            let uid_of_row = edit.new.uid();
            parsed.read.touches(uid_of_row, &edit.attributes)
                || uid == uid_of_row
                    && edit.attributes.contains(ID)
                    && self.may_reorder(key, &parsed, edit, number, edits)
        })
    }

    /// Whether an edit that changes neither the filter nor the sort keys of a row can change
    /// what stands where in a list: its id decides among rows that are otherwise equal.
    fn may_reorder(
        &self,
        key: &Key,
        parsed: &Parsed,
        edit: &Edit,
        number: usize,
        edits: &Edits,
    ) -> bool {
        match key {
            Key::Query { .. } => {}
            // A row that is not in the list itself still has a place beside it.
            Key::Neighbour { document_id, .. } if **document_id == *edit.new.document_id() => {
                return self.passes_others(parsed, edit, edits);
            }
            Key::Neighbour { .. } => {}
            _ => return false,
        }
        let memo = || edits.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (Arc::clone(&parsed.view), number);
        if let Some(known) = memo().get(&name) {
            return *known;
        }
        let wanted = self.wanted_by(edit.new.uid(), &parsed.spec);
        let moved = self.matches(&wanted, &edit.new) && self.passes_others(parsed, edit, edits);
        memo().insert(name, moved);
        moved
    }

    /// Whether any row of the list stands between the row's old place and its new one, or
    /// stood there before an edit of its own.
    fn passes_others(&self, parsed: &Parsed, edit: &Edit, edits: &Edits) -> bool {
        let wanted = self.wanted_by(edit.new.uid(), &parsed.spec);
        let rank = |row: &Arc<Entry>| self.rank(row, wanted.sort, wanted.asked);
        let (old, new) = (rank(&edit.old), rank(&edit.new));
        let (from, to) = if old < new { (&old, &new) } else { (&new, &old) };
        let rows = edits.rows.iter().flatten().filter(|other| !Arc::ptr_eq(&other.new, &edit.new));
        let mut stood = rows.filter(|other| other.new.uid() == edit.new.uid());
        if stood.any(|other| (from..=to).contains(&&rank(&other.old))) {
            return true;
        }
        let Some(view) = self.everything(&wanted) else { return true };
        let between = view.rows.range(from).take_while(|(at, _)| *at <= to);
        let mut others = between.filter(|(at, _)| *at != from && *at != to).map(|(_, row)| row);
        let passed = others.by_ref().take(MAX_PASSED).any(|row| self.matches(&wanted, row));
        passed || others.next().is_some()
    }
}
