//! Looks after the release that went live last, and takes it back when visitors fare worse.
//!
//! Beside the loop that builds: a long build must not keep a bad release live.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use super::{event::Event, shared::Shared};
use crate::{
    guard::{Hit, LOG_FILE, LogTail, Policy, Verdict, Watch},
    release::{ReleaseError, Status},
    site::Site,
};

/// Bad releases go within 10 s; most of that is for visitors to meet the error.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where things are.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) site: PathBuf,
    pub(super) cache: PathBuf,
}

struct Guard {
    places: Places,
    shared: Arc<Shared>,
    watch: Option<Watch>,
    log: Option<(PathBuf, LogTail)>,
    /// Read before a watch began: how it was before.
    earlier: Vec<Hit>,
    /// Looked at already, and found to need no watch.
    done: Option<u64>,
}

/// Of those, this many are remembered.
const MOST_EARLIER: usize = 10_000;

pub(super) async fn run(places: Places, shared: Arc<Shared>) {
    let mut guard =
        Guard { places, shared, watch: None, log: None, earlier: Vec::new(), done: None };
    let mut clock = interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        let looked = tokio::task::spawn_blocking(move || {
            if let Err(error) = guard.look() {
                tracing::warn!(%error, "the guard could not look");
            }
            guard
        });
        match looked.await {
            Ok(back) => guard = back,
            Err(error) => {
                tracing::error!(%error, "the guard is gone");
                return;
            }
        }
    }
}

impl Guard {
    fn look(&mut self) -> Result<(), ReleaseError> {
        let Some(policy) = self.policy() else {
            self.watch = None;
            self.shared.guards(None);
            self.shared.hits.take();
            return Ok(());
        };
        let status = self.shared.refresh_status();
        let now = jiff::Timestamp::now().as_millisecond();
        self.follow(&status, &policy, now)?;
        let hits = self.hits(&policy);
        match &mut self.watch {
            Some(watch) => watch.count(&hits),
            None => self.remember(hits),
        }
        self.act(now)
    }

    /// The site's own words, as they are now.
    fn policy(&self) -> Option<Policy> {
        Site::load(&self.places.site).ok()?.guard
    }

    /// Begins with a new release what it must, and ends what is over.
    fn follow(&mut self, status: &Status, policy: &Policy, now: i64) -> Result<(), ReleaseError> {
        let live = status.live.as_ref().filter(|_| !status.pinned).map(|live| live.id);
        if live.is_some() && (live == self.done || live == self.watch.as_ref().map(|w| w.release)) {
            return Ok(());
        }
        let last = self.watch.take();
        self.watch = Watch::begin(&self.shared.store, status, policy.clone(), now)?;
        match (&mut self.watch, &last) {
            (Some(watch), Some(last)) => watch.take_over(last),
            (Some(watch), None) => watch.count(&std::mem::take(&mut self.earlier)),
            // Not yet, or not at all: asking costs one row.
            (None, _) => {}
        }
        Ok(())
    }

    fn hits(&mut self, policy: &Policy) -> Vec<Hit> {
        let path = policy.log.clone().unwrap_or_else(|| self.places.cache.join(LOG_FILE));
        if self.log.as_ref().is_none_or(|(known, _)| *known != path) {
            self.log = Some((path.clone(), LogTail::new(path)));
        }
        let mut hits = self.shared.hits.take();
        if let Some((path, tail)) = &mut self.log {
            match tail.read() {
                Ok(read) => hits.extend(read),
                Err(error) => {
                    tracing::warn!(log = %path.display(), %error, "the guard cannot read its log");
                }
            }
        }
        hits
    }

    fn remember(&mut self, hits: Vec<Hit>) {
        self.earlier.extend(hits);
        let surplus = self.earlier.len().saturating_sub(MOST_EARLIER);
        self.earlier.drain(..surplus);
    }

    fn act(&mut self, now: i64) -> Result<(), ReleaseError> {
        let Some(watch) = &self.watch else {
            self.shared.guards(None);
            return Ok(());
        };
        self.shared.guards(Some(watch.told()));
        match watch.verdict(now) {
            Verdict::Waiting => {}
            Verdict::Healthy => {
                self.done = Some(watch.release);
                self.watch = None;
            }
            Verdict::Sick { reason } => {
                let (bad, good) = (watch.release, watch.good);
                tracing::error!(release = bad, back_to = good, reason, "rolled back by the guard");
                self.watch = None;
                self.shared.store.roll_back_sick(bad, good, &reason)?;
                self.shared.refresh_status();
                // Whoever follows switches, such as a CDN's purges, learns of it by a look.
                self.shared.send(Event::Hint { seq: None });
            }
        }
        Ok(())
    }
}
