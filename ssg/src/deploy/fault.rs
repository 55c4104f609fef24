//! Places in a deployment where a test may pull the plug.

use std::{fmt, sync::Arc};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeployPoint {
    /// The journal tells of a deployment, nothing has been sent.
    Begun,
    /// A target's other tree is open for changes.
    Opened,
    /// A target's other tree has its files, nothing says so.
    Sent,
    /// A target's other tree is complete.
    Prepared,
    /// A canary shows the release, the journal does not know it.
    CanaryFlipped,
    /// The canaries were found good.
    Judged,
    /// Before each of the other targets switches.
    Flipping,
    /// Another target shows the release, the journal does not know it.
    Flipped,
    /// A bucket's visitors get the new assets with the old pages.
    AssetsCopied,
    /// They get the new pages, and what lists the old ones.
    PagesCopied,
    /// They get the new release, the bucket does not know it.
    Exchanged,
    /// All of them do, the deployment is not closed.
    AllFlipped,
    /// A target shows what it showed before, the journal does not know it.
    FlippedBack,
}

impl DeployPoint {
    pub const ALL: [Self; 13] = [
        Self::Begun,
        Self::Opened,
        Self::Sent,
        Self::Prepared,
        Self::CanaryFlipped,
        Self::Judged,
        Self::Flipping,
        Self::Flipped,
        Self::AssetsCopied,
        Self::PagesCopied,
        Self::Exchanged,
        Self::AllFlipped,
        Self::FlippedBack,
    ];
}

type Hook = dyn Fn(DeployPoint) + Send + Sync;

#[derive(Clone, Default)]
pub struct Faults(Option<Arc<Hook>>);

impl Faults {
    pub fn hook(hook: impl Fn(DeployPoint) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hook)))
    }

    pub(super) fn reach(&self, point: DeployPoint) {
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
