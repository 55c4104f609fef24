//! All caches of a site, each on its own way: one that is away or slow holds up
//! no other.

use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout_at},
};

use super::{
    Cdn, Faults,
    line::{Line, Next},
};
use crate::release::Store;

/// After our own failure, such as a history that cannot be read.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Purger {
    lines: Vec<Line>,
}

/// Whether a cache knows of every switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub cdn: String,
    pub done: bool,
    pub error: Option<String>,
}

impl Purger {
    pub fn new(cdns: Vec<Cdn>, store: &Store, faults: &Faults) -> Result<Self> {
        let line = |cdn| Line::new(cdn, store.clone(), faults.clone());
        Ok(Self { lines: cdns.into_iter().map(line).collect::<Result<_>>()? })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Purges whatever is outdated, each time there is news, until the sender is gone.
    pub async fn follow(self, news: watch::Receiver<u64>) {
        join_all(self.lines.into_iter().map(|line| follow(line, news.clone()))).await;
    }

    /// Purges what is outdated now. What is not accepted in time stays queued.
    pub async fn catch_up(&mut self, within: Duration) -> Vec<Standing> {
        let deadline = Instant::now() + within;
        join_all(self.lines.iter_mut().map(|line| catch_up(line, deadline))).await
    }
}

async fn follow(mut line: Line, mut news: watch::Receiver<u64>) {
    loop {
        let next = line.advance().await.unwrap_or_else(|error| {
            tracing::error!(cdn = line.cdn.name, error = %format!("{error:#}"), "cannot purge");
            Next::NotBefore(Instant::now() + AFTER_FAILURE)
        });
        let gone = match next {
            Next::News => news.changed().await.is_err(),
            Next::By(time) => {
                tokio::select! {
                    changed = news.changed() => changed.is_err(),
                    () = sleep_until(time) => false,
                }
            }
            Next::NotBefore(time) => {
                sleep_until(time).await;
                news.has_changed().is_err()
            }
        };
        if gone {
            return;
        }
    }
}

async fn catch_up(line: &mut Line, deadline: Instant) -> Standing {
    let error = timeout_at(deadline, advance_until_done(line, deadline)).await;
    let (done, error) = match error {
        Ok(Ok(done)) => (done, line.error.clone()),
        Ok(Err(error)) => (false, Some(format!("{error:#}"))),
        Err(_) => (false, line.error.clone()),
    };
    Standing { cdn: line.cdn.name.clone(), done, error }
}

/// Whether it was done by the deadline.
async fn advance_until_done(line: &mut Line, deadline: Instant) -> Result<bool> {
    loop {
        match line.advance().await? {
            Next::News => return Ok(true),
            Next::By(time) | Next::NotBefore(time) if time >= deadline => return Ok(false),
            Next::By(time) | Next::NotBefore(time) => sleep_until(time).await,
        }
    }
}
