//! The second half of a build: render, publish, remember.
//!
//! First the release is switched, then the state is committed: a crash in between repeats
//! work and loses nothing.

use std::collections::BTreeSet;

use super::apply::Applied;
use super::builder::{Builder, set_aside};
use super::memory::Memory;
use super::outputs::Outputs;
use super::probe::Phase;
use super::pull::Fresh;
use super::report::{Action, FileChange, Laps, Report};
use super::revalidate::Revalidation;
use super::settled::Settled;
use super::work::{Planned, Work};
use super::world::World;
use super::{BuildError, ENGINE, Request, moved};
use crate::engine::{ChangeSet, GraphChange, Kind, Reason};
use crate::release::{FileAction, Meta, Outcome, Published, Refusal};
use crate::site::period::Period;
use crate::state::{Commit, Store, TouchedChange, TraceChange, TraceRows};

/// The second half of a build, once everything is loaded and planned.
pub(super) struct Run<'a> {
    pub(super) builder: &'a Builder,
    pub(super) request: &'a Request,
    pub(super) world: World,
    pub(super) changes: ChangeSet,
    pub(super) planned: Planned,
    pub(super) asked: Vec<(Revalidation, BTreeSet<String>)>,
    pub(super) report: Report,
    pub(super) laps: Laps,
    pub(super) store: &'a Store,
}

impl Run<'_> {
    /// Renders, publishes, commits. False when the memory no longer matches what is stored.
    pub(super) fn finish(&mut self, memory: &mut Memory, fresh: Fresh) -> Result<bool, BuildError> {
        let releases = self.builder.releases();
        let newest = self.report.previous;
        let suspicious = memory.release != Some(self.builder.release_name(newest));
        let whole = memory.fresh || newest.is_none();
        let all = suspicious || matches!(self.planned, Planned::All);
        let precompress = &self.world.inputs.site.publishing.precompress;
        let outputs = Outputs::new(releases, whole, all, precompress)?;
        let unexplained = if whole { vec![Reason::Clean {}] } else { Vec::new() };
        let check = (suspicious && !memory.fresh).then_some(&outputs);
        let mut work =
            Work::find(memory, &self.world, &self.changes, &self.planned, &self.asked, check)?;
        work.take_over(memory);
        let health = self.health(memory, &work);
        let probe = &self.world.probe;
        probe.dirty(&work.dirty);
        let mut applied = Applied::default();
        applied.pages(memory, &self.world, &work, &outputs)?;
        self.report.phases.render = self.laps.lap();
        probe.reached(Phase::Rendered);
        if all {
            applied.static_files(memory, &self.world, &outputs, suspicious)?;
        }
        let source = (!self.request.offline && !self.report.stale).then_some(self.builder.source());
        let cache = &self.builder.paths().cache;
        applied.media(memory, &self.changes, source, cache, &outputs, all)?;
        self.report.phases.write = self.laps.lap();
        probe.reached(Phase::Staged);
        self.report.pages = self.world.table.len() as u64;
        self.report.rendered = applied.rendered;
        self.report.failed = applied.failures(&self.world.table);
        let periods = memory.graph.periods().filter_map(Period::of_seconds);
        self.report.due = periods.map(|period| period.end(self.world.now)).min();
        if self.request.strict && !self.report.failed.is_empty() {
            drop(outputs);
            self.report.unchanged = self.report.pages;
            set_aside(self.store, memory, fresh)?;
            self.report.phases.commit = self.laps.lap();
            return Ok(false);
        }
        let meta = Meta {
            reason: self.request.reason.clone(),
            seq: u64::try_from(memory.seq).unwrap_or(0),
            rendered: applied.rendered,
            report: serde_json::Value::Null,
        };
        let outcome = outputs.publish(&health.gate(&self.world, &applied.reasons), meta)?;
        (self.report.warnings, self.report.unpublished) = health.told();
        self.report.phases.switch = self.laps.lap();
        let published = match outcome {
            Outcome::Published(published) => Some(published),
            Outcome::Nothing => {
                releases.forget_refusal()?;
                None
            }
            Outcome::Refused(refusal) => return self.refused(memory, fresh, refusal),
        };
        if self.world.inputs.site.follow_moves && self.may_have_moved(&applied) {
            moved::note(releases, &self.world, &applied.left)?;
        }
        // Beside the commit, which keeps one core busy.
        let asked = memory.snapshot.clone();
        rayon::spawn(move || asked.forget_answers());
        self.world.probe.reached(Phase::Switched);
        self.describe(memory, published.as_ref(), &applied, &unexplained);
        let newest = published.as_ref().map(|release| release.id).or(newest);
        self.commit(memory, fresh, self.builder.release_name(newest))?;
        self.report.phases.commit = self.laps.lap();
        self.world.probe.reached(Phase::Committed);
        if let Some(published) = &published {
            releases.set_report(published.id, &self.report)?;
            self.report.phases.commit += self.laps.lap();
        }
        Ok(true)
    }

    /// Whether pages left an address, or the target of one that was left can be another.
    fn may_have_moved(&self, applied: &Applied) -> bool {
        let replanned = match &self.planned {
            Planned::All => true,
            Planned::Changed(change) => {
                let sets = [&change.added, &change.changed, &change.removed];
                sets.into_iter().any(|files| !files.is_empty())
            }
        };
        replanned || !applied.left.is_empty()
    }

    /// Keeps what was pulled for the next build, which tries again with everything.
    fn refused(
        &mut self,
        memory: &mut Memory,
        fresh: Fresh,
        refusal: Refusal,
    ) -> Result<bool, BuildError> {
        self.report.unchanged = self.report.pages;
        self.report.refusal = Some(refusal.id);
        self.report.refused = refusal.findings;
        set_aside(self.store, memory, fresh)?;
        self.report.phases.commit = self.laps.lap();
        self.builder.releases().set_report(refusal.id, &self.report)?;
        Ok(false)
    }

    fn describe(
        &mut self,
        memory: &Memory,
        published: Option<&Published>,
        applied: &Applied,
        unexplained: &[Reason],
    ) {
        let report = &mut self.report;
        report.unchanged = report.pages;
        let Some(published) = published else { return };
        report.release = Some(published.id);
        report.previous = published.previous;
        report.published = published.live;
        report.pinned = published.pinned;
        report.written = published.written;
        report.removed = published.removed;
        for change in &published.changes {
            let trace = memory.graph.trace(&change.path);
            let is_page = trace.is_some_and(|trace| trace.about.kind == Kind::Page);
            if is_page && change.action != FileAction::Remove {
                report.unchanged = report.unchanged.saturating_sub(1);
            }
            report.changes.push(FileChange {
                url: trace
                    .map_or_else(|| url_of(&change.path), |trace| trace.about.url.to_string()),
                file: change.path.clone(),
                action: match change.action {
                    FileAction::Add => Action::Add,
                    FileAction::Change => Action::Change,
                    FileAction::Remove => Action::Remove,
                },
                reasons: applied
                    .reasons
                    .get(&change.path)
                    .cloned()
                    .unwrap_or_else(|| unexplained.to_vec()),
            });
        }
    }

    fn commit(&self, memory: &mut Memory, fresh: Fresh, release: String) -> Result<(), BuildError> {
        let settled = Settled::after(memory, &self.report);
        let same_release = memory.release.as_ref() == Some(&release);
        let idle = !memory.graph.has_changes()
            && memory.touched.is_empty()
            && !memory.fresh
            && same_release
            && settled == memory.settled
            && fresh.is_empty();
        if idle {
            return Ok(());
        }
        let traces = TraceChange {
            reset: memory.fresh,
            engine: Some(ENGINE.to_owned()),
            release: Some(release.clone()),
            settled: Some(Settled::encode(settled.as_ref())),
        };
        let commit = Commit { replica: fresh.replica, touched: TouchedChange::Clear, traces };
        let rows = memory.graph.take_changes();
        let rows = rows.map(|GraphChange { questions, traces }| TraceRows { questions, traces });
        memory.revision = self.store.commit_with(&commit, rows)?;
        memory.touched.clear();
        memory.unlisted.clear();
        memory.fresh = false;
        memory.release = Some(release);
        memory.settled = settled;
        Ok(())
    }
}

/// The URL of an output file, as links would show it.
pub(super) fn url_of(file: &str) -> String {
    let folder = file.strip_suffix(crate::site::public_url::INDEX);
    let folder = folder.filter(|folder| folder.is_empty() || folder.ends_with('/'));
    crate::site::public_url::encode(&format!("/{}", folder.unwrap_or(file)))
}
