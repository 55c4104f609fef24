//! A whole site as one text, and a CMS in memory with an editor's verbs.
//!
//! `build()` always builds a second time from nothing into another folder and compares the
//! two trees byte for byte: every test that builds checks the promise of exactness.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use cms_api::change::{Op, SyncItem};
use serde_json::{Value, json};
use ssg::build::{
    BuildError, Builder, FolderSource, Paths, Pulled, Report, Request, Source, SourceError,
};
use ssg::release::{Settings, Store};
use tempfile::TempDir;

/// A site on disk with its CMS.
pub(crate) struct Site {
    dir: TempDir,
    pub(crate) cms: Cms,
    builder: Option<Builder>,
    /// Content comes from folders that site.toml names, not from the CMS.
    folders: bool,
    /// What time it is; the system's when there is none.
    pub(crate) now: Option<i64>,
}

/// The CMS in memory; clones are the same CMS.
#[derive(Debug, Clone)]
pub(crate) struct Cms(Arc<Mutex<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    model: Value,
    rows: BTreeMap<(String, String, String), (i64, Value)>,
    log: Vec<SyncItem>,
    media: BTreeMap<String, Vec<u8>>,
    away: bool,
    /// The next pull lists everything, whatever its cursor says.
    lists_anew: bool,
    pulls: usize,
}

/// Site.toml's content types in short: `article` is `api::article.article`.
pub(crate) fn uid(name: &str) -> String {
    if name.contains("::") { name.to_owned() } else { format!("api::{name}.{name}") }
}

impl Site {
    /// Writes an archive (`-- path --` before each file) into a templates folder.
    pub(crate) fn new(archive: &str, cms: Cms) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let site = Self { dir, cms, builder: None, folders: false, now: None };
        for file in archive.split("\n-- ").flat_map(|part| part.strip_prefix("-- ").or(Some(part)))
        {
            if let Some((path, text)) = file.split_once(" --\n") {
                site.write(path, &format!("{text}\n"));
            }
        }
        site
    }

    /// A site whose content is files: `../content/a.md` is beside the templates.
    pub(crate) fn of_folders(archive: &str) -> Self {
        let cms = Cms::new(json!({ "types": {}, "components": {} }));
        Self { folders: true, ..Self::new(archive, cms) }
    }

    fn source(&self) -> Arc<dyn Source> {
        match self.folders {
            true => Arc::new(FolderSource::new(&self.templates())),
            false => Arc::new(self.cms.clone()),
        }
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.templates().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.templates().join(path)).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.templates().join(path)).unwrap()
    }

    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is not in {path}:\n{text}");
        self.write(path, &text.replace(from, to));
    }

    /// The process ends; the next build starts from what is on disk.
    pub(crate) fn restart(&mut self) {
        self.builder = None;
    }

    /// Builds, and compares with a clean build.
    pub(crate) fn build(&mut self) -> Report {
        let report = self.build_alone(&Request::default()).unwrap();
        assert_eq!(report.failed, [], "the build failed");
        self.compare_with_clean_build();
        report
    }

    /// Builds without comparing: for sites with mistakes.
    pub(crate) fn build_alone(&mut self, request: &Request) -> Result<Report, BuildError> {
        let (paths, source) = (self.paths(), self.source());
        let request = Request { now: self.now, ..request.clone() };
        let builder = self.builder.get_or_insert_with(|| open(paths, source));
        let report = builder.rebuild(&request)?;
        for change in &report.changes {
            assert!(!change.reasons.is_empty(), "{} changed without a reason", change.file);
        }
        Ok(report)
    }

    /// Builds, and learns which pages the request meant.
    pub(crate) fn build_telling(
        &mut self,
        request: &Request,
        marked: &mut dyn FnMut(&[Vec<String>]),
    ) -> Report {
        let (paths, source) = (self.paths(), self.source());
        let builder = self.builder.get_or_insert_with(|| open(paths, source));
        builder.rebuild_telling(request, marked).unwrap()
    }

    pub(crate) fn pull(&mut self) {
        let (paths, source) = (self.paths(), self.source());
        self.builder.get_or_insert_with(|| open(paths, source)).pull().unwrap();
    }

    pub(crate) fn compare_with_clean_build(&self) {
        let fresh = tempfile::tempdir().unwrap();
        let paths = Paths {
            site: self.templates(),
            out: fresh.path().join("dist"),
            cache: fresh.path().join("cache"),
        };
        let request = Request { now: self.now, ..Request::default() };
        let clean = open(paths.clone(), self.source()).rebuild(&request).unwrap();
        assert_eq!(clean.failed, [], "the clean build failed");
        let (ours, theirs) = (self.tree(), tree(&paths.out.join("current")));
        let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&ours), names(&theirs), "files differ from a clean build");
        for (file, bytes) in &ours {
            let (ours, theirs) =
                (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&theirs[file]));
            assert_eq!(ours, theirs, "{file} differs from a clean build");
        }
    }

    pub(crate) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        tree(&self.paths().out.join("current"))
    }

    pub(crate) fn page(&self, file: &str) -> String {
        let tree = self.tree();
        let bytes = tree.get(file).unwrap_or_else(|| panic!("no {file} in {:?}", tree.keys()));
        String::from_utf8(bytes.clone()).unwrap().trim().to_owned()
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.tree().contains_key(file)
    }

    pub(crate) fn templates(&self) -> PathBuf {
        self.dir.path().join("templates")
    }

    pub(crate) fn paths(&self) -> Paths {
        Paths {
            site: self.templates(),
            out: self.dir.path().join("dist"),
            cache: self.dir.path().join("cache"),
        }
    }
}

fn open(paths: Paths, source: Arc<dyn Source>) -> Builder {
    let settings = Settings { durable: false, ..Settings::default() };
    let releases = Store::open_with(&paths.out, settings).unwrap();
    Builder::with_releases(paths, source, releases)
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(folder) = fs::canonicalize(folder) else { return files };
    for entry in walkdir::WalkDir::new(&folder).into_iter().map(Result::unwrap) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(&folder).unwrap().display().to_string();
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// Files a build changed, with what happened to them: `+a ~b -c`.
pub(crate) fn changed(report: &Report) -> String {
    let mut changes: Vec<String> = report
        .changes
        .iter()
        .map(|change| {
            let sign = match change.action {
                ssg::build::Action::Add => '+',
                ssg::build::Action::Change => '~',
                ssg::build::Action::Remove => '-',
            };
            format!("{sign}{}", change.file)
        })
        .collect();
    changes.sort_by_key(|text| text.split_off_first());
    changes.join(" ")
}

trait SplitOffFirst {
    fn split_off_first(&self) -> String;
}

impl SplitOffFirst for String {
    fn split_off_first(&self) -> String {
        self.chars().skip(1).collect()
    }
}

/// The reasons a build gives for a file, as people read them.
pub(crate) fn reasons(report: &Report, file: &str) -> String {
    let change = report.changes.iter().find(|change| change.file == file);
    let change = change.unwrap_or_else(|| panic!("{file} did not change: {}", changed(report)));
    change.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Cms {
    /// A CMS with a content model: `{types, components}` by uid.
    pub(crate) fn new(model: Value) -> Self {
        Self(Arc::new(Mutex::new(State { model, ..State::default() })))
    }

    /// Publishes a document, or publishes it anew. An empty locale: the type has none.
    pub(crate) fn publish(&self, name: &str, id: &str, locale: &str, data: Value) {
        let mut state = self.state();
        let seq = state.next();
        let row_key = (uid(name), id.to_owned(), locale.to_owned());
        let row = state.rows.get(&row_key).map_or(seq, |(row, _)| *row);
        let mut full = json!({
            "id": row,
            "documentId": id,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": format!("2026-01-01T00:00:00.{:03}Z", seq % 1000),
            "publishedAt": "2026-01-01T00:00:00.000Z",
            "locale": (!locale.is_empty()).then_some(locale),
        });
        full.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
        state.rows.insert(row_key, (row, full.clone()));
        state.log.push(item(seq, Op::Upsert, name, id, locale, Some(full)));
    }

    /// Changes one attribute; false when there is no such document.
    pub(crate) fn edit(
        &self,
        name: &str,
        id: &str,
        locale: &str,
        field: &str,
        value: Value,
    ) -> bool {
        let key = (uid(name), id.to_owned(), locale.to_owned());
        let Some((_, mut data)) = self.state().rows.get(&key).cloned() else { return false };
        data[field] = value;
        data.as_object_mut().unwrap().remove("updatedAt");
        self.publish(name, id, locale, data);
        true
    }

    /// A published row.
    pub(crate) fn row(&self, name: &str, id: &str, locale: &str) -> Option<Value> {
        let key = (uid(name), id.to_owned(), locale.to_owned());
        self.state().rows.get(&key).map(|(_, data)| data.clone())
    }

    /// Every published row by type, document and locale.
    pub(crate) fn rows(&self) -> BTreeMap<(String, String, String), Value> {
        let rows = self.state().rows.clone();
        rows.into_iter().map(|(key, (_, data))| (key, data)).collect()
    }

    /// A CMS that stays as this one is now.
    pub(crate) fn frozen(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    /// Publishes one changed attribute as the CMS does: as a new row. False when there is no
    /// such document.
    pub(crate) fn republish(
        &self,
        name: &str,
        id: &str,
        locale: &str,
        field: &str,
        value: Value,
    ) -> bool {
        let key = (uid(name), id.to_owned(), locale.to_owned());
        let Some((_, mut data)) = self.state().rows.get(&key).cloned() else { return false };
        data[field] = value;
        for stamp in ["id", "updatedAt"] {
            data.as_object_mut().unwrap().remove(stamp);
        }
        self.unpublish(name, id, locale);
        self.publish(name, id, locale, data);
        true
    }

    pub(crate) fn unpublish(&self, name: &str, id: &str, locale: &str) -> bool {
        let mut state = self.state();
        if state.rows.remove(&(uid(name), id.to_owned(), locale.to_owned())).is_none() {
            return false;
        }
        let seq = state.next();
        state.log.push(item(seq, Op::Delete, name, id, locale, None));
        true
    }

    /// Removes a document in every locale.
    pub(crate) fn delete(&self, name: &str, id: &str) {
        let locales: Vec<String> = {
            let state = self.state();
            let rows = state.rows.keys().filter(|(of, doc, _)| *of == uid(name) && doc == id);
            rows.map(|(_, _, locale)| locale.clone()).collect()
        };
        for locale in locales {
            self.unpublish(name, id, &locale);
        }
    }

    pub(crate) fn upload(&self, id: &str, url: &str, bytes: &str) {
        self.upload_bytes(id, url, bytes.as_bytes().to_vec());
    }

    pub(crate) fn upload_bytes(&self, id: &str, url: &str, bytes: Vec<u8>) {
        self.state().media.insert(url.to_owned(), bytes);
        let data = json!({ "name": id, "url": url, "hash": id, "mime": "image/png", "size": 1 });
        self.publish(cms_api::builtin::FILE, id, "", data);
    }

    pub(crate) fn change_model(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.state();
        let mut model = state.model.clone();
        change(&mut model);
        state.model = model.clone();
        let seq = state.next();
        state.log.push(item(seq, Op::Schema, "", "", "", Some(model)));
    }

    pub(crate) fn go_away(&self, away: bool) {
        self.state().away = away;
    }

    /// How often somebody asked for content.
    pub(crate) fn pulls(&self) -> usize {
        self.state().pulls
    }

    /// Loses a row as a restored backup does: nobody says that it was deleted.
    pub(crate) fn lose(&self, name: &str, id: &str, locale: &str) {
        let mut state = self.state();
        state.rows.remove(&(uid(name), id.to_owned(), locale.to_owned())).unwrap();
        state.lists_anew = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn next(&self) -> i64 {
        self.log.last().map_or(1, |item| item.seq + 1)
    }

    fn everything(&self) -> Vec<SyncItem> {
        let mut items = vec![item(0, Op::Schema, "", "", "", Some(self.model.clone()))];
        for ((uid, id, locale), (_, data)) in &self.rows {
            items.push(item(1, Op::Upsert, uid, id, locale, Some(data.clone())));
        }
        items
    }
}

fn item(seq: i64, op: Op, name: &str, id: &str, locale: &str, data: Option<Value>) -> SyncItem {
    SyncItem {
        seq,
        op,
        uid: if name.is_empty() { String::new() } else { uid(name) },
        document_id: id.to_owned(),
        locale: (!locale.is_empty()).then(|| locale.to_owned()),
        version: seq,
        published_at: None,
        data,
    }
}

impl Source for Cms {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        let mut state = self.state();
        if state.away {
            return Err(SourceError::Unreachable("the CMS is away".to_owned()));
        }
        state.pulls += 1;
        let seq = state.log.last().map_or(0, |item| item.seq);
        let cursor = cursor.filter(|_| !std::mem::take(&mut state.lists_anew));
        let items = match cursor {
            None => state.everything(),
            Some(cursor) => {
                let from: i64 = cursor.parse().unwrap();
                state.log.iter().filter(|item| item.seq > from).cloned().collect()
            }
        };
        Ok(Pulled {
            complete: cursor.is_none(),
            items,
            cursor: seq.to_string(),
            seq,
            locales: vec!["en".into(), "de".into()],
        })
    }

    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError> {
        let state = self.state();
        if state.away {
            return Err(SourceError::Unreachable("the CMS is away".to_owned()));
        }
        let bytes = state.media.get(url);
        let bytes = bytes.ok_or_else(|| SourceError::Missing(format!("no file {url}")))?;
        fs::write(to, bytes).map_err(|error| SourceError::Refused(error.to_string()))
    }
}
