//! What a server does beside answering requests: deliver webhooks, follow schema edits, make
//! indexes, give a bucket what it is owed, tell the service manager how it is.

use actix_web::rt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::content_types;
use crate::feed_pulse;
use crate::jobs::worker;
use crate::media::owed;
use crate::service_manager;

/// The running tasks.
#[derive(Debug)]
pub struct Background {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts everything.
    ///
    /// # Errors
    /// When outgoing HTTP cannot be set up.
    pub fn start(app: &App) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let deliveries = worker::prepare(app)?;
        let running = vec![
            rt::spawn(worker::work(app.clone(), deliveries, stopped.clone())),
            rt::spawn(feed_pulse::keep(app.clone(), stopped.clone())),
            rt::spawn(content_types::watch::watch(app.clone(), stopped.clone())),
            rt::spawn(content_types::indexing::keep(app.clone(), stopped.clone())),
            rt::spawn(owed::keep(app.clone(), stopped.clone())),
            rt::spawn(service_manager::report(app.clone(), stopped)),
        ];
        Ok(Self { stop, running })
    }

    /// Lets work in flight end and starts no other.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.running {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task ended abnormally");
            }
        }
    }
}
