//! Whether a target that has switched may stay so.
//!
//! Its pages are asked for as a visitor does, at its own address: each must be
//! there with the bytes of the release. Where its nginx's log can be read here,
//! the guard judges what its visitors were answered as well.

use std::{collections::HashSet, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use super::Target;
use crate::{
    client::{Call, Caller, Reply},
    guard::{self, LogTail, Tally, Verdict},
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
    pub(super) guard: &'a guard::Policy,
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
        let targets: Vec<&Target> =
            targets.iter().copied().filter(|target| target.url.is_some()).collect();
        if targets.is_empty() {
            return Ok(());
        }
        let (probes, until) = (probes(store, from, release)?, Instant::now() + watch);
        let mut logs = visitors(&targets, store, from)?;
        loop {
            for target in &targets {
                self.look(target, &probes).await?;
            }
            for visitors in &mut logs {
                visitors.check(self.guard)?;
            }
            if Instant::now() >= until {
                return Ok(());
            }
            sleep(LOOK_AGAIN.min(until - Instant::now())).await;
        }
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
        // A bucket's server, or the CDN in front of it, is found by its own name.
        let headers = match target.bucket() {
            Some(_) => Vec::new(),
            None => vec![("host", host.to_owned())],
        };
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

/// What a target's visitors were answered, before it switched and since.
struct Visitors<'a> {
    target: &'a Target,
    log: LogTail,
    /// Milliseconds since 1970.
    switched: i64,
    /// Only what was there before can have become worse.
    known: HashSet<String>,
    before: Tally,
    after: Tally,
}

fn visitors<'a>(
    targets: &[&'a Target],
    store: &Store,
    from: Option<u64>,
) -> Result<Vec<Visitors<'a>>> {
    let Some(from) = from else { return Ok(Vec::new()) };
    let known: HashSet<String> = store.bodies(from)?.into_keys().collect();
    let switched = jiff::Timestamp::now().as_millisecond();
    let logs = targets.iter().filter_map(|target| Some((*target, target.log.clone()?)));
    let visitors = logs.map(|(target, log)| Visitors {
        target,
        log: LogTail::new(log),
        switched,
        known: known.clone(),
        before: Tally::default(),
        after: Tally::default(),
    });
    Ok(visitors.collect())
}

impl Visitors<'_> {
    fn check(&mut self, policy: &guard::Policy) -> Result<()> {
        let name = &self.target.name;
        let hits = self.log.read().with_context(|| format!("the log of target `{name}`"))?;
        for hit in hits.iter().filter(|hit| self.known.contains(&hit.file)) {
            let tally = if hit.at < self.switched { &mut self.before } else { &mut self.after };
            tally.count(hit.status);
        }
        match guard::judge(policy, &self.before, &self.after, Duration::ZERO) {
            Verdict::Sick { reason } => bail!("target `{name}`: {reason}"),
            Verdict::Waiting | Verdict::Healthy => Ok(()),
        }
    }
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
