//! One build after another, over the same memory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::apply::Applied;
use super::inputs::Inputs;
use super::memory::{Memory, Traces};
use super::outputs::Outputs;
use super::probe::{Phase, Probe, Probing};
use super::pull::{self, Fresh, PullReport};
use super::report::{Action, Failure, FileChange, Laps, Report};
use super::revalidate::Revalidation;
use super::settled::{Look, Settled};
use super::source::Source;
use super::work::{Planned, Work};
use super::world::World;
use super::{BuildError, ENGINE, Paths, Request, check, lock, problem};
use crate::engine::{ChangeSet, Graph, Kind, Reason, RouteChange};
use crate::release::{self, FileAction, Meta, Published};
use crate::site::period::Period;
use crate::site::{RouteTable, TableChange};
use crate::state::{Commit, Store, TouchedChange, TraceChange};

/// Builds a site whenever it is asked to.
pub struct Builder {
    paths: Paths,
    source: Arc<dyn Source>,
    releases: release::Store,
    /// None before the first build, and after one that did not come to its end.
    memory: Option<Memory>,
    probe: Probing,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("paths", &self.paths).finish_non_exhaustive()
    }
}

/// Mistakes that keep anything from being published.
pub(super) struct Refusal(pub(super) Vec<Failure>);

impl Builder {
    /// # Errors
    /// When the folder for releases cannot be used.
    pub fn open(paths: Paths, source: Arc<dyn Source>) -> Result<Self, BuildError> {
        let releases = release::Store::open(&paths.out)?;
        Ok(Self::with_releases(paths, source, releases))
    }

    /// As [`Builder::open`], on a release store that is open already.
    #[must_use]
    pub fn with_releases(paths: Paths, source: Arc<dyn Source>, releases: release::Store) -> Self {
        Self { paths, source, releases, memory: None, probe: Probing::default() }
    }

    /// Lets a test watch and disturb this builder.
    #[doc(hidden)]
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Probing(Some(probe));
        self
    }

    #[must_use]
    pub fn releases(&self) -> &release::Store {
        &self.releases
    }

    /// Brings the replica up to date and renders nothing.
    ///
    /// # Errors
    /// When there is neither a CMS nor a replica, or the cache cannot be used.
    pub fn pull(&mut self) -> Result<PullReport, BuildError> {
        let _lock = lock(&self.paths.cache)?;
        let mut store = Store::open(&self.paths.cache)?;
        let mut memory = self.recall(&mut store, Traces::Wanted)?;
        let fresh = pull::pull(&mut memory, &*self.source, None)?;
        self.probe.reached(Phase::Pulled);
        let report = PullReport {
            seq: memory.seq,
            changed: fresh.touched.len(),
            rows: memory.snapshot.len(),
            stale: fresh.stale,
        };
        set_aside(&store, &mut memory, fresh)?;
        self.memory = Some(memory);
        Ok(report)
    }

    /// Builds and publishes. Mistakes in the site or its content are in the report.
    ///
    /// # Errors
    /// When there is neither a CMS nor a replica, or a folder cannot be used. What was
    /// published before stays.
    pub fn rebuild(&mut self, request: &Request) -> Result<Report, BuildError> {
        self.rebuild_telling(request, &mut |_| ())
    }

    /// The same; `marked` learns before the rendering which pages each of
    /// [`Request::revalidate`] meant, by URL.
    ///
    /// # Errors
    /// As [`Builder::rebuild`].
    pub fn rebuild_telling(
        &mut self,
        request: &Request,
        marked: &mut dyn FnMut(&[Vec<String>]),
    ) -> Result<Report, BuildError> {
        let mut laps = Laps::start();
        let _lock = lock(&self.paths.cache)?;
        let mut store = Store::open(&self.paths.cache)?;
        let mut answer = None;
        if self.memory.is_none() {
            match self.look(&store, request)? {
                Look::Idle(mut report) => {
                    report.phases.pull = laps.lap();
                    return Ok(*report);
                }
                Look::Busy(asked) => answer = asked,
            }
        }
        let looked = laps.lap();
        let traces = if request.clean { Traces::Ignored } else { Traces::Wanted };
        let mut memory = self.recall(&mut store, traces)?;
        if request.clean {
            memory.forget_traces();
        }
        let mut report = Report::default();
        report.phases.load = laps.lap();
        match answer {
            Some(_) => report.phases.pull = looked,
            None => report.phases.load += looked,
        }
        let fresh = if request.offline {
            if !memory.has_content() {
                return Err(BuildError::NoContent("building offline".to_owned()));
            }
            Fresh::default()
        } else {
            pull::pull(&mut memory, &*self.source, answer)?
        };
        pull::remember(&mut memory, &fresh);
        report.phases.pull += laps.lap();
        self.probe.reached(Phase::Pulled);
        report.seq = memory.seq;
        report.stale = fresh.stale;
        let planned =
            Self::plan(&self.paths.site, &mut memory, fresh.model_changed, request.time())?;
        report.phases.plan = laps.lap();
        self.probe.reached(Phase::Planned);
        report.previous = self.releases.newest()?.map(|release| release.id);
        match planned {
            Ok((mut world, changes, planned)) => {
                world.probe = self.probe.clone();
                let asked = asked(request, &world, &memory.graph);
                marked(&urls(&asked, &world));
                let mut run = Run {
                    builder: self,
                    request,
                    world,
                    changes,
                    planned,
                    asked,
                    report,
                    laps,
                    store: &store,
                };
                let keep = run.finish(&mut memory, fresh)?;
                let report = run.report;
                self.memory = keep.then_some(memory);
                Ok(report)
            }
            Err(Refusal(failures)) => {
                report.failed = failures;
                set_aside(&store, &mut memory, fresh)?;
                report.phases.commit = laps.lap();
                self.memory = Some(memory);
                Ok(report)
            }
        }
    }

    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    pub(super) fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// Names a release in this folder, so that traces are not taken for those of another one.
    pub(super) fn release_name(&self, release: Option<u64>) -> String {
        let out = &self.paths.out;
        let out = std::fs::canonicalize(out).unwrap_or_else(|_| out.clone());
        format!("{} {}", out.display(), release.unwrap_or(0))
    }

    /// The memory, if no other process has built since; what is stored otherwise.
    fn recall(&mut self, store: &mut Store, traces: Traces) -> Result<Memory, BuildError> {
        let revision = store.revision()?;
        match self.memory.take().filter(|memory| memory.revision == revision) {
            Some(memory) => Ok(memory),
            None => Memory::load(store, traces),
        }
    }

    /// Loads what people edit and plans the pages.
    pub(super) fn plan(
        folder: &Path,
        memory: &mut Memory,
        model_changed: bool,
        now: i64,
    ) -> Result<Result<(World, ChangeSet, Planned), Refusal>, BuildError> {
        let current = memory.inputs.take().filter(|inputs| inputs.is_current(folder));
        let reloaded = current.is_none();
        let inputs = match current {
            Some(inputs) => inputs,
            None => match Inputs::load(folder)? {
                Ok(inputs) => Arc::new(inputs),
                Err(failures) => {
                    memory.table = None;
                    return Ok(Err(Refusal(failures)));
                }
            },
        };
        let mut changes = pull::changes(memory, model_changed);
        let table = if reloaded { None } else { memory.table.take() };
        if reloaded || model_changed || table.is_none() {
            let mut failures = check::routes(&inputs, &memory.snapshot);
            failures.extend(check::templates(folder, &inputs, &memory.snapshot));
            if !failures.is_empty() {
                return Ok(Err(Refusal(failures)));
            }
        }
        let planned = plan_table(table, &inputs, memory, &changes);
        let (table, planned) = match planned {
            Ok(planned) => planned,
            Err(errors) => {
                return Ok(Err(Refusal(errors.iter().map(problem::of_site).collect())));
            }
        };
        let clashes = check::places(&inputs, &table);
        if !clashes.is_empty() {
            return Ok(Err(Refusal(clashes)));
        }
        changes.routes = route_change(&planned);
        memory.table = Some(Arc::clone(&table));
        memory.inputs = Some(Arc::clone(&inputs));
        let world = World {
            snapshot: memory.snapshot.clone(),
            table,
            inputs,
            now,
            probe: Probing::default(),
        };
        Ok(Ok((world, changes, planned)))
    }
}

/// What is wanted, with the output files of the pages it means.
fn asked(request: &Request, world: &World, graph: &Graph) -> Vec<(Revalidation, BTreeSet<String>)> {
    let wanted = request.revalidate.iter();
    wanted.map(|wanted| (wanted.clone(), wanted.files(world, graph))).collect()
}

fn urls(asked: &[(Revalidation, BTreeSet<String>)], world: &World) -> Vec<Vec<String>> {
    let url = |file: &String| world.table.page(file).map(|page| page.url.clone());
    asked.iter().map(|(_, files)| files.iter().filter_map(url).collect()).collect()
}

fn plan_table(
    table: Option<Arc<RouteTable>>,
    inputs: &Inputs,
    memory: &Memory,
    changes: &ChangeSet,
) -> Result<(Arc<RouteTable>, Planned), Vec<crate::site::SiteError>> {
    match table {
        None => {
            let table = RouteTable::plan(Arc::clone(&inputs.site), &memory.snapshot)?;
            Ok((Arc::new(table), Planned::All))
        }
        Some(mut table) => {
            let change = Arc::make_mut(&mut table).update(changes, &memory.snapshot)?;
            Ok((table, Planned::Changed(change)))
        }
    }
}

pub(super) fn route_change(planned: &Planned) -> RouteChange {
    match planned {
        Planned::All => RouteChange::All,
        Planned::Changed(TableChange { added, changed, removed, documents }) => RouteChange::Only {
            files: added.iter().chain(changed).chain(removed).cloned().collect(),
            documents: documents.clone(),
        },
    }
}

/// Stores what a pull brought without any page having been brought up to date with it.
///
/// Which answers a changed content model concerns is not noted anywhere, so the traces made
/// with the old one are given up: the next build renders everything, as a clean one does.
fn set_aside(store: &Store, memory: &mut Memory, fresh: Fresh) -> Result<(), BuildError> {
    pull::remember(memory, &fresh);
    let mut traces = TraceChange::default();
    if fresh.model_changed {
        memory.forget_traces();
        traces = TraceChange { reset: true, engine: Some(String::new()), ..traces };
    }
    let touched = TouchedChange::Add(fresh.touched);
    let commit = Commit { replica: fresh.replica, touched, traces };
    memory.revision = store.commit(&commit)?;
    Ok(())
}

/// The second half of a build, once everything is loaded and planned.
struct Run<'a> {
    builder: &'a Builder,
    request: &'a Request,
    world: World,
    changes: ChangeSet,
    planned: Planned,
    asked: Vec<(Revalidation, BTreeSet<String>)>,
    report: Report,
    laps: Laps,
    store: &'a Store,
}

impl Run<'_> {
    /// Renders, publishes, commits. False when the memory no longer matches what is stored.
    fn finish(&mut self, memory: &mut Memory, fresh: Fresh) -> Result<bool, BuildError> {
        let releases = &self.builder.releases;
        let newest = self.report.previous;
        let suspicious = memory.release != Some(self.builder.release_name(newest));
        let whole = memory.fresh || newest.is_none();
        let outputs = Outputs::new(releases, whole)?;
        let unexplained = if whole { vec![Reason::Clean {}] } else { Vec::new() };
        let check = (suspicious && !memory.fresh).then_some(&outputs);
        let mut work =
            Work::find(memory, &self.world, &self.changes, &self.planned, &self.asked, check)?;
        work.take_over(memory);
        let probe = &self.world.probe;
        probe.dirty(&work.dirty);
        let mut applied = Applied::default();
        applied.pages(memory, &self.world, &work, &outputs)?;
        self.report.phases.render = self.laps.lap();
        probe.reached(Phase::Rendered);
        let all = suspicious || matches!(self.planned, Planned::All);
        if all {
            applied.static_files(memory, &self.world, &outputs, suspicious)?;
        }
        let source = (!self.request.offline && !self.report.stale).then_some(&*self.builder.source);
        let cache = &self.builder.paths.cache;
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
        let published = outputs.publish(meta)?;
        self.report.phases.switch = self.laps.lap();
        self.world.probe.reached(Phase::Switched);
        self.describe(memory, published.as_ref(), &applied, &unexplained);
        let newest = published.as_ref().map(|release| release.id).or(newest);
        self.commit(memory, fresh, self.builder.release_name(newest))?;
        self.report.phases.commit = self.laps.lap();
        self.world.probe.reached(Phase::Committed);
        if let Some(published) = &published {
            let report = serde_json::to_value(&self.report).unwrap_or_default();
            releases.set_report(published.id, &report)?;
            self.report.phases.commit += self.laps.lap();
        }
        Ok(true)
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
        let rows = memory.graph.take_changes();
        let settled = Settled::after(memory, &self.report);
        let same_release = memory.release.as_ref() == Some(&release);
        let idle = rows.questions.is_empty()
            && rows.traces.is_empty()
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
            questions: rows.questions,
            traces: rows.traces,
        };
        let commit = Commit { replica: fresh.replica, touched: TouchedChange::Clear, traces };
        memory.revision = self.store.commit(&commit)?;
        memory.touched.clear();
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
