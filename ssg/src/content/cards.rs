//! Rows as lists show them, kept over changes of the content.
//!
//! All snapshots of a line share one memory. A card says which snapshot made it; it holds in
//! another one that came after it if no document it was made from has changed in between.
//! That is checked whenever it is found, so that nothing has to be thrown away when content
//! changes, and a snapshot that was only tried out (`ssg impact`) disturbs nobody.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use foldhash::fast::RandomState;

use super::ask::Card;
use super::entry::Entry;
use super::recent::Recent;
use super::snapshot::Change;
use crate::engine::Footprint;

/// Cards per generation.
const MAX_CARDS: usize = 120_000;
/// More than these are not kept between builds: they are the greater part of a large site's
/// memory.
const MAX_KEPT: usize = 50_000;
/// Changed documents and types a line remembers before it begins anew: every change copies it.
const MAX_CHANGED: usize = 2_000;

/// What to show, and which row, by its address.
type CardId = (Arc<str>, usize);

#[derive(Debug, Clone)]
struct Kept {
    card: Arc<Card>,
    /// The snapshot it holds in.
    snapshot: u64,
    /// Held so that no other row gets its address.
    row: Arc<Entry>,
}

#[derive(Debug)]
pub(crate) struct Cards {
    shared: Arc<Recent<CardId, Kept>>,
    /// This snapshot's number; no other one in this process has it.
    snapshot: u64,
    line: Line,
}

/// The snapshots this one came from, and what changed from one to the next.
#[derive(Debug, Clone, Default)]
struct Line {
    /// Positions in the line by snapshot.
    positions: HashMap<u64, usize, RandomState>,
    /// The position of the first snapshot with the last change, by document or type.
    changed: HashMap<Arc<str>, usize, RandomState>,
}

impl Default for Cards {
    fn default() -> Self {
        Self::in_line(Arc::new(Recent::new(MAX_CARDS)), Line::default())
    }
}

impl Cards {
    fn in_line(shared: Arc<Recent<CardId, Kept>>, mut line: Line) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let snapshot = LAST.fetch_add(1, Relaxed);
        line.positions.insert(snapshot, line.positions.len());
        Self { shared, snapshot, line }
    }

    pub(crate) fn get(&self, show: &Arc<str>, row: &Arc<Entry>) -> Option<Arc<Card>> {
        let kept = self.shared.get(&id(show, row))?;
        debug_assert!(Arc::ptr_eq(&kept.row, row), "the address of a row that is held");
        if kept.snapshot != self.snapshot {
            let position = *self.line.positions.get(&kept.snapshot)?;
            if !self.line.holds(&kept.card.footprint, position) {
                return None;
            }
            self.put(show, row, &kept.card);
        }
        Some(kept.card)
    }

    pub(crate) fn put(&self, show: &Arc<str>, row: &Arc<Entry>, card: &Arc<Card>) {
        let (card, snapshot) = (Arc::clone(card), self.snapshot);
        self.shared.put(id(show, row), Kept { card, snapshot, row: Arc::clone(row) }, 1);
    }

    /// Gives memory back if there is much to give.
    pub(crate) fn trim(&self) {
        if self.shared.len() > MAX_KEPT {
            self.shared.clear();
        }
    }

    /// The cards of the next snapshot under the same content model.
    pub(crate) fn carried(&self, changes: &[Change]) -> Self {
        if self.line.changed.len() + self.line.positions.len() > MAX_CHANGED {
            return Self::default();
        }
        let mut line = self.line.clone();
        let position = line.positions.len();
        for change in changes {
            line.changed.insert(Arc::clone(&change.key.document_id), position);
            line.changed.insert(Arc::clone(&change.key.uid), position);
        }
        Self::in_line(Arc::clone(&self.shared), line)
    }
}

fn id(show: &Arc<str>, row: &Arc<Entry>) -> CardId {
    (Arc::clone(show), Arc::as_ptr(row).addr())
}

impl Line {
    /// Whether what has this footprint and was made at a position is still the same.
    fn holds(&self, footprint: &Footprint, position: usize) -> bool {
        let unchanged = |name: &str| self.changed.get(name).is_none_or(|at| *at <= position);
        footprint.documents.iter().all(|document| unchanged(document))
            && footprint.uids().all(unchanged)
    }
}
