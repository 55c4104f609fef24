//! What systemd hears of the server (`Type=notify`): ready, still at work, stopping.
//!
//! Nothing is said where no service manager listens. "Still at work" is said by a task beside
//! those that answer requests, and only after the database has answered it: a server whose
//! threads or database hang falls silent and is started again.

use std::time::Duration;

use actix_web::rt;
use sd_notify::NotifyState;
use tokio::sync::watch;

use crate::app::App;
use crate::store::feed;

/// A database that does not answer yet is asked again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Says that the server is ready once the database answers, and from then on, twice in every
/// watchdog period, that it still works.
pub(crate) async fn report(app: App, mut stop: watch::Receiver<bool>) {
    let watchdog = sd_notify::watchdog_enabled();
    let mut ready = false;
    while !*stop.borrow_and_update() {
        if database_answers(&app).await {
            let first = [NotifyState::Ready, NotifyState::Status("answering requests")];
            tell(if ready { &[NotifyState::Watchdog] } else { &first });
            ready = true;
        }
        let pause = match (ready, watchdog) {
            (false, _) => ASK_AGAIN,
            (true, Some(period)) => period / 2,
            (true, None) => return,
        };
        // The sender lives as long as the server: an error would mean that it stops.
        let stopped = rt::time::timeout(pause, stop.changed()).await;
        if matches!(stopped, Ok(Err(_))) {
            return;
        }
    }
}

/// Says that the server is on its way down.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("answering the requests in flight")]);
}

async fn database_answers(app: &App) -> bool {
    let answer = app.read(|conn| Ok(feed::newest(conn)?)).await;
    answer.inspect_err(|error| tracing::warn!(%error, "the database does not answer")).is_ok()
}

/// A service manager that does not listen any more is no reason to stop.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
