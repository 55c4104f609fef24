//! What systemd hears of the daemon (`Type=notify`): ready, still at work,
//! stopping, and which release is live.
//!
//! Nothing is said where no service manager listens. "Still at work" is said
//! by a task beside those that answer requests, and only after the history of
//! the releases has been read: a daemon that hangs falls silent and is started
//! again. A long build is no hang.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState;

use super::shared::Shared;

/// How often the status is renewed where nobody watches.
const STATUS_INTERVAL: Duration = Duration::from_secs(30);

/// Says that the daemon listens, and from then on how it is, until it is dropped.
pub(super) async fn report(shared: Arc<Shared>) {
    let pause = sd_notify::watchdog_enabled().map_or(STATUS_INTERVAL, |period| period / 2);
    tell(&[NotifyState::Ready]);
    loop {
        let asked = Arc::clone(&shared);
        let status = tokio::task::spawn_blocking(move || asked.refresh_status()).await;
        let Ok(status) = status else { return };
        let text = match &status.live {
            Some(live) if status.pinned => format!("release {} is live and pinned", live.id),
            Some(live) => format!("release {} is live, place {} of the feed", live.id, live.seq),
            None => "nothing is published yet".to_owned(),
        };
        tell(&[NotifyState::Watchdog, NotifyState::Status(&text)]);
        tokio::time::sleep(pause).await;
    }
}

/// Says that the daemon is on its way down.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("a build under way may end")]);
}

/// A service manager that does not listen any more is no reason to stop.
fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
