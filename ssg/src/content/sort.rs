//! Sort keys: the values by which rows are ordered, nulls first, row id last.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use cms_api::query::{Link, SortKey};

use super::entry::Entry;
use super::follow::Place;
use super::operator::Scalar;
use super::snapshot::Snapshot;

/// A row's place in an order; compares as the order wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    keys: Box<[Directed]>,
    id: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Directed {
    Up(Option<Owned>),
    Down(Reverse<Option<Owned>>),
}

/// A comparable value on its own.
#[derive(Debug, Clone)]
struct Owned(Scalar<'static>);

impl PartialEq for Owned {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Owned {}

impl PartialOrd for Owned {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Owned {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl Rank {
    /// The first place of a text in an order that ascends by one text field.
    pub(crate) fn of_text(text: &str) -> Self {
        let value = Owned(Scalar::Text(text.to_owned().into()));
        Self { keys: Box::new([Directed::Up(Some(value))]), id: i64::MIN }
    }
}

impl Snapshot {
    pub(crate) fn rank(&self, entry: &Arc<Entry>, sort: &[SortKey], asked: &str) -> Rank {
        let place = Place::entry(entry, asked);
        let keys = sort.iter().map(|key| self.directed(&place, key)).collect();
        Rank { keys, id: entry.id() }
    }

    /// The order of rows that may be components: they have an id, but no entry.
    pub(crate) fn rank_of_place(&self, place: &Place<'_>, sort: &[SortKey]) -> Rank {
        let keys = sort.iter().map(|key| self.directed(place, key)).collect();
        let id = place.get("id").and_then(tera::Value::as_i64).unwrap_or_default();
        Rank { keys, id }
    }

    fn directed(&self, place: &Place<'_>, key: &SortKey) -> Directed {
        let value = self.first_value(place, &key.through, key);
        if key.descending { Directed::Down(Reverse(value)) } else { Directed::Up(value) }
    }

    /// Of all values a key leads to, the one that comes first in its direction.
    fn first_value(
        &self,
        place: &Place<'_>,
        through: &[(String, Link)],
        key: &SortKey,
    ) -> Option<Owned> {
        let Some(((name, link), rest)) = through.split_first() else {
            return Scalar::of(key.kind, place.get(&key.field)).map(|s| Owned(s.into_owned()));
        };
        let targets = self.follow(place, name, link);
        let values = targets.iter().map(|target| self.first_value(target, rest, key));
        let first = if key.descending { values.max() } else { values.min() };
        first.flatten()
    }
}
