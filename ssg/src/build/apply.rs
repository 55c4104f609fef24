//! Doing the work: pages, media and static files into the stage, traces into the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, mpsc};

use rayon::prelude::*;

use super::media::MediaIndex;
use super::memory::Memory;
use super::moved::Left;
use super::outputs::Outputs;
use super::problem;
use super::report::Failure;
use super::source::{Source, SourceError};
use super::view::MEDIA_FOLDER;
use super::work::Work;
use super::world::{Rendered, World};
use super::{BuildError, media};
use crate::engine::{About, ChangeSet, Kind, Reason};
use crate::release::ReleaseError;
use crate::site::{Page, RouteTable};
use crate::templates::TemplateFault;

/// Why each output file changed, and what went wrong.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) rendered: u64,
    pub(super) reasons: BTreeMap<String, Vec<Reason>>,
    pub(super) failed: Vec<Failure>,
    /// Pages of entries that are no longer where they were.
    pub(super) left: Vec<Left>,
}

/// Pages that are handed over at once: to wake a thread for each costs more than to note it.
const HANDFUL: usize = 32;

/// How many pages are rendered before they are handed over, of a number in all: with few, all
/// cores still get some.
fn handful(pages: usize) -> usize {
    (pages / (4 * rayon::current_num_threads())).clamp(1, HANDFUL)
}

struct Attempt<'a> {
    file: &'a str,
    reasons: &'a [Reason],
    result: Result<(Rendered, blake3::Hash), TemplateFault>,
}

impl Applied {
    /// Renders what is dirty on all cores. This thread takes the pages over as they come, so
    /// that what they read is not held until the last one is done.
    pub(super) fn pages(
        &mut self,
        memory: &mut Memory,
        world: &World,
        work: &Work,
        outputs: &Outputs,
    ) -> Result<(), BuildError> {
        let (sender, done) = mpsc::channel();
        let dirty: Vec<_> = work.dirty.iter().collect();
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                dirty.par_chunks(handful(dirty.len())).try_for_each_with(
                    sender,
                    |sender, pages| {
                        let attempts = pages
                            .iter()
                            .filter_map(|(file, reasons)| render(world, outputs, file, reasons));
                        // Nobody listens any more once an attempt could not be written.
                        sender.send(attempts.collect::<Vec<_>>()).ok()
                    },
                );
            });
            let mut done = done.into_iter().flatten();
            done.try_for_each(|attempt| self.page(memory, world, outputs, attempt?))
        })?;
        self.failed.sort_by(|one, other| one.url.cmp(&other.url));
        self.pages_removed(memory, work, outputs)?;
        memory.failed_pages.retain(|file| world.table.page(file).is_some());
        Ok(())
    }

    fn page(
        &mut self,
        memory: &mut Memory,
        world: &World,
        outputs: &Outputs,
        attempt: Attempt<'_>,
    ) -> Result<(), ReleaseError> {
        let Attempt { file, reasons, result } = attempt;
        let Some(page) = world.table.page(file) else { return Ok(()) };
        self.rendered += 1;
        self.reasons.insert(file.to_owned(), reasons.to_vec());
        match result {
            Ok((rendered, hash)) => {
                let about = about(page, reasons, rendered.media, rendered.micros, memory.seq);
                memory.failed_pages.remove(file);
                memory.graph.rendered(file, about, *hash.as_bytes(), rendered.reads);
                if let Some(why) = &rendered.lacking {
                    memory.graph.failed(file, why);
                }
            }
            Err(fault) => {
                outputs.keep(file)?;
                if !memory.graph.failed(file, &fault.message) {
                    memory.failed_pages.insert(file.to_owned());
                }
                self.failed.push(problem::of_page(page, &fault));
            }
        }
        Ok(())
    }

    fn pages_removed(
        &mut self,
        memory: &mut Memory,
        work: &Work,
        outputs: &Outputs,
    ) -> Result<(), ReleaseError> {
        for file in &work.removed {
            outputs.remove(file)?;
            let about = memory.graph.trace(file).map(|trace| &trace.about);
            let entry = about.and_then(|about| about.entry.clone());
            if let (Some(about), Some((_, document_id))) = (about, &entry)
                && file.ends_with(".html")
            {
                let (url, locale) = (about.url.to_string(), about.locale.to_string());
                self.left.push(Left { url, document_id: document_id.to_string(), locale });
            }
            let reason = match entry {
                Some((uid, document_id)) => Reason::Entry {
                    uid: uid.to_string(),
                    document_id: document_id.to_string(),
                    field: None,
                },
                None => Reason::Page { page: file.clone() },
            };
            self.reasons.insert(file.clone(), vec![reason]);
            memory.failed_pages.remove(file);
            memory.graph.removed(file);
        }
        Ok(())
    }

    /// Every mistake found, in the order of the site: what could not be planned, then what
    /// could not be rendered or fetched.
    pub(super) fn failures(&mut self, table: &RouteTable) -> Vec<Failure> {
        let problems = table.problems();
        let planned =
            problems.into_iter().map(|(route, found)| problem::of_plan(table, route, found));
        planned.chain(std::mem::take(&mut self.failed)).collect()
    }

    /// Brings files below `static/` up to date; `check` compares each with the release.
    pub(super) fn static_files(
        &mut self,
        memory: &mut Memory,
        world: &World,
        outputs: &Outputs,
        check: bool,
    ) -> Result<(), BuildError> {
        let mut wanted = BTreeSet::new();
        for output in world.inputs.files.outputs() {
            wanted.insert(output.file.clone());
            let version = output.source.hash.to_hex().to_string();
            let known = memory.graph.trace(&output.file).is_some_and(|trace| {
                trace.about.kind == Kind::Static && trace.about.version == version
            });
            if known && !outputs.is_whole() {
                let intact = !check || outputs.has(&output.file, output.source.hash.as_bytes())?;
                if intact {
                    continue;
                }
            }
            let disk = &output.source.disk;
            let bytes = std::fs::read(disk)
                .map_err(|error| BuildError::File { path: disk.clone(), error })?;
            let hash = outputs.put(&output.file, &bytes)?;
            self.note_file(memory, Kind::Static, &output.file, version, hash);
        }
        let gone: Vec<String> = memory
            .graph
            .traces()
            .filter(|(file, trace)| trace.about.kind == Kind::Static && !wanted.contains(*file))
            .map(|(file, _)| file.to_owned())
            .collect();
        for file in gone {
            self.drop_file(memory, outputs, &file, Reason::Asset { asset: file.clone() })?;
        }
        Ok(())
    }

    /// Fetches and publishes media that pages show, removes those no page shows any more.
    pub(super) fn media(
        &mut self,
        memory: &mut Memory,
        changes: &ChangeSet,
        source: Option<&dyn Source>,
        cache: &Path,
        outputs: &Outputs,
        check: bool,
    ) -> Result<(), BuildError> {
        let candidates = memory.media_to_check(changes, check);
        if candidates.is_empty() {
            return Ok(());
        }
        let index = MediaIndex::new(&memory.snapshot);
        let mut fetches = Vec::new();
        for url in candidates {
            let Some(file) = media::file(&url) else { continue };
            let trace = memory.graph.trace(&file).filter(|trace| trace.about.kind == Kind::Media);
            let version = index.version(&url);
            if !memory.graph.shows(&url) {
                if trace.is_some() {
                    let reason = Reason::Media { media: url.clone() };
                    self.drop_file(memory, outputs, &file, reason)?;
                }
                memory.missing_media.remove(&url);
                continue;
            }
            let intact = match trace {
                Some(trace) if trace.about.version == version && !outputs.is_whole() => {
                    !check || outputs.has(&file, &trace.output)?
                }
                _ => false,
            };
            if !intact {
                fetches.push((url, file, version));
            }
        }
        let folder = cache.join(MEDIA_FOLDER);
        std::fs::create_dir_all(&folder)
            .map_err(|error| BuildError::File { path: folder.clone(), error })?;
        let fetched: Vec<_> = fetches
            .par_iter()
            .map(|(url, file, version)| {
                let bytes = media::bytes(source, &folder, url, version);
                let put = bytes.map(|bytes| outputs.put(file, &bytes));
                (url, file, version, put)
            })
            .collect();
        for (url, file, version, put) in fetched {
            match put {
                Ok(hash) => {
                    memory.missing_media.remove(url);
                    self.note_file(memory, Kind::Media, file, version.clone(), hash?);
                }
                Err(error) => {
                    memory.missing_media.insert(url.clone());
                    outputs.keep(file)?;
                    self.missing(memory, url, &error, index.knows(url));
                }
            }
        }
        Ok(())
    }

    /// A file the CMS says it has and does not give is a failure; one it never heard of is
    /// most likely just text that looks like a URL.
    fn missing(&mut self, memory: &Memory, url: &str, error: &SourceError, known: bool) {
        tracing::warn!(url, %error, "a media file is missing");
        if known && matches!(error, SourceError::Missing(_) | SourceError::Refused(_)) {
            let page = memory.graph.page_showing(url);
            self.failed.push(Failure {
                url: page.map(str::to_owned),
                field: Some(url.to_owned()),
                message: format!("media file `{url}` cannot be fetched: {error}"),
                ..Failure::default()
            });
        }
    }

    fn note_file(
        &mut self,
        memory: &mut Memory,
        kind: Kind,
        file: &str,
        version: String,
        hash: blake3::Hash,
    ) {
        let url = crate::site::public_url::encode(&format!("/{file}"));
        let reason = match kind {
            Kind::Media => Reason::Media { media: url.clone() },
            _ => Reason::Asset { asset: file.to_owned() },
        };
        let about = About {
            kind,
            version,
            url: url.into(),
            reasons: vec![reason.clone()],
            seq: memory.seq,
            ..About::default()
        };
        self.reasons.insert(file.to_owned(), vec![reason]);
        memory.graph.rendered(file, about, *hash.as_bytes(), Vec::new());
    }

    fn drop_file(
        &mut self,
        memory: &mut Memory,
        outputs: &Outputs,
        file: &str,
        reason: Reason,
    ) -> Result<(), ReleaseError> {
        // A page may have taken the file's place in this very build.
        outputs.remove(file)?;
        self.reasons.insert(file.to_owned(), vec![reason]);
        memory.graph.removed(file);
        Ok(())
    }
}

fn about(page: &Page, reasons: &[Reason], media: Vec<String>, micros: u64, seq: i64) -> About {
    let entry = page.entry.as_ref();
    About {
        kind: Kind::Page,
        version: String::new(),
        url: page.url.as_str().into(),
        locale: Arc::clone(&page.locale),
        route: Arc::clone(&page.route),
        template: Arc::clone(&page.template),
        entry: entry.map(|entry| (Arc::clone(&entry.uid), Arc::clone(&entry.document_id))),
        media,
        reasons: reasons.to_vec(),
        micros,
        seq,
        failed: None,
    }
}

fn render<'a>(
    world: &World,
    outputs: &Outputs,
    file: &'a str,
    reasons: &'a [Reason],
) -> Option<Result<Attempt<'a>, ReleaseError>> {
    let page = world.table.page(file)?;
    let result = match world.render(page) {
        Ok(rendered) => match outputs.put(file, &rendered.bytes) {
            Ok(hash) => Ok((Rendered { bytes: Vec::new(), ..rendered }, hash)),
            Err(error) => return Some(Err(error)),
        },
        Err(fault) => Err(fault),
    };
    Some(Ok(Attempt { file, reasons, result }))
}
