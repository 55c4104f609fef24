//! Sets of documents: whole types, and single documents of others.
//!
//! A type that is in it as a whole has every document in it, also those that do not exist yet.

use std::collections::{BTreeMap, BTreeSet, HashMap};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documents(BTreeMap<String, Which>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    All,
    These(BTreeSet<String>),
}

impl Documents {
    #[must_use]
    pub fn of_type(uid: &str) -> Self {
        let mut documents = Self::default();
        documents.add_type(uid);
        documents
    }

    #[must_use]
    pub fn one(uid: &str, document_id: &str) -> Self {
        let mut documents = Self::default();
        documents.add(uid, document_id);
        documents
    }

    pub fn add_type(&mut self, uid: &str) {
        self.0.insert(uid.to_owned(), Which::All);
    }

    pub fn add(&mut self, uid: &str, document_id: &str) {
        let which = self.0.entry(uid.to_owned()).or_insert_with(|| Which::These(BTreeSet::new()));
        if let Which::These(ids) = which {
            ids.insert(document_id.to_owned());
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With types as a whole in place of single documents that are not `certain`.
    pub(super) fn or_whole_types(mut self, certain: impl Fn(&str) -> bool) -> Self {
        for which in self.0.values_mut() {
            if matches!(which, Which::These(ids) if !ids.iter().all(|id| certain(id))) {
                *which = Which::All;
            }
        }
        self
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|(uid, own)| match (own, other.0.get(uid)) {
            (_, None) => false,
            (Which::These(own), Some(Which::These(others))) => !own.is_disjoint(others),
            (_, Some(_)) => true,
        })
    }
}

/// More documents than this of one type are remembered as all of it.
const MOST_DOCUMENTS: usize = 10_000;

/// When documents were last seen to change, as numbers that grow.
#[derive(Debug, Default)]
pub(super) struct Times(HashMap<String, TypeTimes>);

#[derive(Debug, Default)]
struct TypeTimes {
    /// Of any document.
    any: u64,
    /// Of the type as a whole.
    all: u64,
    documents: HashMap<String, u64>,
}

impl Times {
    pub(super) fn note(&mut self, changed: &Documents, now: u64) {
        for (uid, which) in &changed.0 {
            self.0.entry(uid.clone()).or_default().note(which, now);
        }
    }

    pub(super) fn is_later(&self, documents: &Documents, than: u64) -> bool {
        let mut types = documents.0.iter();
        types.any(|(uid, which)| self.0.get(uid).is_some_and(|times| times.of(which) > than))
    }
}

impl TypeTimes {
    fn note(&mut self, which: &Which, now: u64) {
        self.any = now;
        match which {
            Which::All => self.all = now,
            Which::These(ids) => self.documents.extend(ids.iter().map(|id| (id.clone(), now))),
        }
        if self.all == now || self.documents.len() > MOST_DOCUMENTS {
            self.all = now;
            self.documents = HashMap::new();
        }
    }

    fn of(&self, which: &Which) -> u64 {
        match which {
            Which::All => self.any,
            Which::These(ids) => {
                let own = ids.iter().filter_map(|id| self.documents.get(id));
                own.copied().fold(self.all, u64::max)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_type_has_every_document_in_it() {
        let (all, one) = (Documents::of_type("a"), Documents::one("a", "1"));
        for (own, other, expected) in [
            (&all, &one, true),
            (&one, &all, true),
            (&one, &one.clone(), true),
            (&one, &Documents::one("a", "2"), false),
            (&one, &Documents::one("b", "1"), false),
            (&all, &Documents::default(), false),
        ] {
            assert_eq!(own.overlaps(other), expected, "{own:?} {other:?}");
        }
        let mut widened = one.clone();
        widened.add_type("a");
        widened.add("a", "3");
        assert_eq!(widened, all);
    }

    #[test]
    fn times_are_those_of_the_documents_or_of_their_type() {
        let (all, one, two) =
            (Documents::of_type("a"), Documents::one("a", "1"), Documents::one("a", "2"));
        let mut times = Times::default();
        times.note(&one, 3);
        let later = |times: &Times, than| [&all, &one, &two].map(|of| times.is_later(of, than));
        assert_eq!(later(&times, 2), [true, true, false]);
        assert_eq!(later(&times, 3), [false; 3]);
        times.note(&all, 4);
        assert_eq!(later(&times, 3), [true; 3]);
    }

    #[test]
    fn what_is_too_much_to_remember_counts_for_the_whole_type() {
        let mut times = Times::default();
        let mut many = Documents::default();
        (0..=MOST_DOCUMENTS).for_each(|id| many.add("a", &id.to_string()));
        times.note(&many, 1);
        assert!(times.is_later(&Documents::one("a", "elsewhere"), 0));
    }
}
