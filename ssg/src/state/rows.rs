//! The rows of the state database, as callers see them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One document in one locale. Types that are not localized use an empty locale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowId {
    pub uid: String,
    pub document_id: String,
    pub locale: String,
}

/// A document as the replica keeps it; the bytes are the replica's own business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaRow {
    pub id: RowId,
    pub json: Vec<u8>,
}

/// Documents that changed since pages were last brought up to date with them, with the
/// bytes they had then; `None` when they did not exist.
pub type Touched = BTreeMap<RowId, Option<Vec<u8>>>;

/// Everything that is kept but the replica's rows and the traces, of which there are many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Counts commits, so that a process that keeps a copy in memory can tell whether
    /// another one has written since.
    pub revision: u64,
    /// Where the feed goes on; `None` before the first complete pull.
    pub cursor: Option<String>,
    /// The sequence number the replica stands at.
    pub seq: i64,
    /// Which source the replica was pulled from; another one means starting again.
    pub source: Option<String>,
    /// Locale codes of the content, the default one first.
    pub locales: Vec<String>,
    /// The content model's JSON.
    pub model: Option<Vec<u8>>,
    pub touched: Touched,
    /// Of these, the ones that are gone without anybody having said that they were deleted.
    pub unlisted: BTreeSet<RowId>,
    /// Which engine wrote the traces; another one must not use them.
    pub engine: Option<String>,
    /// The release the traces describe.
    pub release: Option<String>,
    /// What the builder noted about a build that left nothing to do.
    pub settled: Option<Vec<u8>>,
}

/// Changes that become visible together.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub replica: ReplicaChange,
    pub touched: TouchedChange,
    pub traces: TraceChange,
}

/// What a pull brought. `None` leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct ReplicaChange {
    /// Remove every row first: a new initial listing follows.
    pub reset: bool,
    pub upserts: Vec<ReplicaRow>,
    pub deletes: Vec<RowId>,
    pub cursor: Option<String>,
    pub seq: Option<i64>,
    pub source: Option<String>,
    pub locales: Option<Vec<String>>,
    pub model: Option<Vec<u8>>,
    /// See [`Head::unlisted`]; they are forgotten with [`TouchedChange::Clear`].
    pub unlisted: Option<BTreeSet<RowId>>,
}

#[derive(Debug, Clone, Default)]
pub enum TouchedChange {
    #[default]
    Keep,
    /// Pages are up to date with every document.
    Clear,
    /// These changed as well; what is already noted keeps its older bytes.
    Add(Touched),
}

#[derive(Debug, Clone, Default)]
pub struct TraceChange {
    /// Forget every question and trace first.
    pub reset: bool,
    pub engine: Option<String>,
    pub release: Option<String>,
    pub settled: Option<Vec<u8>>,
}

/// Questions and traces as the engine encoded them; `None` removes one.
#[derive(Debug, Clone, Default)]
pub struct TraceRows {
    pub questions: Vec<(u32, Option<Vec<u8>>)>,
    pub traces: Vec<(Arc<str>, Option<Vec<u8>>)>,
}
