//! Places between a switch and the end of its purge where a test may pull the plug.

use std::{fmt, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PurgePoint {
    /// It is known what to purge, nothing has been sent.
    Found,
    /// After each call that was accepted.
    Sent,
    /// All calls were accepted, nothing is noted.
    Accepted,
    /// The release tells of the purge, the place does not.
    Recorded,
}

impl PurgePoint {
    pub const ALL: [Self; 4] = [Self::Found, Self::Sent, Self::Accepted, Self::Recorded];
}

type Hook = dyn Fn(PurgePoint) + Send + Sync;

#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Hook>>);

impl Faults {
    pub fn hook(hook: impl Fn(PurgePoint) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(super) fn reach(&self, point: PurgePoint) {
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
