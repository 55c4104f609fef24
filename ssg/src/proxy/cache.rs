//! Answers that were kept, within a bound of bytes; those used least lately go first.
//!
//! Nothing in here decides whether an answer may be kept. It does make sure that one whose
//! question was asked before a purge is not kept after it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_web::web::Bytes;

use super::{
    documents::Times,
    freshness::Lifetime,
    key::{Asked, Key, NEGOTIATED},
    purge::{Changed, Sources},
};
use crate::client::Headers;

/// Answers to one question that differ by language or the like.
const MOST_VARIANTS: usize = 8;
/// What an entry takes besides its bytes.
const OVERHEAD: usize = 512;
/// After an answer that may not be shared, for how long nobody waits for another's.
const PASS_FOR: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    /// As visitors see it.
    pub(super) etag: String,
    /// What the CMS knows it by.
    pub(super) validator: Option<String>,
    /// When its age was nought.
    pub(super) born: Duration,
    pub(super) lifetime: Lifetime,
    pub(super) sources: Sources,
    /// Request headers that it was chosen by.
    pub(super) vary: [Option<Option<Vec<u8>>>; NEGOTIATED.len()],
}

impl Entry {
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.born)
    }

    pub(super) fn is_fresh(&self, now: Duration) -> bool {
        self.age(now) < self.lifetime.fresh
    }

    pub(super) fn may_wait(&self, now: Duration) -> bool {
        self.age(now) < self.lifetime.fresh + self.lifetime.while_revalidate
    }

    pub(super) fn may_excuse(&self, now: Duration) -> bool {
        self.age(now) < self.lifetime.fresh + self.lifetime.if_error
    }

    fn fits(&self, asked: &Asked) -> bool {
        let chosen = self.vary.iter().zip(&asked.negotiated);
        chosen.into_iter().all(|(own, theirs)| own.as_ref().is_none_or(|own| own == theirs))
    }

    fn size(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        self.body.len() + headers.sum::<usize>() + OVERHEAD
    }
}

/// What there is for a request.
#[derive(Debug)]
pub(super) enum Found {
    Fresh(Arc<Entry>),
    Stale(Arc<Entry>),
    /// Lately the answer was for one visitor only.
    NotShared,
    /// Kept, but for other request headers.
    OtherVariant,
    Nothing,
}

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    slots: HashMap<Arc<Key>, Slot>,
    /// By when they were used last.
    order: BTreeMap<u64, Arc<Key>>,
    uses: u64,
    bytes: usize,
    limit: usize,
    /// Purges are numbered; an answer remembers the last one before its question.
    purges: u64,
    purged_all: u64,
    purged: Times,
}

#[derive(Debug)]
struct Slot {
    variants: Vec<Arc<Entry>>,
    pass_until: Duration,
    used: u64,
    bytes: usize,
}

impl Cache {
    pub(super) fn set_limit(&self, bytes: u64) {
        let mut inner = self.inner();
        inner.limit = usize::try_from(bytes).unwrap_or(usize::MAX);
        inner.shrink();
    }

    pub(super) fn find(&self, asked: &Asked, now: Duration) -> Found {
        let mut inner = self.inner();
        let uses = inner.tick();
        let Some((key, slot)) = inner.slots.get_key_value(&asked.key) else {
            return Found::Nothing;
        };
        let found = match slot.variants.iter().find(|entry| entry.fits(asked)) {
            Some(entry) if entry.is_fresh(now) => Found::Fresh(Arc::clone(entry)),
            Some(entry) => Found::Stale(Arc::clone(entry)),
            None if now < slot.pass_until => Found::NotShared,
            None if slot.variants.is_empty() => Found::Nothing,
            None => Found::OtherVariant,
        };
        let key = Arc::clone(key);
        inner.use_now(&key, uses);
        found
    }

    /// To be taken before the CMS is asked.
    pub(super) fn mark(&self) -> u64 {
        self.inner().purges
    }

    /// Whether something changed since the mark that an answer could show.
    pub(super) fn is_outdated(&self, mark: u64, sources: &Sources) -> bool {
        self.inner().is_outdated(mark, sources)
    }

    /// False when it is too large or out of date.
    pub(super) fn keep(&self, asked: &Asked, entry: &Arc<Entry>, mark: u64) -> bool {
        let mut inner = self.inner();
        let size = entry.size() + key_size(&asked.key);
        if inner.is_outdated(mark, &entry.sources) || size > inner.limit {
            return false;
        }
        let mut slot = inner.take(&asked.key).unwrap_or_else(Slot::empty);
        slot.variants.retain(|known| !known.fits(asked));
        if slot.variants.len() >= MOST_VARIANTS {
            slot.variants.remove(0);
        }
        slot.variants.push(Arc::clone(entry));
        slot.pass_until = Duration::ZERO;
        inner.put(asked.key.clone(), slot);
        inner.shrink();
        true
    }

    /// Notes that answers to this question are for one visitor each.
    pub(super) fn pass(&self, asked: &Asked, now: Duration) {
        let mut inner = self.inner();
        let mut slot = inner.take(&asked.key).unwrap_or_else(Slot::empty);
        slot.variants.retain(|known| !known.fits(asked));
        slot.pass_until = now + PASS_FOR;
        inner.put(asked.key.clone(), slot);
        inner.shrink();
    }

    /// Forgets an answer that the CMS has taken back.
    pub(super) fn forget(&self, asked: &Asked) {
        let mut inner = self.inner();
        if let Some(mut slot) = inner.take(&asked.key) {
            slot.variants.retain(|known| !known.fits(asked));
            if !slot.variants.is_empty() {
                inner.put(asked.key.clone(), slot);
            }
        }
    }

    pub(super) fn purge(&self, changed: &Changed) {
        let mut inner = self.inner();
        inner.purges += 1;
        let number = inner.purges;
        match changed {
            Changed::Everything => inner.purged_all = number,
            Changed::Only(documents) => inner.purged.note(documents, number),
        }
        let touched = |slot: &Slot| {
            slot.variants.is_empty()
                || slot.variants.iter().any(|entry| entry.sources.touched_by(changed))
        };
        let gone: Vec<_> = inner
            .slots
            .iter()
            .filter(|(_, slot)| touched(slot))
            .map(|(key, _)| Arc::clone(key))
            .collect();
        gone.iter().for_each(|key| drop(inner.take(key)));
    }

    /// Entries and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.slots.len(), inner.bytes)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn empty() -> Self {
        Self { variants: Vec::new(), pass_until: Duration::ZERO, used: 0, bytes: 0 }
    }
}

impl Inner {
    fn tick(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }

    fn use_now(&mut self, key: &Arc<Key>, uses: u64) {
        if let Some(slot) = self.slots.get_mut(key) {
            self.order.remove(&slot.used);
            slot.used = uses;
            self.order.insert(uses, Arc::clone(key));
        }
    }

    fn take(&mut self, key: &Key) -> Option<Slot> {
        let slot = self.slots.remove(key)?;
        self.order.remove(&slot.used);
        self.bytes -= slot.bytes;
        Some(slot)
    }

    fn put(&mut self, key: Key, mut slot: Slot) {
        slot.used = self.tick();
        slot.bytes = key_size(&key) + slot.variants.iter().map(|entry| entry.size()).sum::<usize>();
        self.bytes += slot.bytes;
        let key = Arc::new(key);
        self.order.insert(slot.used, Arc::clone(&key));
        self.slots.insert(key, slot);
    }

    fn shrink(&mut self) {
        while self.bytes > self.limit {
            let Some((_, oldest)) = self.order.pop_first() else { return };
            self.take(&oldest);
        }
    }

    fn is_outdated(&self, mark: u64, sources: &Sources) -> bool {
        self.purged_all > mark
            || match sources {
                Sources::Unknown => self.purges > mark,
                Sources::Known(documents) => self.purged.is_later(documents, mark),
            }
    }
}

fn key_size(key: &Key) -> usize {
    key.rule.len() + key.host.len() + key.path.len() + key.query.len() + OVERHEAD
}

#[cfg(test)]
mod tests;
