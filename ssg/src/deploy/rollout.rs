//! A deployment from its beginning to its end, or back to before it.
//!
//! Each step is in the journal before it is taken. Before the flips nothing is to
//! be undone; from the first flip on it goes on to the end or all the way back.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result, anyhow, bail};

use super::{
    DeployPoint, Faults, Journal, Phase, Standing, State, Step, Target,
    judge::Judge,
    prepare::{Shipment, prepare},
    target::Showing,
};
use crate::{
    client::Caller,
    file_lock::{FileLock, LOCK_WAIT},
    guard,
    release::Store,
};

/// Deploys to these targets.
#[derive(Debug)]
pub struct Rollout {
    pub store: Store,
    pub targets: Vec<Target>,
    /// As visitors write it, for the pages that are looked at.
    pub site: String,
    /// May be lost; holds files on their way and the lock against a second deployment.
    pub cache: PathBuf,
    /// How long canaries are watched before the others switch.
    pub watch: Duration,
    /// Canaries that are good are enough; otherwise somebody says so.
    pub promote: bool,
    /// Compare every byte of every file.
    pub whole: bool,
    /// When a target's visitors fare worse than before.
    pub guard: guard::Policy,
    pub faults: Faults,
}

/// How a deployment ended for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Every target shows the release.
    Everywhere,
    /// The canaries do.
    Waiting,
}

impl Rollout {
    /// Brings a kept release to every target, or leaves all as they were. Takes up
    /// what another process left unfinished: its own release goes on, any other is
    /// taken back first.
    pub async fn deploy(&self, release: u64) -> Result<Settled> {
        let _lock = self.lock()?;
        if self.targets.is_empty() {
            bail!("site.toml has no `[[target]]` to deploy to");
        }
        let open = self.open_journal()?;
        if let Some(mut journal) = open {
            let goes_on = journal.release == release && self.is_for_these(&journal);
            match journal.phase {
                Phase::Waiting if goes_on => return Ok(Settled::Waiting),
                Phase::Canary | Phase::Flipping if goes_on => return self.flip(&mut journal).await,
                Phase::Preparing => {}
                _ => {
                    let why = format!("release {release} came instead");
                    self.take_back(&mut journal, &why)?;
                }
            }
        }
        let mut journal = self.begin(release)?;
        if let Err(error) = self.prepare(&mut journal) {
            // Nobody has seen anything of it.
            journal.reason = Some(format!("{error:#}"));
            journal.enter(Phase::Aborted, &self.store)?;
            return Err(error.context("nothing was switched"));
        }
        self.flip(&mut journal).await
    }

    /// Lets a deployment that waits with its canaries go on.
    pub async fn promote(&self) -> Result<u64> {
        let _lock = self.lock()?;
        let mut journal = self.open_journal()?.context("no deployment is waiting")?;
        if !self.is_for_these(&journal) {
            bail!("the targets in site.toml are not those of the deployment; abort it");
        }
        match journal.phase {
            Phase::Waiting | Phase::Flipping => {}
            Phase::Canary | Phase::Preparing | Phase::Aborting | Phase::Done | Phase::Aborted => {
                bail!(
                    "the deployment of release {} does not wait: deploy it again",
                    journal.release
                )
            }
        }
        self.flip_the_others(&mut journal).await?;
        Ok(journal.release)
    }

    /// Takes an unfinished deployment back.
    pub fn abort(&self) -> Result<u64> {
        let _lock = self.lock()?;
        let mut journal = self.open_journal()?.context("no deployment is under way")?;
        self.take_back(&mut journal, "it was aborted")?;
        Ok(journal.release)
    }

    /// What each target shows now.
    pub fn standings(&self) -> Result<Vec<Standing>> {
        let history = self.store.identity()?;
        let standing = |target: &Target| {
            let showing = target.look().map(|look| look.showing(&history));
            Standing {
                target: target.name.clone(),
                canary: target.canary,
                showing: showing.unwrap_or_else(|why| Showing::Unreachable(format!("{why:#}"))),
            }
        };
        Ok(self.targets.iter().map(standing).collect())
    }

    fn lock(&self) -> Result<FileLock> {
        std::fs::create_dir_all(&self.cache)
            .with_context(|| format!("cannot use `{}`", self.cache.display()))?;
        Ok(FileLock::exclusive(&self.cache.join("deploy.lock"), LOCK_WAIT)?)
    }

    fn open_journal(&self) -> Result<Option<Journal>> {
        Ok(Journal::load(&self.store)?.filter(|journal| journal.phase.is_open()))
    }

    /// Whether a journal speaks of the targets that site.toml has now.
    fn is_for_these(&self, journal: &Journal) -> bool {
        let ours = self.targets.iter().map(|target| (&target.name, target.canary));
        journal.steps.iter().map(|step| (&step.target, step.canary)).eq(ours)
    }

    fn begin(&self, release: u64) -> Result<Journal> {
        let step = |target: &Target| Step {
            target: target.name.clone(),
            canary: target.canary,
            state: State::Pending,
            tree: None,
            back: None,
            from: None,
        };
        let steps = self.targets.iter().map(step).collect();
        let at = String::new();
        let mut journal = Journal { release, phase: Phase::Preparing, at, reason: None, steps };
        journal.enter(Phase::Preparing, &self.store)?;
        self.faults.reach(DeployPoint::Begun);
        Ok(journal)
    }

    fn prepare(&self, journal: &mut Journal) -> Result<()> {
        let history = self.store.identity()?;
        let folder = self.cache.join("outgoing");
        // What a process left that was killed; the lock says that nobody uses it.
        let _ = std::fs::remove_dir_all(&folder);
        let shipment = Shipment {
            store: &self.store,
            history: &history,
            release: journal.release,
            folder: &folder,
            whole: self.whole,
        };
        for (at, target) in self.targets.iter().enumerate() {
            let Some(step) = journal.steps.get_mut(at) else { continue };
            prepare(&shipment, target, step, &self.faults)?;
            step.state = State::Prepared;
            journal.save(&self.store)?;
            self.faults.reach(DeployPoint::Prepared);
        }
        Ok(())
    }

    /// Canaries, then everybody.
    async fn flip(&self, journal: &mut Journal) -> Result<Settled> {
        let canaries: Vec<_> = self.targets.iter().filter(|target| target.canary).collect();
        if canaries.is_empty() || journal.phase == Phase::Flipping {
            self.flip_the_others(journal).await?;
            return Ok(Settled::Everywhere);
        }
        journal.enter(Phase::Canary, &self.store)?;
        let shown = match self.flip_all(journal, true) {
            Ok(()) => self.judge(journal, &canaries, self.watch).await,
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            return Err(self.taken_back(journal, error));
        }
        self.faults.reach(DeployPoint::Judged);
        if !self.promote && canaries.len() < self.targets.len() {
            journal.enter(Phase::Waiting, &self.store)?;
            return Ok(Settled::Waiting);
        }
        self.flip_the_others(journal).await?;
        Ok(Settled::Everywhere)
    }

    async fn flip_the_others(&self, journal: &mut Journal) -> Result<()> {
        journal.enter(Phase::Flipping, &self.store)?;
        let all: Vec<_> = self.targets.iter().collect();
        let shown = match self.flip_all(journal, false) {
            Ok(()) => self.judge(journal, &all, Duration::ZERO).await,
            Err(error) => Err(error),
        };
        if let Err(error) = shown {
            return Err(self.taken_back(journal, error));
        }
        self.faults.reach(DeployPoint::AllFlipped);
        journal.enter(Phase::Done, &self.store)?;
        Ok(())
    }

    fn flip_all(&self, journal: &mut Journal, canary: bool) -> Result<()> {
        let after = if canary { DeployPoint::CanaryFlipped } else { DeployPoint::Flipped };
        let (from, who) = (from(journal), self.store.identity()?);
        for at in 0..journal.steps.len() {
            let Some(step) = journal.steps.get_mut(at) else { continue };
            if step.canary != canary || step.state == State::Flipped {
                continue;
            }
            step.state = State::Flipping;
            let step = step.clone();
            journal.save(&self.store)?;
            if !canary {
                self.faults.reach(DeployPoint::Flipping);
            }
            self.target(&step.target)?.flip(&who, &step, &self.faults)?;
            self.faults.reach(after);
            if let Some(step) = journal.steps.get_mut(at) {
                step.state = State::Flipped;
            }
            // A cache in front may have asked this node already.
            self.store.note_switch(from, journal.release)?;
            journal.save(&self.store)?;
        }
        Ok(())
    }

    async fn judge(&self, journal: &Journal, targets: &[&Target], watch: Duration) -> Result<()> {
        let plain = targets.iter().filter_map(|target| target.url.as_ref());
        let scheme =
            if plain.clone().all(|url| url.starts_with("http:")) { "http" } else { "https" };
        let judge = Judge { caller: Caller::new(scheme)?, site: &self.site, guard: &self.guard };
        judge.watch(targets, &self.store, (from(journal), journal.release), watch).await
    }

    /// The error of a deployment that was taken back because of it.
    fn taken_back(&self, journal: &mut Journal, error: anyhow::Error) -> anyhow::Error {
        match self.take_back(journal, &format!("{error:#}")) {
            Ok(()) => error.context(format!("release {} was taken back", journal.release)),
            Err(worse) => anyhow!("{error:#}; and it could not be taken back: {worse:#}"),
        }
    }

    /// Switches back whatever has switched, the last one first. A target that does
    /// not answer keeps the deployment open: the next command tries again.
    fn take_back(&self, journal: &mut Journal, why: &str) -> Result<()> {
        journal.reason.get_or_insert_with(|| why.to_owned());
        journal.enter(Phase::Aborting, &self.store)?;
        let (from, mut failures) = (from(journal), BTreeMap::new());
        let who = self.store.identity()?;
        for at in (0..journal.steps.len()).rev() {
            let Some(step) = journal.steps.get_mut(at) else { continue };
            if !matches!(step.state, State::Flipping | State::Flipped) {
                continue;
            }
            let step = step.clone();
            let flipped = match self.target(&step.target) {
                Ok(target) => target.flip_back(&who, &step, &self.faults),
                Err(gone) => {
                    tracing::warn!(%gone, "it is left as it is");
                    Ok(())
                }
            };
            match flipped {
                Ok(()) => {
                    self.faults.reach(DeployPoint::FlippedBack);
                    if let Some(step) = journal.steps.get_mut(at) {
                        step.state = State::Restored;
                    }
                    let switched = from.map(|from| (Some(journal.release), from));
                    let (of, to) = switched.unwrap_or((None, journal.release));
                    self.store.note_switch(of, to)?;
                    journal.save(&self.store)?;
                }
                Err(error) => drop(failures.insert(step.target, format!("{error:#}"))),
            }
        }
        if failures.is_empty() {
            return Ok(journal.enter(Phase::Aborted, &self.store)?);
        }
        let failures: Vec<_> = failures.into_values().collect();
        bail!("{}", failures.join("; "))
    }

    fn target(&self, name: &str) -> Result<&Target> {
        let found = self.targets.iter().find(|target| target.name == name);
        found.with_context(|| format!("site.toml has no target `{name}` any more"))
    }
}

/// The release that all targets showed before; none when they did not agree.
fn from(journal: &Journal) -> Option<u64> {
    let mut releases = journal.steps.iter().map(|step| step.from);
    let first = releases.next()??;
    releases.all(|release| release == Some(first)).then_some(first)
}
