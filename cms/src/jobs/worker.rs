//! Runs the jobs of the queue, one at a time in each lane and the lanes side by side: no lane
//! waits for another's slow endpoint.
//!
//! A claim expires by itself, so that the work of a server that died is taken up again.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::watch;

use crate::app::App;
use crate::auth::limit;
use crate::client::webhook::{NO_CONNECTION, Sender};
use crate::clock;
use crate::error::AppResult;
use crate::store::jobs::{self, Attempt, Job};
use crate::store::{Dialect, sessions, webhooks};

use super::deliver_webhook::{self, Delivery, Outcome};
use super::events::DELIVER_WEBHOOK;
use super::schedule;

/// How long a claim holds: longer than any attempt can take.
const LEASE_MS: i64 = 30_000;
/// Failures after which a job no longer holds up those behind it.
const PATIENCE: i32 = 3;
/// Attempts after which only the schedule counts, however well the endpoint does otherwise.
const OFTEN: i32 = 6;
/// Longest time without looking: catches what no wake-up announced.
const POLL: Duration = Duration::from_secs(5);
/// The same where other servers may write, or die and leave their work.
const SHARED_POLL: Duration = Duration::from_secs(1);
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
    let halt = stopped.clone();
    let mut draining = FuturesUnordered::new();
    let mut lanes = Lanes::default();
    let (mut looked, mut look) = (0, true);
    let mut cleaned = 0;
    while !*stopped.borrow() {
        let mut wait = Duration::ZERO;
        if look {
            looked = clock::now();
            match app.read(|conn| Ok(jobs::lanes(conn)?)).await {
                Ok(found) => {
                    let free = found.into_iter().filter(|lane| lanes.begin(lane));
                    draining.extend(free.map(|lane| drain(&app, &sender, lane, &halt)));
                }
                Err(error) => {
                    tracing::error!(%error, "the job queue cannot be read");
                    wait = AFTER_ERROR;
                }
            }
        }
        if clock::now() - cleaned > HOUSEKEEPING_MS {
            cleaned = clock::now();
            tidy(&app, cleaned - KEEP_ENDED_MS).await;
        }
        let wait = wait.max(pause(&app, looked).await);
        look = tokio::select! {
            () = app.jobs.woken() => true,
            () = tokio::time::sleep(wait) => true,
            _ = stopped.changed() => false,
            Some(lane) = draining.next() => {
                if lanes.end(&lane) {
                    lanes.begin(&lane);
                    draining.push(drain(&app, &sender, lane, &halt));
                }
                false
            }
        };
    }
    while draining.next().await.is_some() {}
}

/// The lanes being worked on, and whether one was asked for again meanwhile: what came after
/// its worker had looked for the last time must not wait for the next poll.
#[derive(Debug, Default)]
struct Lanes(HashMap<String, bool>);

impl Lanes {
    /// Whether the lane is free to be worked on; from now on it is not.
    fn begin(&mut self, lane: &str) -> bool {
        match self.0.get_mut(lane) {
            Some(again) => {
                *again = true;
                false
            }
            None => self.0.insert(lane.to_owned(), false).is_none(),
        }
    }

    /// Frees the lane; whether it must be looked at once more.
    fn end(&mut self, lane: &str) -> bool {
        self.0.remove(lane).unwrap_or_default()
    }
}

async fn tidy(app: &App, before: i64) {
    let tidied = app.write(move |conn| {
        sessions::prune(conn, before)?;
        limit::prune(conn, clock::now())?;
        Ok(jobs::prune(conn, before)?)
    });
    report(tidied.await);
}

fn report<T>(result: AppResult<T>) {
    if let Err(error) = result {
        tracing::error!(%error, "the job queue cannot be kept");
    }
}

/// How long there is nothing new to do since `looked`, as far as is known.
async fn pause(app: &App, looked: i64) -> Duration {
    let next = app.read(move |conn| Ok(jobs::next_due(conn, looked)?)).await;
    let wait = next.ok().flatten().map(|at| u64::try_from(at - clock::now()).unwrap_or(0));
    let longest = match app.db.dialect() {
        Dialect::Sqlite => POLL,
        Dialect::Postgres => SHARED_POLL,
    };
    wait.map_or(longest, |millis| longest.min(Duration::from_millis(millis)))
}

/// Runs the jobs of a lane that are due, one after another, and returns the lane.
async fn drain(
    app: &App,
    sender: &Sender,
    lane: String,
    stopped: &watch::Receiver<bool>,
) -> String {
    while !*stopped.borrow() {
        let name = lane.clone();
        let claimed = app.write(move |conn| {
            let now = clock::now();
            Ok(jobs::claim(conn, &name, PATIENCE, now, now + LEASE_MS)?)
        });
        let ran = match claimed.await {
            Ok(Some(job)) => run(app, sender, job).await,
            Ok(None) if is_back(app, sender, &lane).await => Ok(()),
            Ok(None) => break,
            Err(error) => Err(error),
        };
        if ran.is_err() {
            report(ran);
            break;
        }
    }
    lane
}

async fn run(app: &App, sender: &Sender, job: Job) -> AppResult<()> {
    if job.kind != DELIVER_WEBHOOK {
        let reason = format!("nobody knows jobs of kind `{}`", job.kind);
        return bury(app, job, reason).await;
    }
    let delivery: Delivery = match serde_json::from_str(&job.payload) {
        Ok(delivery) => delivery,
        Err(error) => return bury(app, job, format!("the job cannot be read: {error}")).await,
    };
    let id = delivery.webhook;
    let endpoint = app.read(move |conn| Ok(webhooks::get(conn, id)?)).await?;
    let Some(endpoint) = endpoint.filter(|endpoint| endpoint.enabled) else {
        return bury(app, job, "the endpoint was removed or is disabled".into()).await;
    };
    let at = clock::now();
    let outcome = deliver_webhook::attempt(sender, &endpoint, &delivery, at).await;
    let attempt = Attempt { at, took: clock::now() - at, result: outcome.to_string() };
    if matches!(outcome, Outcome::Delivered) {
        return delivered(app, job, attempt).await;
    }
    let tried = job.id;
    app.write(move |conn| Ok(jobs::note(conn, tried, &attempt)?)).await?;
    match outcome {
        Outcome::Delivered => Ok(()),
        Outcome::Gone => {
            tracing::warn!(webhook = endpoint.name, "the endpoint is gone (410): disabled");
            app.write(move |conn| Ok(webhooks::enable(conn, id, false)?)).await?;
            bury(app, job, outcome.to_string()).await
        }
        Outcome::Refused { reason } => {
            tracing::warn!(webhook = endpoint.name, reason, "a webhook was given up");
            bury(app, job, reason).await
        }
        Outcome::Failed { reason, retry_after } => {
            let attempt = job.attempts + 1;
            tracing::warn!(webhook = endpoint.name, attempt, reason, "a webhook was not delivered");
            retry(app, job, reason, retry_after).await
        }
    }
}

/// In one commit, since a long lane is as fast as its commits. An endpoint that takes one takes
/// those that wait for it, too.
async fn delivered(app: &App, job: Job, attempt: Attempt) -> AppResult<()> {
    let ended = app.write(move |conn| {
        let now = clock::now();
        jobs::note(conn, job.id, &attempt)?;
        jobs::finish(conn, &job, now)?;
        Ok(jobs::hasten(conn, &job.lane, OFTEN, now)?)
    });
    ended.await.map(drop)
}

/// Knocks at an endpoint where nobody was listening. When somebody does, what waits for it is
/// due, whatever the schedule says.
async fn is_back(app: &App, sender: &Sender, lane: &str) -> bool {
    let name = lane.to_owned();
    let waits = app.read(move |conn| {
        let Some(payload) = jobs::waits_after(conn, &name, NO_CONNECTION, OFTEN)? else {
            return Ok(None);
        };
        let delivery = serde_json::from_str::<Delivery>(&payload).ok();
        let hook = delivery.map(|delivery| webhooks::get(conn, delivery.webhook)).transpose()?;
        Ok(hook.flatten().filter(|hook| hook.enabled))
    });
    let Ok(Some(hook)) = waits.await else { return false };
    if !sender.listens(&hook.url, hook.allow_private).await {
        return false;
    }
    let name = lane.to_owned();
    let due = app.write(move |conn| Ok(jobs::hasten(conn, &name, OFTEN, clock::now())?)).await;
    due.is_ok_and(|due| due > 0)
}

async fn retry(
    app: &App,
    job: Job,
    reason: String,
    retry_after: Option<Duration>,
) -> AppResult<()> {
    let noise = clock::now().unsigned_abs();
    match schedule::delay(job.attempts, retry_after, noise) {
        Some(delay) => {
            let at = clock::now().saturating_add(delay);
            app.write(move |conn| Ok(jobs::retry(conn, &job, at, &reason)?)).await
        }
        None => bury(app, job, reason).await,
    }
}

async fn bury(app: &App, job: Job, reason: String) -> AppResult<()> {
    app.write(move |conn| Ok(jobs::bury(conn, &job, clock::now(), &reason)?)).await
}
