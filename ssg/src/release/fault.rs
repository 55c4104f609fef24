//! Places where a test may pull the plug.
//!
//! Publishing promises that a crash at *any* moment leaves a complete tree
//! live. The promise is tested by stopping at each of these points, in process
//! (the hook panics) and for real (the hook kills the process). In production
//! no hook is set and reaching a point costs one comparison.

use std::{fmt, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// Files are written aside, nothing refers to them.
    Staged,
    /// The journal names the paths of the standby tree that will change.
    Journaled,
    /// Before each path of the standby tree is touched.
    Applying,
    /// The standby tree is complete, the history does not know it.
    Applied,
    /// The gate let the tree pass.
    Checked,
    /// The history names the new live tree, the link still shows the old one.
    Committed,
    /// Visitors see the new tree.
    Switched,
    /// Before each leftover is deleted.
    Cleaning,
    /// Before each path of the standby tree is put back after a crash.
    Undoing,
    /// A full tree stands below `trees/`, the history does not know it.
    TreeMoved,
}

impl FaultPoint {
    pub const ALL: [Self; 10] = [
        Self::Staged,
        Self::Journaled,
        Self::Applying,
        Self::Applied,
        Self::Checked,
        Self::Committed,
        Self::Switched,
        Self::Cleaning,
        Self::Undoing,
        Self::TreeMoved,
    ];
}

type Hook = dyn Fn(FaultPoint) + Send + Sync;

#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Hook>>);

impl Faults {
    pub fn hook(hook: impl Fn(FaultPoint) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(super) fn reach(&self, point: FaultPoint) {
        if let Some(hook) = &self.0 {
            hook(point);
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Faults(armed)" } else { "Faults(none)" })
    }
}
