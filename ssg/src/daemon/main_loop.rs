//! The one loop: wait, build, note what came of it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::release::Finding;

use super::{Batching, Built, Cause, Pipeline, event::Event, inbox, order::Orders, shared::Shared};

/// The hint that the CMS is back may have been the one that came too early.
const WHILE_STALE: Duration = Duration::from_secs(5);

pub(super) async fn run(
    mut events: UnboundedReceiver<Event>,
    batching: Batching,
    poll: Duration,
    shared: Arc<Shared>,
    pipeline: Arc<dyn Pipeline>,
) {
    let mut last_failure = None;
    let mut number = 0;
    let mut batch = Some((Cause { start: true, ..Cause::default() }, Orders::default()));
    while let Some((why, mut orders)) = batch {
        number += 1;
        let began = tokio::time::Instant::now();
        orders.number(number);
        let (result, orders, took) = build(why, orders, &shared, &pipeline).await;
        report(&shared, why, took, &result, &mut last_failure);
        if let (Ok(_), Some(orders)) = (&result, orders) {
            orders.done(shared.live_release());
        }
        if result.is_ok() {
            prepare(&shared, &pipeline).await;
        }
        let wait = result.map_or(poll, |built| pause(&built, poll));
        batch = inbox::next(&mut events, batching, began, tokio::time::Instant::now() + wait).await;
    }
}

/// How long to wait for an event before looking again.
fn pause(built: &Built, poll: Duration) -> Duration {
    let longest = if built.stale { poll.min(WHILE_STALE) } else { poll };
    until(built.due).map_or(longest, |due| due.min(longest))
}

/// How long it is to a time in Unix seconds.
fn until(due: Option<i64>) -> Option<Duration> {
    let due = jiff::Timestamp::from_second(due?).ok()?;
    let wait = due.duration_since(jiff::Timestamp::now());
    // A clock that was set back or forth costs a look too many, not a missed one.
    Some(Duration::try_from(wait).unwrap_or_default())
}

async fn build(
    cause: Cause,
    mut orders: Orders,
    shared: &Arc<Shared>,
    pipeline: &Arc<dyn Pipeline>,
) -> (Result<Built>, Option<Orders>, Duration) {
    let (shared, pipeline) = (Arc::clone(shared), Arc::clone(pipeline));
    let work = move || {
        let began = Instant::now();
        shared.proxy.refresh();
        let built = catch_unwind(AssertUnwindSafe(|| pipeline.run(cause, &mut orders)));
        let built =
            built.unwrap_or_else(|panic| Err(anyhow!("the build panicked: {}", said(&*panic))));
        let took = began.elapsed();
        shared.refresh_status();
        (built, Some(orders), took)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => (Err(anyhow!(error)), None, Duration::ZERO),
    }
}

/// The next change then finds everything in memory and its tree ready.
async fn prepare(shared: &Arc<Shared>, pipeline: &Arc<dyn Pipeline>) {
    let (shared, pipeline) = (Arc::clone(shared), Arc::clone(pipeline));
    let work = move || {
        if let Err(error) = shared.store.prepare() {
            tracing::warn!(%error, "the standby tree is not ready yet");
        }
        let prepared = pipeline.prepare();
        shared.proxy.know(pipeline.model());
        prepared
    };
    match tokio::task::spawn_blocking(work).await.map_err(anyhow::Error::from).flatten() {
        Ok(()) => {}
        Err(error) => tracing::warn!(%error, "the next build will have to load everything"),
    }
}

fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

/// What the gate objects to, once.
fn refused(shared: &Shared, id: u64, last_failure: &mut Option<String>) {
    let status = shared.refresh_status();
    let refused = status.refused.as_ref().filter(|refused| refused.id == id);
    let findings = refused.into_iter().flat_map(|refused| &refused.refused);
    let text = findings.map(Finding::line).collect::<Vec<_>>().join("; ");
    if last_failure.as_ref() != Some(&text) {
        tracing::error!(refused = id, findings = %text, "the gate did not let the release pass");
        *last_failure = Some(text);
    }
}

/// The same failure at every poll is told once.
fn report(
    shared: &Shared,
    cause: Cause,
    took: Duration,
    result: &Result<Built>,
    last_failure: &mut Option<String>,
) {
    shared.metrics.built(took, result.as_ref().ok());
    match result {
        Ok(built) => {
            shared.know(built.seq);
            if let Some(id) = built.refused {
                refused(shared, id, last_failure);
                return;
            }
            shared.shows(built.seq);
            *last_failure = None;
            if let Some(release) = built.release {
                tracing::info!(
                    release,
                    seq = built.seq,
                    rendered = built.rendered,
                    failed = built.failed,
                    took_ms = took.as_millis(),
                    hinted = cause.hinted,
                    "published"
                );
            }
        }
        Err(error) => {
            let text = format!("{error:#}");
            if last_failure.as_ref() != Some(&text) {
                tracing::error!(error = %text, "the build failed; the site stays as it is");
                *last_failure = Some(text);
            }
        }
    }
}
