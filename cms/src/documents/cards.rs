//! Cards: documents as JSON text, kept from one answer to the next.
//!
//! Lists show the same authors, tags and pictures again and again. A card depends on a row, the
//! content model and the fields that are shown, never on who asks or what else the answer shows.
//! It holds while the rows of its type, status and locale are in the state they were in
//! ([`crate::store::tallies`]). That state is read in the transaction that shows the card, so
//! what another process wrote counts like what this one did. Only answers to reads may use cards:
//! a transaction that writes sees states that may never be.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cms_api::content_type::ContentType;
use cms_api::model::ContentModel;

use crate::store::tallies::State;

/// A card that takes more is not kept.
const LARGEST_CARD: usize = 64 * 1024;
/// What a card takes beside its text.
const FRAME: usize = 128;

/// The cards of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cards(Arc<Mutex<Kept>>);

impl Cards {
    /// Cards that take so many bytes together, or a little less; none at all of 0.
    #[must_use]
    pub fn new(most_bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept { most_bytes, ..Kept::default() })))
    }
}

#[derive(Debug, Default)]
struct Kept {
    /// What all cards may take; when it is used up, collecting begins again.
    most_bytes: usize,
    /// Of the content model.
    fingerprint: Vec<u8>,
    /// By type, status, locale and fields.
    piles: HashMap<String, Pile>,
    bytes: usize,
}

/// Cards that show rows of one type, status and locale the same way.
#[derive(Debug, Default)]
struct Pile {
    state: i64,
    bytes: usize,
    /// By documentId.
    cards: HashMap<String, Arc<str>>,
}

/// The cards, as one transaction may use them.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    pub(crate) cards: &'a Cards,
    pub(crate) model: &'a ContentModel,
    /// Read in this transaction.
    pub(crate) states: &'a [State],
}

/// Which pile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which<'a> {
    pub(super) ty: &'a ContentType,
    pub(super) status: &'a str,
    pub(super) locale: &'a str,
    pub(super) fields: Option<&'a [String]>,
}

impl Desk<'_> {
    /// The cards of these documents, as far as they are there.
    pub(super) fn find(&self, which: Which<'_>, ids: &[&str]) -> Vec<Option<Arc<str>>> {
        let kept = self.kept();
        let found = self.state(which).and_then(|state| kept.pile(name(which), state));
        match found {
            Some(pile) => ids.iter().map(|id| pile.cards.get(*id).cloned()).collect(),
            None => vec![None; ids.len()],
        }
    }

    /// Keeps cards that were just made.
    pub(super) fn keep<'c>(
        &self,
        which: Which<'_>,
        cards: impl Iterator<Item = (&'c str, &'c Arc<str>)>,
    ) {
        let Some(state) = self.state(which) else { return };
        let mut kept = self.kept();
        for (id, card) in cards.filter(|(_, card)| card.len() <= LARGEST_CARD) {
            kept.add(name(which), state, id, card);
        }
    }

    /// No row at all has no state.
    fn state(&self, which: Which<'_>) -> Option<i64> {
        let is_meant = |state: &&State| {
            state.uid == which.ty.uid
                && state.status == which.status
                && state.locale == which.locale
        };
        self.states.iter().find(is_meant).map(|state| state.state)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Never left half changed where that matters: a pile's cards are all of its state.
        let mut kept = self.cards.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.fingerprint != self.model.fingerprint() {
            let fingerprint = self.model.fingerprint().to_vec();
            *kept = Kept { fingerprint, most_bytes: kept.most_bytes, ..Kept::default() };
        }
        kept
    }
}

impl Kept {
    fn pile(&self, name: String, state: i64) -> Option<&Pile> {
        self.piles.get(&name).filter(|pile| pile.state == state)
    }

    fn add(&mut self, name: String, state: i64, id: &str, card: &Arc<str>) {
        let bytes = id.len() + card.len() + FRAME;
        let pile_bytes = name.len() + FRAME;
        if bytes + pile_bytes > self.most_bytes {
            return;
        }
        if self.bytes + bytes + pile_bytes > self.most_bytes {
            self.piles.clear();
            self.bytes = 0;
        }
        if self.piles.get(&name).is_none_or(|pile| pile.state != state) {
            self.bytes += pile_bytes;
            let pile = Pile { state, bytes: pile_bytes, cards: HashMap::new() };
            if let Some(old) = self.piles.insert(name.clone(), pile) {
                self.bytes -= old.bytes;
            }
        }
        if let Some(pile) = self.piles.get_mut(&name)
            && pile.cards.insert(id.to_owned(), Arc::clone(card)).is_none()
        {
            pile.bytes += bytes;
            self.bytes += bytes;
        }
    }
}

/// No part holds a zero byte but the last, which is written as JSON.
fn name(which: Which<'_>) -> String {
    let Which { ty, status, locale, fields } = which;
    let mut name = format!("{}\0{status}\0{locale}\0", ty.uid);
    if let Some(fields) = fields {
        name.push_str(&serde_json::json!(fields).to_string());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_those_of_one_state_and_take_no_more_than_they_may() {
        const MOST_BYTES: usize = 4 * 1024 * 1024;
        let mut kept = Kept { most_bytes: MOST_BYTES, ..Kept::default() };
        let card: Arc<str> = "x".repeat(1000).into();
        kept.add("authors".into(), 1, "a", &card);
        kept.add("authors".into(), 1, "b", &card);
        assert_eq!(kept.pile("authors".into(), 1).unwrap().cards.len(), 2);
        assert!(kept.pile("authors".into(), 2).is_none());
        kept.add("authors".into(), 2, "a", &card);
        assert_eq!(kept.pile("authors".into(), 2).unwrap().cards.len(), 1);
        assert_eq!(kept.bytes, kept.piles.values().map(|pile| pile.bytes).sum::<usize>());
        for id in 0..10_000 {
            kept.add("tags".into(), id / 7000, &id.to_string(), &card);
            assert!(kept.bytes <= MOST_BYTES);
        }
        assert_eq!(kept.bytes, kept.piles.values().map(|pile| pile.bytes).sum::<usize>());
        let mut none = Kept::default();
        none.add("authors".into(), 1, "a", &card);
        assert!(none.piles.is_empty());
    }
}
