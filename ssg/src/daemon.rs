//! `ssg serve`: keeps the site in step with the CMS, and answers visitors'
//! requests to its API.
//!
//! A webhook is a hint, the feed is the truth: hints only make the loop look
//! sooner than its poll would, so none of them may be lost, doubled or forged
//! into harm. Builds run one after another on a thread of their own; one that
//! fails, or panics, leaves the site as it was and the daemon running.
//!
//! ```text
//! webhook ─┐
//! watcher ─┼► Event ─► inbox (batches) ─► main loop ─► Pipeline (pull, build, publish)
//! timer   ─┘                                  └► status, metrics
//! ```

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

pub(crate) use self::{body::error as error_answer, shared::Shared, static_files::content_type};
use self::{event::Event, seen::SeenIds};
pub use self::{
    inbox::Batching,
    order::Orders,
    pipeline::{Built, Cause, Listener, Pipeline},
    told::Told,
};
pub use crate::proxy::{Changed, Documents};
use crate::{
    client::Upstream,
    clock::Clock,
    config::{CmsConfig, ServeConfig},
    proxy::Proxy,
    release::Store,
};

mod body;
mod event;
mod guard;
mod inbox;
mod live_rules;
mod main_loop;
mod metrics;
mod order;
mod pipeline;
mod preview;
mod response_headers;
mod revalidate;
mod seen;
mod server;
mod service_manager;
mod shared;
mod static_files;
mod status;
mod told;
mod watcher;
mod webhook;

/// A build that is under way when we are asked to stop may still finish; one
/// that is cut off is undone by the next start.
const BUILD_GRACE: Duration = Duration::from_secs(20);

/// Where things are and how to behave.
#[derive(Debug, Clone)]
pub struct Options {
    pub serve: ServeConfig,
    pub cms: CmsConfig,
    /// Watched for changes.
    pub site: PathBuf,
    /// Content that is kept beside the site; watched as well.
    pub folders: Vec<PathBuf>,
    /// Holds the ids of webhooks already seen.
    pub cache: PathBuf,
    /// By which answers of the CMS grow old.
    pub clock: Clock,
}

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    server: server::Listening,
    events: mpsc::UnboundedSender<Event>,
    main_loop: JoinHandle<()>,
    reports: JoinHandle<()>,
    guard: JoinHandle<()>,
    _watchers: Vec<watcher::Watcher>,
}

impl Daemon {
    /// Binds and starts everything. Must be called within a tokio runtime.
    pub fn start(options: &Options, store: Store, pipeline: Arc<dyn Pipeline>) -> Result<Self> {
        let (events, inbox) = mpsc::unbounded_channel();
        let seen = SeenIds::open(&options.cache).context("cannot read the webhooks seen so far")?;
        let upstream = Upstream::new(&options.cms, &options.cache)?;
        let proxy =
            Arc::new(Proxy::new(upstream, options.clock.clone(), &options.site, &options.cache));
        let purged = Arc::clone(&proxy);
        pipeline.listen(Arc::new(move |changed| purged.purge(changed)));
        let rules = live_rules::LiveRules::new(&options.site, &store.moved_file());
        let mut shared = Shared::new(&options.serve, store, events.clone(), seen, proxy, rules);
        shared.previews = pipeline.previews();
        shared.dev = pipeline.dev();
        let shared = Arc::new(shared);
        shared.warn_about_webhooks();
        let server = server::start(&options.serve.listen, Arc::clone(&shared))?;
        let watchers = watchers(options, &events);
        let reports = tokio::spawn(service_manager::report(Arc::clone(&shared)));
        let poll = options.serve.poll_interval;
        let places = guard::Places { site: options.site.clone(), cache: options.cache.clone() };
        let guard = tokio::spawn(guard::run(places, Arc::clone(&shared)));
        let main_loop =
            tokio::spawn(main_loop::run(inbox, options.serve.batching, poll, shared, pipeline));
        Ok(Self { server, events, main_loop, reports, guard, _watchers: watchers })
    }

    /// `http://address:port`, with the port that was really taken.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stops taking requests, lets a running build finish.
    pub async fn stop(self) {
        service_manager::stopping();
        self.reports.abort();
        // The loop may be gone already, after a panic of its own: then there is nothing to stop.
        let _ = self.events.send(Event::Stop);
        self.server.stop().await;
        self.guard.abort();
        if timeout(BUILD_GRACE, self.main_loop).await.is_err() {
            tracing::warn!("a build was cut off; the next start settles it");
        }
    }
}

/// Serves until SIGINT or SIGTERM.
pub async fn serve(options: &Options, store: Store, pipeline: Arc<dyn Pipeline>) -> Result<()> {
    let daemon = Daemon::start(options, store, pipeline)?;
    eprintln!("listening on {}", daemon.url());
    asked_to_stop().await?;
    tracing::info!("stopping");
    daemon.stop().await;
    Ok(())
}

/// Watches everything that people edit; what cannot be watched is found by the next poll.
fn watchers(options: &Options, events: &mpsc::UnboundedSender<Event>) -> Vec<watcher::Watcher> {
    let site = (&options.site, (|| Event::SiteChanged) as fn() -> Event);
    let content = options.folders.iter().map(|folder| (folder, (|| Event::ContentChanged) as _));
    let watched = std::iter::once(site).chain(content).map(|(folder, event)| {
        watcher::watch(folder, events.clone(), event)
            .inspect_err(|error| tracing::warn!(%error, "changes are not noticed at once"))
    });
    watched.flatten().collect()
}

pub(crate) async fn asked_to_stop() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
