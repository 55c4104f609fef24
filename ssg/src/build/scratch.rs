//! A clean build in memory: what the site is according to its content, templates and files
//! alone, without replica, traces or releases.
//!
//! The measure that incremental builds are held against. It shares with them how content is
//! asked, routes are planned and pages are rendered, and nothing of what is remembered
//! between builds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::album::{Album, Fetch};
use super::inputs::Inputs;
use super::made::Memo;
use super::probe::Probing;
use super::report::Failure;
use super::source::{Source, SourceError};
use super::world::World;
use super::{BuildError, check, media, problem};
use crate::content::{Edits, Snapshot};
use crate::engine::{Answer, Key, Oracle};
use crate::site::{Page, PlanProblem, RouteTable};

/// Everything a site consists of.
#[derive(Debug)]
pub struct Scratch {
    world: World,
    /// Rendered pages by output file; those that failed are missing.
    pub pages: BTreeMap<String, Vec<u8>>,
    /// Pages that could not be rendered, by output file.
    pub failed: BTreeMap<String, Failure>,
    /// Entries that have no page because of a mistake, with the path of the route.
    pub unplanned: Vec<(String, PlanProblem, Failure)>,
    /// Static files and media by output file.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Scratch {
    /// Builds a site as it is at a time, in Unix seconds. The inner error: mistakes that keep anything from being published.
    ///
    /// # Errors
    /// When the source does not answer or a file cannot be read.
    pub fn build(
        site: &Path,
        source: &dyn Source,
        now: i64,
    ) -> Result<Result<Self, Vec<Failure>>, BuildError> {
        let snapshot = everything(source)?;
        let inputs = match Inputs::load(site)? {
            Ok(inputs) => Arc::new(inputs),
            Err(failures) => return Ok(Err(failures)),
        };
        let mut failures = check::routes(&inputs, &snapshot);
        failures.extend(check::templates(site, &inputs, &snapshot));
        if !failures.is_empty() {
            return Ok(Err(failures));
        }
        let table = match RouteTable::plan(Arc::clone(&inputs.site), &snapshot) {
            Ok(table) => Arc::new(table),
            Err(errors) => return Ok(Err(errors.iter().map(problem::of_site).collect())),
        };
        let clashes = check::places(&inputs, &table);
        if !clashes.is_empty() {
            return Ok(Err(clashes));
        }
        let probe = Probing::default();
        let mut scratch = Self {
            world: World {
                snapshot,
                table,
                inputs,
                now,
                probe,
                edits: Edits::unknown(),
                made: Memo::default(),
                album: Album::default(),
            },
            pages: BTreeMap::new(),
            failed: BTreeMap::new(),
            unplanned: Vec::new(),
            files: BTreeMap::new(),
        };
        scratch.render(source)?;
        Ok(Ok(scratch))
    }

    /// What the site answers to a question of a page.
    #[must_use]
    pub fn answer(&self, key: &Key) -> Answer {
        self.world.answer(key)
    }

    /// Every page there should be, those that failed included.
    pub fn planned(&self) -> impl Iterator<Item = &Page> {
        self.world.table.pages()
    }

    fn render(&mut self, source: &dyn Source) -> Result<(), BuildError> {
        let table = Arc::clone(&self.world.table);
        let folder =
            tempfile::tempdir().map_err(|error| unwritable(&std::env::temp_dir(), error))?;
        let fetch =
            |url: &str, version: &str| media::bytes(Some(source), folder.path(), url, version);
        for page in table.pages() {
            match self.world.render_with(page, &fetch) {
                Ok(rendered) => {
                    for url in &rendered.media {
                        self.fetch(url, &fetch)?;
                    }
                    self.pages.insert(page.file.to_string(), rendered.bytes);
                }
                Err(fault) => {
                    self.failed.insert(page.file.to_string(), problem::of_page(page, &fault));
                }
            }
        }
        for (route, found) in table.problems() {
            let path = table.site().routes.get(route).map(|route| route.path.as_str().to_owned());
            let failure = problem::of_plan(&table, route, found);
            self.unplanned.push((path.unwrap_or_default(), found.clone(), failure));
        }
        for output in self.world.inputs.files.outputs() {
            let disk = &output.source.disk;
            let bytes = std::fs::read(disk)
                .map_err(|error| BuildError::File { path: disk.clone(), error })?;
            self.files.insert(output.file, bytes);
        }
        Ok(())
    }

    /// Media that the CMS does not have are not part of the site.
    fn fetch(&mut self, url: &str, fetch: &Fetch<'_>) -> Result<(), BuildError> {
        let Some(file) = media::file(url).filter(|file| !self.files.contains_key(file)) else {
            return Ok(());
        };
        match fetch(url, "") {
            Ok(bytes) => {
                self.files.insert(file, bytes);
                Ok(())
            }
            Err(SourceError::Missing(_) | SourceError::Unreachable(_)) => Ok(()),
            Err(SourceError::Refused(why) | SourceError::Unauthorized(why)) => {
                Err(BuildError::Refused(why))
            }
        }
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> BuildError {
    BuildError::File { path: path.to_owned(), error }
}

fn everything(source: &dyn Source) -> Result<Snapshot, BuildError> {
    let pulled = source.pull(None).map_err(|error| BuildError::NoContent(error.to_string()))?;
    let applied = Snapshot::default()
        .apply(&pulled.items)
        .map_err(|error| BuildError::Content(error.to_string()))?;
    if pulled.locales.is_empty() {
        return Ok(applied.snapshot);
    }
    Ok(applied.snapshot.with_locales(pulled.locales))
}
