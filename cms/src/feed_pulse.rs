//! The feed's newest number, for those who wait for changes.
//!
//! One look at the database serves all who wait, and sees what other servers wrote too. A
//! number that is late costs a poll interval, never a change: readers look for themselves.

use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::store::{Dialect, feed};

/// How late a change of another process may be seen.
const POLL: Duration = Duration::from_secs(1);
/// The same where other servers write as a matter of course: one row is read so often, and
/// only while somebody waits.
const SHARED_POLL: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Beat {
    newest: i64,
    /// The server stops: nobody should wait any longer.
    pub(crate) ended: bool,
}

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pulse {
    beat: Arc<watch::Sender<Beat>>,
    written: Arc<Notify>,
}

impl Default for Pulse {
    fn default() -> Self {
        let (beat, _) = watch::channel(Beat::default());
        Self { beat: Arc::new(beat), written: Arc::default() }
    }
}

impl Pulse {
    /// Something was written here.
    pub(crate) fn quicken(&self) {
        self.written.notify_one();
    }

    /// A place among those who wait, unless as many wait already as may.
    pub(crate) fn join(&self, most: usize) -> Option<watch::Receiver<Beat>> {
        (self.beat.receiver_count() < most).then(|| self.beat.subscribe())
    }

    /// How many wait.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.beat.receiver_count()
    }

    /// Sends everybody home.
    pub(crate) fn end(&self) {
        self.beat.send_modify(|beat| beat.ended = true);
    }
}

/// Watches the feed while somebody waits.
pub(crate) async fn keep(app: App, mut stop: watch::Receiver<bool>) {
    let pulse = app.pulse.clone();
    let poll = match app.db.dialect() {
        Dialect::Sqlite => POLL,
        Dialect::Postgres => SHARED_POLL,
    };
    while !*stop.borrow_and_update() {
        tokio::select! {
            _ = stop.changed() => {}
            () = pulse.written.notified() => look(&app).await,
            () = rt::time::sleep(poll) => look(&app).await,
        }
    }
}

async fn look(app: &App) {
    if app.pulse.beat.receiver_count() == 0 {
        return;
    }
    match app.read(|conn| Ok(feed::newest(conn)?)).await {
        Ok(newest) => {
            app.pulse.beat.send_if_modified(|beat| {
                let moved = beat.newest != newest;
                beat.newest = newest;
                moved
            });
        }
        Err(error) => tracing::warn!(%error, "the change feed could not be looked at"),
    }
}
