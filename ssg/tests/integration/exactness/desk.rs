//! A random site at work: its CMS, its files on disk, its builder, and what was seen of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use ssg::build::{Builder, Paths, Phase, Probe, Report, Request};
use ssg::engine::{Dirty, Fingerprint, Key, Read};
use ssg::release::{FaultPoint, Faults, Settings, Store};
use tempfile::TempDir;

use super::model::{FILES, Model};
use super::site::Design;
use super::verbs::{At, Death, How, Step};
use crate::integration::site_harness::Cms;

/// A folder in memory, where the machine has one: the disk is not what is tested.
const MEMORY: &str = "/dev/shm";

/// When every site begins.
const BEGINNING: i64 = 1_800_000_000;

#[derive(Debug)]
pub(super) struct Desk {
    dir: TempDir,
    pub(super) model: Arc<Model>,
    pub(super) design: Design,
    written: BTreeMap<String, String>,
    pub(super) cms: Cms,
    builder: Option<Builder>,
    watcher: Arc<Watcher>,
    rows: usize,
    /// What time it is, in Unix seconds.
    pub(super) now: i64,
    /// The content as it was last pulled.
    pub(super) pulled: Cms,
    pub(super) known: Known,
}

/// What the checks remember of the last build that came to its end.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) tree: BTreeMap<String, Vec<u8>>,
    /// What each page asked when it was last rendered.
    pub(super) reads: BTreeMap<String, Reads>,
    pub(super) planned: BTreeSet<String>,
    pub(super) failed: BTreeSet<String>,
    /// Route, type, document and locale of each page of an entry that was ever planned.
    pub(super) owners: BTreeMap<String, (String, String, String, String)>,
    pub(super) content: BTreeMap<(String, String, String), Value>,
    /// The program died since.
    pub(super) killed: bool,
    /// The last build could fetch nothing.
    pub(super) offline: bool,
    /// The traces were given up since.
    pub(super) forgot: bool,
}

pub(super) type Reads = BTreeMap<Key, Fingerprint>;

/// Sees what a build does, forgets a kind of read, dies where it is told to.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    deaf_to: Option<String>,
    fuse: Mutex<Option<(Death, u8)>>,
    dirty: Mutex<Dirty>,
    rendered: Mutex<BTreeMap<String, Reads>>,
}

/// The kind of a read that had nothing to answer.
pub(super) const ABSENCE: &str = "absence";

/// What a simulated crash unwinds with.
struct Killed;

impl Watcher {
    fn burn(&self, here: Death) {
        let mut fuse = self.fuse.lock().unwrap();
        match &mut *fuse {
            Some((place, 0)) if *place == here => {
                *fuse = None;
                drop(fuse);
                resume_unwind(Box::new(Killed));
            }
            Some((place, after)) if *place == here => *after -= 1,
            _ => {}
        }
    }
}

impl Probe for Watcher {
    fn reached(&self, phase: Phase) {
        self.burn(Death::Build(phase));
    }

    fn dirty(&self, dirty: &Dirty) {
        *self.dirty.lock().unwrap() = dirty.clone();
    }

    fn keeps(&self, read: &Read) -> bool {
        match self.deaf_to.as_deref() {
            None => true,
            Some(ABSENCE) => read.answer.fingerprint != Fingerprint::ABSENT,
            Some(kind) => read.key.kind() != kind,
        }
    }

    fn rendered(&self, file: &str, reads: &[Read]) {
        let reads = reads.iter().map(|read| (read.key.clone(), read.answer.fingerprint));
        self.rendered.lock().unwrap().insert(file.to_owned(), reads.collect());
    }
}

/// What one build did.
#[derive(Debug)]
pub(super) struct Built {
    /// None when the program died before it could tell.
    pub(super) report: Option<Report>,
    pub(super) request: Request,
    pub(super) dirty: Dirty,
    pub(super) rendered: BTreeMap<String, Reads>,
}

impl Built {
    /// What is known of a build of another process.
    pub(super) fn told(report: Report, request: Request) -> Self {
        Self { report: Some(report), request, dirty: Dirty::new(), rendered: BTreeMap::new() }
    }
}

pub(super) fn folder() -> TempDir {
    if Path::new(MEMORY).is_dir()
        && let Ok(dir) = tempfile::tempdir_in(MEMORY)
    {
        return dir;
    }
    tempfile::tempdir().unwrap()
}

impl Desk {
    pub(super) fn new(
        (model, schema): (Model, Value),
        design: Design,
        beginning: &[(At, Vec<u8>)],
        deaf_to: Option<&str>,
    ) -> Self {
        let cms = Cms::new(schema);
        let mut desk = Self {
            dir: folder(),
            model: Arc::new(model),
            design,
            written: BTreeMap::new(),
            pulled: cms.clone(),
            cms,
            builder: None,
            watcher: Arc::new(Watcher {
                deaf_to: deaf_to.map(str::to_owned),
                ..Watcher::default()
            }),
            rows: 0,
            now: BEGINNING,
            known: Known::default(),
        };
        for file in 0..FILES.len() {
            desk.upload(file, 0);
        }
        for (at, variants) in beginning {
            desk.publish(*at, variants);
        }
        desk.write();
        desk
    }

    pub(super) fn next_row(&mut self) -> usize {
        self.rows += 1;
        self.rows
    }

    pub(super) fn upload(&mut self, file: usize, content: u8) {
        let file = FILES[file % FILES.len()];
        self.cms.upload_bytes(file, &format!("/uploads/{file}.png"), picture(content));
        if content % 2 == 1 {
            let formats =
                json!({ "small": { "url": format!("/uploads/{file}.png"), "width": 500 } });
            self.cms.edit(cms_api::builtin::FILE, file, "", "formats", formats);
        }
    }

    /// Writes the files that differ.
    pub(super) fn write(&mut self) {
        let files = self.design.files(&self.model);
        let folder = self.paths().site;
        for gone in self.written.keys().filter(|file| !files.contains_key(*file)) {
            fs::remove_file(folder.join(gone)).unwrap();
        }
        for (file, text) in
            files.iter().filter(|(file, text)| self.written.get(*file) != Some(*text))
        {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.written = files;
    }

    pub(super) fn paths(&self) -> Paths {
        let path = |name: &str| self.dir.path().join(name);
        Paths { site: path("templates"), out: path("dist"), cache: path("cache") }
    }

    pub(super) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        tree(&self.paths().out.join("current"))
    }

    /// Does a step up to its last build; what that did is to be checked.
    pub(super) fn step(&mut self, step: &Step) -> Result<Built, String> {
        step.verbs.iter().for_each(|verb| self.apply(verb));
        self.write();
        let mut request = Request::default();
        match step.how {
            How::Build => {}
            How::Restart => self.restart(),
            How::Pull => self.pull()?,
            How::PullRestart => {
                self.pull()?;
                self.restart();
            }
            How::Offline => request.offline = true,
            How::Clean => {
                request.clean = true;
                self.known.forgot = true;
            }
            How::Kill { place, after } => {
                if let Some(built) = self.kill(place, after)? {
                    self.check_build(&built)?;
                }
                self.known.killed = true;
                self.restart();
            }
        }
        self.build(request)
    }

    pub(super) fn build(&mut self, request: Request) -> Result<Built, String> {
        let request = Request { now: Some(self.now), ..request };
        if !request.offline {
            self.pulled = self.cms.frozen();
        }
        self.watch();
        let report = self.builder().rebuild(&request);
        let report = report.map_err(|error| format!("the build gave up: {error}"))?;
        Ok(self.built(Some(report), request))
    }

    fn watch(&self) {
        self.watcher.dirty.lock().unwrap().clear();
        self.watcher.rendered.lock().unwrap().clear();
    }

    fn built(&self, report: Option<Report>, request: Request) -> Built {
        let dirty = std::mem::take(&mut *self.watcher.dirty.lock().unwrap());
        let rendered = std::mem::take(&mut *self.watcher.rendered.lock().unwrap());
        Built { report, request, dirty, rendered }
    }

    /// The process ends; the next build starts from what is on disk.
    pub(super) fn restart(&mut self) {
        self.builder = None;
    }

    fn pull(&mut self) -> Result<(), String> {
        self.pulled = self.cms.frozen();
        self.builder().pull().map(drop).map_err(|error| format!("the pull failed: {error}"))
    }

    /// Starts a build that dies at a place, if it comes there. Returns what it did when its
    /// work is remembered.
    fn kill(&mut self, place: Death, after: u8) -> Result<Option<Built>, String> {
        let before = self.tree();
        self.pulled = self.cms.frozen();
        self.watch();
        *self.watcher.fuse.lock().unwrap() = Some((place, after));
        let request = Request { now: Some(self.now), ..Request::default() };
        let end = catch_unwind(AssertUnwindSafe(|| self.builder().rebuild(&request)));
        *self.watcher.fuse.lock().unwrap() = None;
        match end {
            Err(panic) if !panic.is::<Killed>() => resume_unwind(panic),
            Err(_) if place == Death::Build(Phase::Committed) => {
                Ok(Some(self.built(None, request)))
            }
            Err(_) => self.check_whole(&before).map(|()| None),
            Ok(Err(error)) => Err(format!("the build gave up: {error}")),
            Ok(Ok(report)) => Ok(Some(self.built(Some(report), request))),
        }
    }

    fn builder(&mut self) -> &mut Builder {
        let (paths, cms, watcher) = (self.paths(), &self.cms, &self.watcher);
        self.builder.get_or_insert_with(|| {
            let faults = Arc::clone(watcher);
            let faults = Faults::hook(move |point: FaultPoint| faults.burn(Death::Release(point)));
            let settings = Settings { durable: false, faults, ..Settings::default() };
            let releases = Store::open_with(&paths.out, settings).unwrap();
            let watcher: Arc<Watcher> = Arc::clone(watcher);
            Builder::with_releases(paths, Arc::new(cms.clone()), releases).with_probe(watcher)
        })
    }
}

/// A picture of a few pixels; now and then what is called one and is none.
fn picture(content: u8) -> Vec<u8> {
    if content % 5 == 4 {
        return format!("content {content}").into_bytes();
    }
    let colour = image::Rgb([content, 100, 200]);
    let image = image::RgbImage::from_pixel(4 + u32::from(content % 3), 4, colour);
    let mut out = std::io::Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

pub(super) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(folder) = fs::canonicalize(folder) else { return files };
    let mut folders: Vec<PathBuf> = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&folder).unwrap().display().to_string();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}
