//! Whether a target that has switched may stay so.
//!
//! Its pages are asked for as a visitor does, at its own address: each must be
//! there with the bytes of the release. Who counts what visitors were answered is
//! asked as well, if anybody does.

use std::{fmt, time::Duration};

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

use super::Target;
use crate::{
    client::{Call, Caller, Reply},
    release::{Body, Store},
    site::public_url::{self, INDEX},
};

/// Pages looked at, changed ones first.
const PROBES: usize = 50;
/// Between two looks while a canary is watched.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A node may be a moment behind its own switch, or lose a connection.
const TRIES: usize = 3;
const TRY_AGAIN: Duration = Duration::from_millis(100);
/// Of answers that failed, once there are enough to speak of a share.
const MOST_FAILED: f64 = 0.01;
const FEWEST_ANSWERS: u64 = 20;

/// What visitors of a target were answered, since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub answers: u64,
    /// With a status of 500 or more.
    pub failed: u64,
}

/// Somebody who knows what visitors are answered.
pub trait StatusCounts: Send + Sync + fmt::Debug {
    /// `None`: nothing is known of this target.
    fn counts(&self, target: &str) -> Option<Counts>;
}

/// What a page must answer.
#[derive(Debug, Clone)]
struct Probe {
    url: String,
    body: Body,
}

#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) caller: Caller,
    pub(super) site: &'a str,
    pub(super) counts: Option<&'a dyn StatusCounts>,
}

impl Judge<'_> {
    /// Looks at targets for a while; an error says which of them is no good and why.
    pub(super) async fn watch(
        &self,
        targets: &[&Target],
        store: &Store,
        (from, release): (Option<u64>, u64),
        watch: Duration,
    ) -> Result<()> {
        let targets: Vec<_> = targets.iter().filter(|target| target.url.is_some()).collect();
        if targets.is_empty() {
            return Ok(());
        }
        let (probes, until) = (probes(store, from, release)?, Instant::now() + watch);
        let before: Vec<_> = targets.iter().map(|target| self.counted(target)).collect();
        loop {
            for (target, before) in targets.iter().zip(&before) {
                self.look(target, &probes).await?;
                check_counts(target, *before, self.counted(target))?;
            }
            if Instant::now() >= until {
                return Ok(());
            }
            sleep(LOOK_AGAIN.min(until - Instant::now())).await;
        }
    }

    fn counted(&self, target: &Target) -> Option<Counts> {
        self.counts?.counts(&target.name)
    }

    async fn look(&self, target: &Target, probes: &[Probe]) -> Result<()> {
        for probe in probes {
            let mut tried = 1;
            while let Err(why) = self.ask(target, probe).await {
                if tried == TRIES {
                    bail!("target `{}`: {why}", target.name);
                }
                tried += 1;
                sleep(TRY_AGAIN).await;
            }
        }
        Ok(())
    }

    async fn ask(&self, target: &Target, probe: &Probe) -> Result<(), String> {
        let url = format!("{}{}", target.url.as_deref().unwrap_or_default(), probe.url);
        let host = self.site.split_once("://").map_or(self.site, |(_, host)| host);
        let headers = vec![("host", host.to_owned())];
        let call = Call { method: "GET", url, headers, body: None };
        match self.caller.ask(&call).await {
            Ok(Reply { status: 200, body }) if blake3::hash(&body) == probe.body.hash => Ok(()),
            Ok(Reply { status: 200, .. }) => {
                Err(format!("`{}` does not show the bytes of the release", probe.url))
            }
            Ok(Reply { status, .. }) => Err(format!("`{}` answers {status}", probe.url)),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn check_counts(target: &Target, before: Option<Counts>, now: Option<Counts>) -> Result<()> {
    let (Some(before), Some(now)) = (before, now) else { return Ok(()) };
    let answers = now.answers.saturating_sub(before.answers);
    let failed = now.failed.saturating_sub(before.failed);
    #[expect(clippy::cast_precision_loss, reason = "a share needs few digits")]
    let share = failed as f64 / answers.max(1) as f64;
    if answers >= FEWEST_ANSWERS && share > MOST_FAILED {
        bail!("target `{}` failed {failed} of {answers} visitors", target.name);
    }
    Ok(())
}

/// The home page, then what changed, then whatever else there is.
fn probes(store: &Store, from: Option<u64>, release: u64) -> Result<Vec<Probe>> {
    let bodies = store.bodies(release)?;
    let changed = match from {
        Some(from) => store.way(from, release)?.unwrap_or_default().put,
        None => Vec::new(),
    };
    let home = std::iter::once(INDEX.to_owned());
    let mut files: Vec<String> = Vec::new();
    for file in home.chain(changed).chain(bodies.keys().cloned()) {
        let is_page = file.ends_with(".html") || file.ends_with(".xml");
        if files.len() < PROBES && is_page && !files.contains(&file) && bodies.contains_key(&file) {
            files.push(file);
        }
    }
    let probe = |file: &String| {
        let folder = file.strip_suffix(INDEX).unwrap_or(file);
        let url = public_url::encode(&format!("/{folder}"));
        bodies.get(file).map(|body| Probe { url, body: *body })
    };
    Ok(files.iter().filter_map(probe).collect())
}
