//! Runs the jobs of the queue, one at a time in each lane and the lanes side by side.
//!
//! A claim expires by itself, so that the work of a server that died is taken up again.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::app::App;
use crate::client::webhook::Sender;
use crate::clock;
use crate::error::AppResult;
use crate::store::jobs::{self, Job};
use crate::store::{Dialect, sessions, webhooks};

use super::deliver_webhook::{self, Delivery, Outcome};
use super::events::DELIVER_WEBHOOK;
use super::schedule;

/// How long a claim holds: longer than any attempt can take.
const LEASE_MS: i64 = 30_000;
/// Failures after which a job no longer holds up those behind it.
const PATIENCE: i32 = 3;
/// Longest time without looking: catches what no wake-up announced.
const POLL: Duration = Duration::from_secs(5);
/// Wait after the database failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);
const HOUSEKEEPING_MS: i64 = 60 * 60 * 1_000;
/// How long ended jobs can be looked at.
const KEEP_ENDED_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// # Errors
/// When outgoing HTTP cannot be set up.
pub(crate) fn prepare(app: &App) -> anyhow::Result<Sender> {
    Sender::new(&app.settings.serving.webhook_allow)
}

/// Works until `stopped` says so; attempts in flight end first.
pub(crate) async fn work(app: App, sender: Sender, mut stopped: watch::Receiver<bool>) {
    if app.db.dialect() == Dialect::Sqlite {
        // One server per SQLite file: claims are those of an earlier life.
        report(app.write(|conn| Ok(jobs::release_all(conn)?)).await);
    }
    let mut cleaned = 0;
    while !*stopped.borrow() {
        let wait = match round(&app, &sender).await {
            Ok(true) => continue,
            Ok(false) => pause(&app).await,
            Err(error) => {
                tracing::error!(%error, "the job queue cannot be read");
                AFTER_ERROR
            }
        };
        if clock::now() - cleaned > HOUSEKEEPING_MS {
            cleaned = clock::now();
            report(
                app.write(move |conn| {
                    sessions::prune(conn, cleaned - KEEP_ENDED_MS)?;
                    Ok(jobs::prune(conn, cleaned - KEEP_ENDED_MS)?)
                })
                .await,
            );
        }
        tokio::select! {
            () = app.jobs.woken() => {}
            () = tokio::time::sleep(wait) => {}
            _ = stopped.changed() => {}
        }
    }
}

fn report<T>(result: AppResult<T>) {
    if let Err(error) = result {
        tracing::error!(%error, "the job queue cannot be kept");
    }
}

/// How long there is nothing to do, as far as is known.
async fn pause(app: &App) -> Duration {
    let now = clock::now();
    let next = app.read(move |conn| Ok(jobs::next_due(conn, now)?)).await;
    let wait = next.ok().flatten().and_then(|at| u64::try_from(at - now).ok());
    wait.map_or(POLL, |millis| POLL.min(Duration::from_millis(millis)))
}

/// Runs the next job of every lane; whether there was any.
async fn round(app: &App, sender: &Sender) -> AppResult<bool> {
    let lanes = app.read(|conn| Ok(jobs::lanes(conn)?)).await?;
    if lanes.is_empty() {
        return Ok(false);
    }
    let claimed = app
        .write(move |conn| {
            let now = clock::now();
            let mut claimed = Vec::new();
            for lane in &lanes {
                claimed.extend(jobs::claim(conn, lane, PATIENCE, now, now + LEASE_MS)?);
            }
            Ok(claimed)
        })
        .await?;
    let any = !claimed.is_empty();
    for result in join_all(claimed.into_iter().map(|job| run(app, sender, job))).await {
        result?;
    }
    Ok(any)
}

async fn run(app: &App, sender: &Sender, job: Job) -> AppResult<()> {
    if job.kind != DELIVER_WEBHOOK {
        return bury(app, job.id, format!("nobody knows jobs of kind `{}`", job.kind)).await;
    }
    let delivery: Delivery = match serde_json::from_str(&job.payload) {
        Ok(delivery) => delivery,
        Err(error) => return bury(app, job.id, format!("the job cannot be read: {error}")).await,
    };
    let id = delivery.webhook;
    let endpoint = app.read(move |conn| Ok(webhooks::get(conn, id)?)).await?;
    let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else {
        return bury(app, job.id, "the endpoint was removed or is disabled".into()).await;
    };
    match deliver_webhook::attempt(sender, &endpoint, &delivery, clock::now()).await {
        Outcome::Delivered => {
            app.write(move |conn| Ok(jobs::finish(conn, job.id, clock::now())?)).await
        }
        Outcome::Gone => {
            tracing::warn!(webhook = endpoint.name, "the endpoint is gone (410): disabled");
            app.write(move |conn| Ok(webhooks::disable(conn, id)?)).await?;
            bury(app, job.id, "the endpoint answered 410".into()).await
        }
        Outcome::Failed { reason, retry_after } => {
            let attempt = job.attempts + 1;
            tracing::warn!(webhook = endpoint.name, attempt, reason, "a webhook was not delivered");
            retry(app, &job, reason, retry_after).await
        }
    }
}

async fn retry(
    app: &App,
    job: &Job,
    reason: String,
    retry_after: Option<Duration>,
) -> AppResult<()> {
    let id = job.id;
    let noise = clock::now().unsigned_abs();
    match schedule::delay(job.attempts, retry_after, noise) {
        Some(delay) => {
            let at = clock::now().saturating_add(delay);
            app.write(move |conn| Ok(jobs::retry(conn, id, at, &reason)?)).await
        }
        None => bury(app, id, reason).await,
    }
}

async fn bury(app: &App, id: i64, reason: String) -> AppResult<()> {
    app.write(move |conn| Ok(jobs::bury(conn, id, clock::now(), &reason)?)).await
}
