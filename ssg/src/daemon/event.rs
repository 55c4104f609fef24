//! Everything that can wake the daemon, in one type.

use super::order::Order;

#[derive(Debug)]
pub(super) enum Event {
    /// The CMS says that something changed, up to this place in its feed.
    Hint {
        seq: Option<i64>,
    },
    /// A file of the site changed.
    SiteChanged,
    /// A file with content changed, which is kept beside the site.
    ContentChanged,
    /// Somebody wants pages rendered again.
    Revalidate(Order),
    Stop,
}
