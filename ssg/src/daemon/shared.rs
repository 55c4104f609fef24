//! What the loop and the request handlers share.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, ArcSwapOption};
use cms_api::webhook::Secret;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::{event::Event, live_rules::LiveRules, metrics::Metrics, seen::SeenIds};
use crate::{
    config::ServeConfig,
    dev::Dev,
    guard::Hits,
    preview::Previews,
    proxy::Proxy,
    release::{Status, Store},
};

/// A request does not wait longer for a switch under way; it then tells what
/// was known before it.
const STATUS_WAIT: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    pub(super) secrets: Vec<Secret>,
    pub(super) authorization: Option<String>,
    pub(super) serve_static: bool,
    pub(super) rules: Arc<LiveRules>,
    pub(crate) proxy: Arc<Proxy>,
    pub(super) previews: Option<Arc<Previews>>,
    pub(super) dev: Option<Arc<Dev>>,
    events: UnboundedSender<Event>,
    seen: Mutex<SeenIds>,
    status: ArcSwap<Status>,
    /// Answers of our own, for the guard.
    pub(super) hits: Hits,
    /// What the guard watches, for `/readyz`.
    guarded: ArcSwapOption<Value>,
    /// The furthest place in the feed that anybody told us of.
    known_seq: AtomicI64,
    /// The place that the newest release is up to date with. A change that no
    /// page shows makes no release and is none the less done with.
    shown_seq: AtomicI64,
}

impl Shared {
    pub(super) fn new(
        serve: &ServeConfig,
        store: Store,
        events: UnboundedSender<Event>,
        seen: SeenIds,
        proxy: Arc<Proxy>,
        rules: LiveRules,
    ) -> Self {
        Self {
            store,
            metrics: Metrics::default(),
            secrets: serve.webhook_secrets.clone(),
            authorization: serve.webhook_authorization.clone(),
            serve_static: serve.serve_static,
            rules: Arc::new(rules),
            proxy,
            previews: None,
            dev: None,
            events,
            seen: Mutex::new(seen),
            status: ArcSwap::default(),
            hits: Hits::default(),
            guarded: ArcSwapOption::empty(),
            known_seq: AtomicI64::new(0),
            shown_seq: AtomicI64::new(0),
        }
    }

    pub(super) fn warn_about_webhooks(&self) {
        if self.secrets.is_empty() && self.authorization.is_none() && self.dev.is_none() {
            tracing::warn!(
                "SSG_WEBHOOK_SECRET is not set: no webhook is accepted, changes are found by polling"
            );
        }
    }

    pub(super) fn send(&self, event: Event) {
        if let Event::Hint { seq: Some(seq) } = event {
            self.know(seq);
        }
        if self.events.send(event).is_err() {
            tracing::error!("the build loop is gone");
        }
    }

    pub(super) fn know(&self, seq: i64) {
        self.known_seq.fetch_max(seq, Ordering::AcqRel);
    }

    pub(super) fn shows(&self, seq: i64) {
        self.shown_seq.fetch_max(seq, Ordering::AcqRel);
    }

    /// The place in the feed that the live site is up to date with.
    pub(super) fn live_seq(&self, status: &Status) -> Option<u64> {
        let live = status.live.as_ref()?;
        let shown = u64::try_from(self.shown_seq.load(Ordering::Acquire)).unwrap_or(0);
        Some(if status.pinned { live.seq } else { live.seq.max(shown) })
    }

    /// The id of the live release, as last seen.
    pub(super) fn live_release(&self) -> Option<u64> {
        self.status.load().live.as_ref().map(|release| release.id)
    }

    pub(super) fn known_seq(&self) -> i64 {
        self.known_seq.load(Ordering::Acquire)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, SeenIds> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn guards(&self, watch: Option<Value>) {
        self.guarded.store(watch.map(Arc::new));
    }

    pub(super) fn guarded(&self) -> Option<Value> {
        self.guarded.load().as_deref().cloned()
    }

    /// Another process may have rolled back, so the history is asked each time.
    pub(super) fn refresh_status(&self) -> Arc<Status> {
        match self.store.status_within(STATUS_WAIT) {
            Ok(status) => self.status.store(Arc::new(status)),
            Err(error) => tracing::debug!(%error, "the release status is not to be had now"),
        }
        self.status.load_full()
    }
}
