//! What a test may do to a build: stop it between phases, see which pages it renders, and
//! make it forget a kind of read, to prove that the loss is noticed.
//!
//! Belongs to one builder, since tests run side by side. No program sets one; without it
//! reaching a phase costs one comparison.

use std::fmt::Debug;
use std::sync::Arc;

use crate::engine::{Dirty, Read};

/// How far a build has come, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The replica in memory is up to date, nothing is stored.
    Pulled,
    Planned,
    /// Every dirty page is rendered; the files are staged.
    Rendered,
    /// Static files and media are staged as well.
    Staged,
    /// The release is live, the state does not know it.
    Switched,
    Committed,
}

impl Phase {
    pub const ALL: [Self; 6] = [
        Self::Pulled,
        Self::Planned,
        Self::Rendered,
        Self::Staged,
        Self::Switched,
        Self::Committed,
    ];
}

/// Watches and disturbs the builds of one builder.
pub trait Probe: Debug + Send + Sync {
    /// Called at the end of each phase; a panic here is the crash to be tested.
    fn reached(&self, _phase: Phase) {}

    /// Pages that will be rendered, with the reasons.
    fn dirty(&self, _dirty: &Dirty) {}

    /// Whether a read enters the page's trace.
    fn keeps(&self, _read: &Read) -> bool {
        true
    }

    /// A page was rendered, and asked this.
    fn rendered(&self, _file: &str, _reads: &[Read]) {}
}

/// A builder's probe, most often none.
#[derive(Debug, Clone, Default)]
pub(super) struct Probing(pub(super) Option<Arc<dyn Probe>>);

impl Probing {
    pub(super) fn reached(&self, phase: Phase) {
        if let Some(probe) = &self.0 {
            probe.reached(phase);
        }
    }

    pub(super) fn dirty(&self, dirty: &Dirty) {
        if let Some(probe) = &self.0 {
            probe.dirty(dirty);
        }
    }

    /// What of a page's reads enters its trace.
    pub(super) fn reads(&self, file: &str, mut reads: Vec<Read>) -> Vec<Read> {
        if let Some(probe) = &self.0 {
            reads.retain(|read| probe.keeps(read));
            probe.rendered(file, &reads);
        }
        reads
    }
}
