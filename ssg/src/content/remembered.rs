//! What a snapshot has been asked already: derived from its content, shared by its clones,
//! and bounded, since a site can ask more than is worth keeping.
//!
//! Nothing here may outlive the content it was derived from: the next snapshot takes over
//! only what says nothing about entries, and what can be carried along.

use std::sync::Arc;

use super::ask::{Parsed, Reply};
use super::cards::Cards;
use super::entry::Entry;
use super::recent::Recent;
use super::snapshot::{Change, Snapshot};
use super::view::Views;
use crate::engine::Key;

/// Checked queries per generation.
const MAX_SPECS: usize = 4096;
/// Entries in remembered answers per generation.
const MAX_REPLIES: usize = 20_000;
/// Rows in sorted lists per generation.
const MAX_LISTED: usize = 200_000;

#[derive(Debug)]
pub(crate) struct Remembered {
    pub(crate) views: Views,
    /// Answers: questions of a page that the next page asks too.
    pub(crate) replies: Recent<Key, Arc<Reply>>,
    /// Rows as lists show them.
    pub(crate) cards: Cards,
    /// Sorted lists of the rows that an index names, by [`Wanted::name`]: every page of a
    /// list asks for a part of it.
    ///
    /// [`Wanted::name`]: super::view::Wanted::name
    pub(crate) lists: Recent<Arc<str>, Arc<[Arc<Entry>]>>,
    /// Queries checked against the content model.
    pub(crate) specs: Arc<Recent<[Arc<str>; 3], Arc<Parsed>>>,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            views: Views::default(),
            replies: Recent::new(MAX_REPLIES),
            cards: Cards::default(),
            lists: Recent::new(MAX_LISTED),
            specs: Arc::new(Recent::new(MAX_SPECS)),
        }
    }
}

impl Remembered {
    /// Forgets answers. After many pages they are the greater part of the memory, and the next
    /// snapshot starts without them anyway.
    pub(crate) fn forget_answers(&self) {
        self.replies.clear();
        self.lists.clear();
        self.cards.trim();
    }

    /// What still holds in the next snapshot under the same content model.
    pub(crate) fn carried(&self, next: &Snapshot, changes: &[Change]) -> Self {
        let views = self.views.carried(next, changes);
        let (cards, specs) = (self.cards.carried(changes), Arc::clone(&self.specs));
        Self { views, cards, specs, ..Self::default() }
    }
}
