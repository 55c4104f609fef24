//! What a builder keeps between builds, and how it comes back from the state database.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::inputs::Inputs;
use super::{BuildError, ENGINE};
use crate::content::{Snapshot, replica};
use crate::engine::Graph;
use crate::site::RouteTable;
use crate::state::{Store, Touched};

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
    pub(super) graph: Graph,
    /// The release the traces describe.
    pub(super) release: Option<String>,
    /// Nothing is known about earlier builds: the stored traces have to go.
    pub(super) fresh: bool,
    /// Derived, and absent until the first build.
    pub(super) table: Option<Arc<RouteTable>>,
    pub(super) inputs: Option<Arc<Inputs>>,
    /// Output files that stay although their entry's page cannot be planned.
    pub(super) retained: BTreeSet<String>,
    /// Pages that failed and have no trace, and media that could not be fetched.
    pub(super) failed_pages: BTreeSet<String>,
    pub(super) missing_media: BTreeSet<String>,
}

impl Memory {
    pub(super) fn load(store: &mut Store) -> Result<Self, BuildError> {
        let loaded = store.load()?;
        let (snapshot, usable) = match replica::load(&loaded) {
            Ok(snapshot) => (snapshot, true),
            Err(error) => {
                tracing::warn!(%error, "the replica is discarded and pulled again");
                (Snapshot::default(), false)
            }
        };
        let ours = loaded.engine.as_deref() == Some(ENGINE);
        let graph = if ours { Graph::load(&loaded.questions, &loaded.traces) } else { None };
        if graph.is_none() && loaded.engine.is_some() {
            tracing::info!("the traces are of another program version; everything is rendered");
        }
        Ok(Self {
            revision: loaded.revision,
            source: loaded.source.filter(|_| usable),
            cursor: loaded.cursor.filter(|_| usable),
            seq: loaded.seq,
            snapshot,
            touched: loaded.touched,
            fresh: graph.is_none(),
            graph: graph.unwrap_or_default(),
            release: loaded.release,
            table: None,
            inputs: None,
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
        self.retained.clear();
        self.failed_pages.clear();
        self.missing_media.clear();
    }

    /// Whether content was ever pulled completely.
    pub(super) fn has_content(&self) -> bool {
        self.cursor.is_some()
    }
}
