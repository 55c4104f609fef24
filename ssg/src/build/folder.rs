//! Folders of Markdown files as a source: `[[folder]]` in site.toml.
//!
//! Each pull looks whether any file is another than before, reads all of them if so, and
//! tells what differs as a change feed would. Nothing is written and nothing is asked over
//! the network.

mod content;
mod front_matter;
mod links;
mod model;
mod page;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cms_api::change::SyncItem;

use self::content::{Content, RowKey};
use super::cursor;
use super::source::{Pulled, Source, SourceError};
use crate::site::folder::Folders;

/// Tells a cursor of ours from others.
const CURSOR: &str = "folder";
/// A file that changed just before it was read may change again within the same tick of
/// the file system's clock.
const TICK: Duration = Duration::from_secs(2);

/// Reads the folders that site.toml names.
#[derive(Debug)]
pub struct FolderSource {
    site: PathBuf,
    /// What the last look of this process found.
    known: Mutex<Option<Arc<Known>>>,
}

/// What a look found.
#[derive(Debug)]
struct Known {
    folders: Folders,
    content: Content,
    digest: String,
    /// Every file that was looked for, with its time and size; `None` where that would not
    /// tell whether it has changed since.
    stamps: Option<BTreeMap<PathBuf, Stamp>>,
}

type Stamp = Option<(SystemTime, u64)>;

impl FolderSource {
    /// `site` is the folder of site.toml.
    #[must_use]
    pub fn new(site: &Path) -> Self {
        Self { site: site.to_owned(), known: Mutex::default() }
    }

    /// What there is now, and what there was when this process last looked.
    fn look(&self) -> Result<(Arc<Known>, Option<Arc<Known>>), SourceError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let folders = Folders::declared(&self.site)
            .map_err(|errors| SourceError::Refused(errors.to_string()))?;
        let before = known.clone();
        let now = match before.as_ref().filter(|known| self.still(known, &folders)) {
            Some(known) => Arc::clone(known),
            None => Arc::new(self.read(folders)?),
        };
        *known = Some(Arc::clone(&now));
        Ok((now, before))
    }

    fn read(&self, folders: Folders) -> Result<Known, SourceError> {
        let began = SystemTime::now();
        let content = content::read(&self.site, &folders)
            .map_err(|mistakes| SourceError::Refused(mistakes.join("\n")))?;
        let stamps: BTreeMap<_, _> =
            content.files.iter().map(|path| (path.clone(), stamp(path))).collect();
        let settled =
            |(time, _): &(SystemTime, u64)| began.duration_since(*time).is_ok_and(|age| age > TICK);
        let told = stamps.values().flatten().all(settled);
        let digest = digest(&content);
        Ok(Known { folders, content, digest, stamps: told.then_some(stamps) })
    }

    /// Whether everything is as it was, as far as files tell without being read.
    fn still(&self, known: &Known, folders: &Folders) -> bool {
        let Some(stamps) = &known.stamps else { return false };
        let listed = |table| content::markdown(&Folders::place(&self.site, table), &self.site);
        let files: Option<Vec<_>> = folders.tables.iter().map(|table| listed(table).ok()).collect();
        known.folders == *folders
            && files.as_ref() == Some(&known.content.listed)
            && stamps.iter().all(|(path, before)| stamp(path) == *before)
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

impl Source for FolderSource {
    fn name(&self) -> String {
        let site = std::fs::canonicalize(&self.site).unwrap_or_else(|_| self.site.clone());
        format!("the folders of {}", site.display())
    }

    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        let (now, before) = self.look()?;
        Ok(tell(&now, before.as_deref(), cursor))
    }

    fn drafts(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        let (now, _) = self.look()?;
        let mut pulled = tell(&now, None, cursor);
        if pulled.complete {
            let rows = &now.content.rows;
            let drafts = now.content.drafts.iter().filter_map(|key| rows.get(key));
            let seq = pulled.seq;
            pulled.items.extend(drafts.map(|item| at(item, seq)));
        }
        Ok(pulled)
    }

    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = match known {
            Some(known) => known,
            None => self.look()?.0,
        };
        let place = known.content.media.get(url);
        let place = place.ok_or_else(|| SourceError::Missing(format!("no file is `{url}`")))?;
        copy(place, to)
            .map_err(|error| SourceError::Refused(format!("`{}`: {error}", place.display())))
    }
}

/// The file appears complete or not at all.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut part = tempfile::NamedTempFile::new_in(folder)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut part)?;
    part.persist(to).map(drop).map_err(|error| error.error)
}

/// What is published, as the answer to a pull: what differs, where what the cursor names is
/// at hand.
fn tell(now: &Known, before: Option<&Known>, cursor: Option<&str>) -> Pulled {
    let last = cursor.and_then(|cursor| cursor::parse(CURSOR, cursor));
    let locales = now.content.locales.clone();
    if let (Some((seq, digest)), Some(cursor)) = (last, cursor)
        && digest == now.digest
    {
        return Pulled { seq, locales, cursor: cursor.to_owned(), ..Pulled::default() };
    }
    let seq = cursor::next(last.map(|(seq, _)| seq));
    let before = before.filter(|known| last.is_some_and(|(_, digest)| digest == known.digest));
    let same_model = before.is_some_and(|before| {
        before.content.model.fingerprint() == now.content.model.fingerprint()
    });
    let mut items = Vec::new();
    if !same_model {
        items.push(cursor::schema(&now.content.model, seq));
    }
    let old = |key: &RowKey| before.and_then(|before| before.content.published(key));
    let rows = now.content.rows.keys().filter_map(|key| Some((key, now.content.published(key)?)));
    let differ = rows.filter(|(key, item)| old(key) != Some(*item));
    items.extend(differ.map(|(_, item)| at(item, seq)));
    let known = before.into_iter().flat_map(|before| before.content.rows.keys());
    let gone = known.filter(|key| old(key).is_some() && now.content.published(key).is_none());
    items.extend(gone.map(|key| cursor::gone(key.clone(), seq)));
    let cursor = cursor::write(CURSOR, seq, &now.digest);
    Pulled { complete: before.is_none(), items, cursor, seq, locales }
}

/// A row as it came into the feed at this place.
fn at(item: &SyncItem, seq: i64) -> SyncItem {
    SyncItem { seq, version: seq, ..item.clone() }
}

/// A name for everything a pull could tell.
fn digest(content: &Content) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(content.model.fingerprint());
    hasher.update(content.locales.join(" ").as_bytes());
    for (key, item) in &content.rows {
        let data = item.data.as_ref().map(ToString::to_string).unwrap_or_default();
        let draft = content.drafts.contains(key);
        hasher.update(format!("\n{key:?} {draft} {data}").as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
