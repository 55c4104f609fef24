//! A question, the fingerprint of its answer, and what the answer was made from.

use std::sync::Arc;

use super::{Fingerprint, Key, Names};

/// What an answer was made from: if nothing in its footprint changed, the answer did not.
/// Wider than needed costs time; narrower would be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Footprint {
    /// Ids of documents looked up, found or not (an unpublished relation target counts:
    /// publishing it changes the answer).
    pub documents: Names,
    /// Content types searched as a whole: the type of a query, the types its filters and
    /// sort keys pass through, and the owning type of every inverse relation populated.
    ///
    /// A name may go on after the uid with a sign and a condition: a *watch*, which only the
    /// changes that [`ChangeSet::watches`](super::ChangeSet::watches) names touch.
    pub types: Names,
}

/// The signs that begin a watch's condition; no uid has one.
const CONDITION: [char; 3] = ['#', '~', '@'];

impl Footprint {
    pub fn document(&mut self, document_id: &str) {
        if !self.documents.contains(document_id) {
            self.documents.insert(document_id.into());
        }
    }

    /// The same for an id that is shared: a site has thousands of answers that name one
    /// author.
    pub fn share_document(&mut self, document_id: &Arc<str>) {
        if !self.documents.contains(document_id) {
            self.documents.insert(Arc::clone(document_id));
        }
    }

    pub fn content_type(&mut self, uid: &str) {
        if !self.types.contains(uid) {
            self.types.insert(uid.into());
        }
    }

    /// Whether other rows of the type can be in the answer, on whatever condition.
    #[must_use]
    pub fn may_concern(&self, uid: &str) -> bool {
        let concerns = |rest: &str| rest.is_empty() || rest.starts_with(CONDITION);
        self.types.iter().any(|watch| watch.strip_prefix(uid).is_some_and(concerns))
    }

    /// The types searched, on whatever condition.
    pub fn uids(&self) -> impl Iterator<Item = &str> {
        self.types.iter().filter_map(|watch| watch.split(CONDITION).next())
    }

    pub fn merge(&mut self, other: &Self) {
        self.documents.merge(&other.documents);
        self.types.merge(&other.types);
    }
}

/// The fingerprint of an answer with its footprint; the answer itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub fingerprint: Fingerprint,
    pub footprint: Arc<Footprint>,
}

impl Answer {
    /// An answer that does not come from documents.
    #[must_use]
    pub fn plain(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, footprint: Arc::default() }
    }

    #[must_use]
    pub fn absent() -> Self {
        Self::plain(Fingerprint::ABSENT)
    }
}

/// One question asked while rendering, with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub key: Key,
    pub answer: Answer,
}

/// Whoever can answer every question at the current revision. Asking twice gives the same
/// answer; a question that makes no sense any more (its type is gone) is answered absent.
pub trait Oracle: Sync {
    fn answer(&self, key: &Key) -> Answer;

    /// Whether what changed can have altered the known answer to a question. A needless yes
    /// costs one question more; a wrong no would leave a page as it was.
    fn may_differ(&self, _key: &Key) -> bool {
        true
    }
}
