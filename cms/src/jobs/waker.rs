//! Tells the worker that there may be something to do.
//!
//! A lost wake-up costs a poll interval, never a job.

use std::sync::Arc;

use tokio::sync::Notify;

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Call after the commit.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Returns after the next (or an unseen earlier) [`Waker::wake`].
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
