//! One cache's way along the list of switches.
//!
//! A switch is purged as soon as it is seen, and once more a moment later: a
//! cache that was fetching the old page when it was told to forget it stores
//! that page afterwards. Only then is the place noted. While calls have to wait
//! for the provider's limit or for a cache that is away, later switches join the
//! same order.

use std::{collections::VecDeque, time::Duration};

use anyhow::Result;
use tokio::time::Instant;

use super::{Cdn, Faults, Outcome, PurgePoint, Record, calls, record::Place};
use crate::{
    client::{CallError, Caller},
    release::{Outdated, Store},
};

/// Between tries, doubled from the first to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Line {
    pub(super) cdn: Cdn,
    store: Store,
    caller: Caller,
    faults: Faults,
    place: Place,
    /// Purged once, and when to do it again.
    echoes: VecDeque<(u64, Instant)>,
    failures: u32,
    /// Why the last call was not accepted.
    pub(super) error: Option<String>,
}

/// When to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// When there is news.
    News,
    /// Then, or earlier when there is news.
    By(Instant),
    /// Then and not earlier: the cache was asked and could not.
    NotBefore(Instant),
}

/// A call was not accepted.
enum Halt {
    Refused(String, Option<Duration>),
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Halt {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl Line {
    pub(super) fn new(cdn: Cdn, store: Store, faults: Faults) -> Result<Self> {
        let scheme = if cdn.is_plain() { "http" } else { "https" };
        let caller = Caller::new(scheme)?;
        let echoes = VecDeque::new();
        Ok(Self {
            cdn,
            store,
            caller,
            faults,
            place: Place::default(),
            echoes,
            failures: 0,
            error: None,
        })
    }

    /// Does what there is to do now.
    pub(super) async fn advance(&mut self) -> Result<Next> {
        match self.advance_or_halt().await {
            Ok(next) => {
                self.failures = 0;
                self.error = None;
                Ok(next)
            }
            Err(Halt::Refused(why, wait)) => {
                self.failures += 1;
                if self.failures == 1 {
                    tracing::warn!(cdn = self.cdn.name, error = why, "the purge has to wait");
                }
                let grown = FIRST_WAIT * 2_u32.saturating_pow(self.failures.min(16) - 1);
                let wait = wait.unwrap_or_default().max(grown.min(LONGEST_WAIT));
                self.error = Some(why);
                Ok(Next::NotBefore(Instant::now() + wait))
            }
            Err(Halt::Broken(error)) => Err(error),
        }
    }

    async fn advance_or_halt(&mut self) -> Result<Next, Halt> {
        let done = self.catch_up_with_others().await?;
        let first = self.echoes.back().map(|(upto, _)| *upto).or(done);
        if let Some(outdated) = self.outdated_since(first).await? {
            self.purge(&outdated, true).await?;
            self.echoes.push_back((outdated.upto, Instant::now() + self.cdn.again));
        }
        while let Some((upto, due)) = self.echoes.front().copied() {
            if due > Instant::now() {
                return Ok(Next::By(due));
            }
            if !self.cdn.again.is_zero()
                && let Some(outdated) = self.outdated_since(self.place.upto).await?
            {
                // What has joined since comes once more in its own time.
                self.purge(&outdated, false).await?;
            }
            self.note(upto).await?;
            self.echoes.pop_front();
        }
        Ok(Next::News)
    }

    async fn purge(&mut self, outdated: &Outdated, first: bool) -> Result<(), Halt> {
        let order = calls::order(&self.cdn, &outdated.what);
        self.faults.reach(PurgePoint::Found);
        let mut record = Record {
            outcome: Outcome::Purged,
            urls: order.urls,
            calls: order.calls.len(),
            at: String::new(),
            error: None,
        };
        for call in &order.calls {
            self.wait_for_the_bucket().await;
            let refused = match self.caller.call(call).await {
                Ok(reply) => calls::objection(&self.cdn, &reply).map(|why| (why, None)),
                Err(CallError::Transient { message, retry_after }) => Some((message, retry_after)),
                Err(error) => Some((error.to_string(), Some(LONGEST_WAIT))),
            };
            if let Some((why, wait)) = refused {
                if first && self.failures == 0 {
                    record.outcome = Outcome::Waiting;
                    record.error = Some(why.clone());
                    self.record(outdated, record).await?;
                }
                return Err(Halt::Refused(why, wait));
            }
            self.faults.reach(PurgePoint::Sent);
        }
        self.faults.reach(PurgePoint::Accepted);
        if first {
            tracing::info!(
                cdn = self.cdn.name,
                urls = order.urls,
                calls = order.calls.len(),
                "purged"
            );
            self.record(outdated, record).await?;
        }
        self.faults.reach(PurgePoint::Recorded);
        Ok(())
    }

    async fn wait_for_the_bucket(&mut self) {
        while let Err(wait) = self.place.bucket.take(self.cdn.rate, unix_now()) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Where we are. Another process may have gone ahead, and who emptied `dist`
    /// begins again.
    async fn catch_up_with_others(&mut self) -> Result<Option<u64>> {
        let key = Place::key(&self.cdn.name);
        let stored = self.with_store(move |store| store.recall::<Place>(&key)).await?;
        let stored = stored.unwrap_or_default();
        if self.place == Place::default() {
            self.place = stored;
        }
        if stored.upto < self.place.upto {
            self.echoes.clear();
        }
        self.place.upto = stored.upto;
        Ok(stored.upto)
    }

    async fn outdated_since(&self, place: Option<u64>) -> Result<Option<Outdated>> {
        self.with_store(move |store| store.outdated_since(place)).await
    }

    async fn note(&mut self, upto: u64) -> Result<()> {
        self.place.upto = self.place.upto.max(Some(upto));
        let (key, place) = (Place::key(&self.cdn.name), self.place);
        self.with_store(move |store| store.remember(&key, &place)).await
    }

    async fn record(&self, outdated: &Outdated, mut record: Record) -> Result<()> {
        record.at = jiff::Timestamp::now().to_string();
        let (name, releases) = (self.cdn.name.clone(), outdated.releases.clone());
        let write = move |store: &Store| {
            releases.iter().try_for_each(|release| store.note_purge(*release, &name, &record))
        };
        self.with_store(write).await
    }

    /// The history is read and written on a thread that may wait for its lock.
    async fn with_store<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Store) -> crate::release::Result<T> + Send + 'static,
    ) -> Result<T> {
        let store = self.store.clone();
        Ok(tokio::task::spawn_blocking(move || act(&store)).await??)
    }
}

#[expect(clippy::cast_precision_loss, reason = "micro-seconds since 1970 fit for centuries")]
fn unix_now() -> f64 {
    jiff::Timestamp::now().as_microsecond() as f64 / 1e6
}
