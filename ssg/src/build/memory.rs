//! What a builder keeps between builds, and how it comes back from the state database.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::album::Known;
use super::inputs::Inputs;
use super::made::Everything;
use super::settled::Settled;
use super::{BuildError, ENGINE};
use crate::content::{Snapshot, replica};
use crate::engine::Graph;
use crate::site::RouteTable;
use crate::state::{RowId, StateError, Store, Touched};

/// The replica, the traces and what was derived from them, at one revision of the state.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) revision: u64,
    pub(super) source: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) seq: i64,
    pub(super) snapshot: Snapshot,
    /// Documents that changed since pages were brought up to date.
    pub(super) touched: Touched,
    /// Of these, the ones that a complete listing did not name: nobody said that they were
    /// deleted.
    pub(super) unlisted: BTreeSet<RowId>,
    pub(super) graph: Graph,
    /// The release the traces describe.
    pub(super) release: Option<String>,
    /// What the last build noted for the next process.
    pub(super) settled: Option<Settled>,
    /// Nothing is known about earlier builds: the stored traces have to go.
    pub(super) fresh: bool,
    /// Derived, and absent until the first build.
    pub(super) table: Option<Arc<RouteTable>>,
    pub(super) inputs: Option<Arc<Inputs>>,
    /// Outputs of the whole site, as they are for the table; absent until they are asked for.
    pub(super) made: Option<Arc<Everything>>,
    /// What is known of pictures; holds for their versions, whatever else changes.
    pub(super) pictures: Arc<Known>,
    /// Output files that stay although their entry's page cannot be planned.
    pub(super) retained: BTreeSet<String>,
    /// Pages that failed and have no trace, and media that could not be fetched.
    pub(super) failed_pages: BTreeSet<String>,
    pub(super) missing_media: BTreeSet<String>,
}

/// Whether the traces of earlier builds are of use: a clean build forgets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Traces {
    Wanted,
    Ignored,
}

impl Memory {
    /// What is stored. A file that turns out to be corrupt is taken for an empty one.
    pub(super) fn load(store: &mut Store, traces: Traces) -> Result<Self, BuildError> {
        match store.guarded(|store| Self::read(store, traces)) {
            Err(error) => {
                store.empty_after(error)?;
                Ok(Self::read(store, traces)?)
            }
            Ok(memory) => Ok(memory),
        }
    }

    fn read(store: &Store, traces: Traces) -> Result<Self, StateError> {
        let head = store.head()?;
        let (snapshot, graph) = rayon::join(
            || replica::load(store, &head),
            || match traces {
                Traces::Wanted if head.engine.as_deref() == Some(ENGINE) => stored_graph(store),
                _ => Ok(None),
            },
        );
        let (snapshot, usable) = match snapshot? {
            Ok(snapshot) => (snapshot, true),
            Err(error) => {
                tracing::warn!(%error, "the replica is discarded and pulled again");
                (Snapshot::default(), false)
            }
        };
        let graph = graph?;
        let settled = Settled::decode(&head);
        if graph.is_none() && head.engine.is_some() && traces == Traces::Wanted {
            tracing::info!("the traces are of another program version; everything is rendered");
        }
        Ok(Self {
            revision: head.revision,
            source: head.source.filter(|_| usable),
            cursor: head.cursor.filter(|_| usable),
            seq: head.seq,
            snapshot,
            settled,
            touched: head.touched,
            unlisted: head.unlisted,
            fresh: graph.is_none(),
            graph: graph.unwrap_or_default(),
            release: head.release,
            table: None,
            inputs: None,
            made: None,
            pictures: Arc::default(),
            retained: BTreeSet::new(),
            failed_pages: BTreeSet::new(),
            missing_media: BTreeSet::new(),
        })
    }

    /// Forgets what was rendered before; the replica stays.
    pub(super) fn forget_traces(&mut self) {
        self.graph = Graph::default();
        self.fresh = true;
        self.table = None;
        self.inputs = None;
        self.made = None;
        self.retained.clear();
        self.failed_pages.clear();
        self.missing_media.clear();
    }

    /// Whether content was ever pulled completely.
    pub(super) fn has_content(&self) -> bool {
        self.cursor.is_some()
    }
}

/// None when a row is unreadable or refers to a missing one.
fn stored_graph(store: &Store) -> Result<Option<Graph>, StateError> {
    let mut graph = Graph::default();
    let mut sound = true;
    store.questions(|id, bytes| sound &= graph.load_question(id, bytes).is_some())?;
    store.traces(|file, bytes| sound &= graph.load_trace(file, bytes).is_some())?;
    graph.loaded();
    Ok(sound.then_some(graph))
}
