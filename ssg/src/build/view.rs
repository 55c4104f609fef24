//! The site at one moment, any page of it shown on demand: what previews and `ssg dev` look
//! at.
//!
//! A page is rendered by the very function a build renders it with, so what is shown here
//! is what would be published. Nothing is written: no release, no trace.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::drafts::{Drafts, Selection};
use super::made::Memo;
use super::media::{self, MediaIndex};
use super::report::Failure;
use super::source::{Source, SourceError};
use super::world::World;
use super::{check, problem};
use crate::content::{Edits, Snapshot};
use crate::engine::ChangeSet;
use crate::pictures::Variant;
use crate::rules::Asked;
use crate::site::{CheckTable, Page, RouteTable, public_url};

/// The folder for fetched media in the cache directory.
pub(super) const MEDIA_FOLDER: &str = "media";
/// Where the daemon answers, not a file.
const SERVED: [&str; 3] = ["/api/", "/hooks/", "/-/"];
/// What stands where nothing does.
const NOT_FOUND: [&str; 2] = ["404.html", "404/index.html"];

/// Content, routes and templates at one moment. Clones are the same view.
#[derive(Debug, Clone)]
pub struct View {
    world: Arc<World>,
    media: Arc<OnceLock<MediaIndex>>,
}

/// What stands at a path.
#[derive(Debug)]
pub enum Shown {
    /// A page; with its file's name, which tells what kind of page it is.
    Page { file: String, bytes: Vec<u8> },
    /// The page cannot be rendered.
    Failed(Box<Failure>),
    /// A file of the site's own, or of the media library.
    File { file: String, bytes: Vec<u8> },
    /// The page stands at this path with a slash at its end.
    Folder,
    /// Nothing; with the page that says so.
    Nothing(Option<Vec<u8>>),
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A page, by its file.
    Page(String),
    File,
    /// The daemon answers.
    Served,
    /// A rule of `_redirects` decides.
    Redirected,
    /// The page stands at this path with a slash at its end.
    Folder,
    Nothing,
}

impl View {
    pub(super) fn of(world: World) -> Self {
        Self { world: Arc::new(world), media: Arc::default() }
    }

    /// The place in the feed the content stands at.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.world.snapshot.seq()
    }

    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.world.inputs.site.base_url
    }

    /// Every page, in the order of files.
    pub fn pages(&self) -> impl Iterator<Item = &Page> {
        self.world.table.pages()
    }

    /// What stands at a path of the site, decoded, without rendering it.
    #[must_use]
    pub fn standing(&self, path: &str) -> Standing {
        let world = &*self.world;
        let file = public_url::file(path);
        if world.table.page(&file).is_some() {
            return Standing::Page(file);
        }
        if world.inputs.files.has(&file) || self.media_index().knows(&public_url::encode(path)) {
            return Standing::File;
        }
        let declared = world.inputs.site.proxy.paths().any(|declared| declared == path);
        if declared || SERVED.iter().any(|below| path.starts_with(below)) {
            return Standing::Served;
        }
        let raw = public_url::encode(path);
        let asked = Asked { raw: &raw, path, query: None };
        if world.inputs.rules.decide(asked, || false).is_some() {
            return Standing::Redirected;
        }
        match world.table.page(&public_url::file(&format!("{path}/"))) {
            Some(_) => Standing::Folder,
            None => Standing::Nothing,
        }
    }

    /// The bytes of a file that pages fetch, if it is known here.
    #[must_use]
    pub fn weight_of(&self, path: &str) -> Option<u64> {
        let bytes = self.world.inputs.files.read(&public_url::file(path));
        let own = bytes.map(|bytes| bytes.len() as u64);
        let url = public_url::encode(path);
        own.or_else(|| self.media_index().size(&url)).or_else(|| self.weight_of_variant(&url))
    }

    /// The bytes of a picture's variant, made now if it is not there yet.
    fn weight_of_variant(&self, url: &str) -> Option<u64> {
        Variant::parse(url)?;
        let bytes = self.world.album.fetch(url, &self.media_index().version(url)).ok()?;
        Some(bytes.len() as u64)
    }

    /// Stylesheets by path on disk.
    #[must_use]
    pub fn stylesheets(&self) -> Vec<(String, String)> {
        self.world.inputs.files.stylesheets()
    }

    #[must_use]
    pub fn check_settings(&self) -> &CheckTable {
        &self.world.inputs.site.check
    }

    /// A template as people open it.
    #[must_use]
    pub fn template_path(&self, name: &str) -> String {
        let folder = Path::new(&self.world.inputs.site.file).parent();
        folder.map_or_else(|| name.to_owned(), |folder| folder.join(name).display().to_string())
    }

    fn media_index(&self) -> &MediaIndex {
        self.media.get_or_init(|| MediaIndex::new(&self.world.snapshot))
    }

    /// Entries that should have a page and have none.
    #[must_use]
    pub fn problems(&self) -> Vec<Failure> {
        let table = &self.world.table;
        let problems = table.problems().into_iter();
        problems.map(|(route, found)| problem::of_plan(table, route, found)).collect()
    }

    /// The page of a document, in a locale or in the first one that has it.
    #[must_use]
    pub fn url_of(&self, document_id: &str, locale: Option<&str>) -> Option<String> {
        let table = &self.world.table;
        let locales = &table.site().locales;
        let wanted = locales.iter().filter(|code| locale.is_none_or(|locale| locale == *code));
        let mut urls = wanted.filter_map(|locale| table.url_for(document_id, locale));
        urls.next().map(str::to_owned)
    }

    /// The same site at another time, in Unix seconds.
    #[must_use]
    pub fn at(&self, now: i64) -> Self {
        let world = &self.world;
        let (snapshot, table) = (world.snapshot.clone(), Arc::clone(&world.table));
        let inputs = Arc::clone(&world.inputs);
        let (probe, edits) = (world.probe.clone(), Edits::unknown());
        let media = Arc::clone(&self.media);
        Self {
            world: Arc::new(World {
                snapshot,
                table,
                inputs,
                now,
                probe,
                edits,
                made: Memo::default(),
                album: world.album.clone(),
            }),
            media,
        }
    }

    /// The site as it will be when these drafts are published.
    ///
    /// # Errors
    /// Mistakes that would keep the site from being published: two pages at one URL.
    pub fn with_drafts(
        &self,
        drafts: &Drafts,
        which: &Selection,
        now: i64,
    ) -> Result<Self, Vec<Failure>> {
        let world = &*self.world;
        let items = drafts.publishing(&world.snapshot, which, now);
        if items.is_empty() {
            return Ok(self.clone());
        }
        let applied = world
            .snapshot
            .apply(&items)
            .map_err(|error| vec![Failure { message: error.to_string(), ..Failure::default() }])?;
        let mut changes = ChangeSet::default();
        for change in &applied.changes {
            let key = &change.key;
            let json = |row: &Option<Arc<crate::content::Entry>>| {
                row.as_ref().and_then(|row| serde_json::to_value(row.map()).ok())
            };
            let (old, new) = (json(&change.old), json(&change.new));
            changes.note(&key.uid, &key.document_id, old.as_ref(), new.as_ref());
        }
        let watches = world.table.watches();
        let next = |from: &str| watches.range(from.to_owned()..).next().map(String::as_str);
        changes.watches = applied.snapshot.touched_watches(&applied.changes, &next);
        let mut table = RouteTable::clone(&world.table);
        if let Err(errors) = table.update(&changes, &applied.snapshot) {
            return Err(errors.iter().map(problem::of_site).collect());
        }
        let clashes = check::places(&world.inputs, &table);
        if !clashes.is_empty() {
            return Err(clashes);
        }
        Ok(Self::of(world.with(applied.snapshot, table, Edits::unknown())))
    }

    /// What stands at a path, decoded. Media come from the cache or from `source`.
    #[must_use]
    pub fn show(&self, path: &str, source: Option<&dyn Source>, cache: &Path) -> Shown {
        let file = public_url::file(path);
        if let Some(page) = self.world.table.page(&file) {
            return self.render(page);
        }
        if let Some(bytes) = self.world.inputs.files.read(&file) {
            return Shown::File { file, bytes };
        }
        if let Some(bytes) = self.media(path, source, cache) {
            return Shown::File { file, bytes };
        }
        if !path.ends_with('/')
            && self.world.table.page(&public_url::file(&format!("{path}/"))).is_some()
        {
            return Shown::Folder;
        }
        Shown::Nothing(self.nothing(path))
    }

    /// A page by its file.
    #[must_use]
    pub fn render_file(&self, file: &str) -> Option<Shown> {
        self.world.table.page(file).map(|page| self.render(page))
    }

    fn render(&self, page: &Page) -> Shown {
        match self.world.render(page) {
            Ok(rendered) => Shown::Page { file: page.file.to_string(), bytes: rendered.bytes },
            Err(fault) => Shown::Failed(Box::new(problem::of_page(page, &fault))),
        }
    }

    fn media(&self, path: &str, source: Option<&dyn Source>, cache: &Path) -> Option<Vec<u8>> {
        if !path.starts_with(media::PREFIX) {
            return None;
        }
        let url = public_url::encode(path);
        media::file(&url)?;
        let version = self.media_index().version(&url);
        let fetched = fetched(source, &cache.join(MEDIA_FOLDER), &url, &version);
        fetched.inspect_err(|error| tracing::debug!(url, %error, "a media file is missing")).ok()
    }

    /// The page for what does not exist, of the path's locale if it has one.
    fn nothing(&self, path: &str) -> Option<Vec<u8>> {
        let locale = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let own = NOT_FOUND.map(|name| format!("{locale}/{name}"));
        let files = own.iter().map(String::as_str).chain(NOT_FOUND);
        let mut pages = files.filter_map(|file| self.world.table.page(file));
        match self.render(pages.next()?) {
            Shown::Page { bytes, .. } => Some(bytes),
            _ => None,
        }
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &Snapshot {
        &self.world.snapshot
    }
}

fn fetched(
    source: Option<&dyn Source>,
    folder: &Path,
    url: &str,
    version: &str,
) -> Result<Vec<u8>, SourceError> {
    std::fs::create_dir_all(folder).map_err(|error| SourceError::Refused(error.to_string()))?;
    media::bytes(source, folder, url, version)
}
