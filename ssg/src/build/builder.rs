//! One build after another, over the same memory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cms_api::model::ContentModel;

use super::album::Album;
use super::inputs::Inputs;
use super::made::Memo;
use super::memory::{Memory, Traces};
use super::probe::{Phase, Probe, Probing};
use super::pull::{self, Fresh, PullReport};
use super::report::{Failure, Laps, Report};
use super::revalidate::Revalidation;
use super::run::Run;
use super::settled::{Look, Refused};
use super::source::Source;
use super::view::View;
use super::work::Planned;
use super::world::World;
use super::{BuildError, Paths, Request, check, health, lock, problem};
use crate::content::Edits;
use crate::engine::{ChangeSet, Graph, RouteChange};
use crate::gate;
use crate::release;
use crate::site::{RouteTable, TableChange};
use crate::state::{Commit, Store, TouchedChange, TraceChange};

/// Builds a site whenever it is asked to.
pub struct Builder {
    paths: Paths,
    source: Arc<dyn Source>,
    releases: release::Store,
    /// None before the first build, and after one that did not come to its end.
    memory: Option<Memory>,
    /// The last build, when it was refused: it is not tried again before something changed.
    pub(super) refused: Option<Refused>,
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
        Self { paths, source, releases, memory: None, refused: None, probe: Probing::default() }
    }

    /// Lets a test watch and disturb this builder.
    #[doc(hidden)]
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Probing(Some(probe));
        self
    }

    /// The content model, if the content is in memory.
    #[must_use]
    pub fn model(&self) -> Option<Arc<ContentModel>> {
        self.memory.as_ref().map(|memory| Arc::clone(memory.snapshot.model()))
    }

    /// Which content and which templates are in memory; none before there are any.
    #[must_use]
    pub fn stamp(&self) -> Option<(i64, String)> {
        let memory = self.memory.as_ref()?;
        Some((memory.snapshot.seq(), memory.inputs.as_ref()?.signature().to_string()))
    }

    /// The site as the last build left it, for previews; none before the content is in memory.
    #[must_use]
    pub fn view(&self) -> Option<View> {
        let memory = self.memory.as_ref()?;
        Some(View::of(World {
            snapshot: memory.snapshot.clone(),
            // A copy: a table that somebody else holds would be copied by every build.
            table: Arc::new(RouteTable::clone(memory.table.as_ref()?)),
            inputs: Arc::clone(memory.inputs.as_ref()?),
            now: Request::default().time(),
            probe: Probing::default(),
            edits: Edits::unknown(),
            made: Memo::default(),
            album: Album::new(
                &memory.pictures,
                Some(Arc::clone(&self.source)),
                Some(&self.paths.cache),
            ),
        }))
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
        gate::sweep(&self.paths.cache.join(health::FOLDER));
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
        if !memory.has_content() {
            // What follows a replica that turned out to be damaged is not enough without it.
            answer = None;
        }
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
                let reachable = !request.offline && !report.stale;
                let source = reachable.then(|| Arc::clone(&self.source));
                world.album = Album::new(&memory.pictures, source, Some(&self.paths.cache));
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
                memory.made = run.world.made.known();
                let report = run.report;
                self.refused = Refused::after(&memory, &report);
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

    /// Between builds: loads what the next one needs, if the last one ended without: it knew
    /// by a note that nothing had changed.
    ///
    /// # Errors
    /// When the cache cannot be used.
    pub fn prepare(&mut self) -> Result<(), BuildError> {
        if self.memory.is_some() {
            return Ok(());
        }
        let _lock = lock(&self.paths.cache)?;
        let mut store = Store::open(&self.paths.cache)?;
        // Pages are compared with the traces by the next build unless the note still holds.
        let request = Request::default();
        if !self.is_settled(&store, &request)? {
            return Ok(());
        }
        let mut memory = Memory::load(&mut store, Traces::Wanted)?;
        if let Ok((world, ..)) = Self::plan(&self.paths.site, &mut memory, false, request.time())? {
            memory.made = world.everything_made();
            memory.snapshot.prepare_lists(&|from| memory.graph.next_watch(from));
            self.memory = Some(memory);
        }
        Ok(())
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
        let (mut changes, edits) = pull::changes(memory, model_changed);
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
        let (made, files) = match &planned {
            Planned::All => (Memo::default(), BTreeSet::new()),
            Planned::Changed(planned) => {
                let before = memory.made.take();
                Memo::after(before, planned, &changes, &table, &memory.snapshot)
            }
        };
        memory.made = None;
        changes.routes.add(files.iter().map(|file| file.to_string()));
        memory.table = Some(Arc::clone(&table));
        memory.inputs = Some(Arc::clone(&inputs));
        let world = World {
            snapshot: memory.snapshot.clone(),
            table,
            inputs,
            now,
            probe: Probing::default(),
            edits,
            made,
            album: Album::new(&memory.pictures, None, None),
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
pub(super) fn set_aside(
    store: &Store,
    memory: &mut Memory,
    fresh: Fresh,
) -> Result<(), BuildError> {
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
