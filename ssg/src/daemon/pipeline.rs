//! The seam between the daemon and the work it drives.

use std::sync::Arc;

use anyhow::Result;
use cms_api::model::ContentModel;

use super::order::Orders;
use crate::dev::Dev;
use crate::preview::Previews;
use crate::proxy::Changed;

/// Why the daemon asks for a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cause {
    /// The daemon has just started: whatever happened meanwhile is unknown.
    pub start: bool,
    /// The CMS said that something changed, up to this place in its feed.
    pub hint: Option<i64>,
    /// A hint came, with or without a place.
    pub hinted: bool,
    pub site_changed: bool,
    /// Content that is kept beside the site changed.
    pub content_changed: bool,
    /// Pages were asked for, see [`Orders`].
    pub ordered: bool,
}

/// What a build found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Built {
    /// Place in the feed up to which the content is known.
    pub seq: i64,
    /// The release that was made; `None` when nothing differed.
    pub release: Option<u64>,
    pub rendered: u64,
    /// Pages that kept their last good version because they failed.
    pub failed: u64,
    /// The CMS was out of reach.
    pub stale: bool,
    /// When a page that shows the time has to be rendered next, in Unix seconds.
    pub due: Option<i64>,
    /// The gate did not let it go live; the row of the history that says why.
    pub refused: Option<u64>,
}

/// Hears what changed in the content.
pub type Listener = Arc<dyn Fn(&Changed) + Send + Sync>;

/// Pulls the content, renders what changed and publishes it. Called on a
/// blocking thread, never twice at once.
pub trait Pipeline: Send + Sync + 'static {
    fn run(&self, cause: Cause, orders: &mut Orders) -> Result<Built>;

    /// Takes whoever wants to hear at once what a pull brought, whatever becomes of the build.
    fn listen(&self, _told: Listener) {}

    /// The content model as of the last run, if it is known.
    fn model(&self) -> Option<Arc<ContentModel>> {
        None
    }

    /// Shows drafts, where the pipeline can.
    fn previews(&self) -> Option<Arc<Previews>> {
        None
    }

    /// The site under an author's hands, in the place of a published one.
    fn dev(&self) -> Option<Arc<Dev>> {
        None
    }

    /// Makes ready for the next change what it will need. Called after each run, when there
    /// is time.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }
}
