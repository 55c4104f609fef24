//! What is known of the pictures that pages show.
//!
//! A page asks what a picture's size is. If nobody looked at these bytes yet, the page is
//! rendered with what the CMS says, the file is fetched and looked at, and the page rendered
//! again: so rendering itself touches no network. What is known follows from the file's
//! version, which the page has read; hence it is no read of its own.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::media;
use super::source::{Source, SourceError};
use super::view::MEDIA_FOLDER;
use crate::pictures::Facts;
use crate::templates::Pictures;

/// What the cache knows of a picture, beside it.
const FACTS: &str = "facts";

/// Facts by URL and version.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<(String, String), Arc<Facts>>>);

/// What is known, and where more comes from.
#[derive(Clone, Default)]
pub(super) struct Album {
    known: Arc<Known>,
    source: Option<Arc<dyn Source>>,
    /// The folder for fetched media.
    folder: Option<PathBuf>,
}

/// A file that a page wants to know more of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    url: String,
    version: String,
    placeholder: bool,
}

/// What one rendering of a page asks.
#[derive(Debug)]
pub(super) struct Asked {
    known: Arc<Known>,
    wanted: Mutex<BTreeSet<Wanted>>,
}

/// Gets the bytes of a file in a version.
pub(super) type Fetch<'f> = dyn Fn(&str, &str) -> Result<Vec<u8>, SourceError> + 'f;

impl std::fmt::Debug for Album {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Album").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Known {
    fn get(&self, url: &str, version: &str, placeholder: bool) -> Option<Arc<Facts>> {
        let found = locked(&self.0).get(&(url.to_owned(), version.to_owned())).cloned();
        found.filter(|facts| facts.placeholder.is_some() || !placeholder)
    }
}

impl Album {
    /// What is known already, with more from the cache, and from the CMS if there is one.
    pub(super) fn new(
        known: &Arc<Known>,
        source: Option<Arc<dyn Source>>,
        cache: Option<&Path>,
    ) -> Self {
        let folder = cache.map(|cache| cache.join(MEDIA_FOLDER));
        Self { known: Arc::clone(known), source, folder }
    }

    pub(super) fn asked(&self) -> Arc<Asked> {
        Arc::new(Asked { known: Arc::clone(&self.known), wanted: Mutex::default() })
    }

    /// The bytes of a file, from the cache or fetched into it.
    pub(super) fn fetch(&self, url: &str, version: &str) -> Result<Vec<u8>, SourceError> {
        let nowhere = || SourceError::Unreachable("there is no place for pictures".to_owned());
        let folder = self.folder.as_deref().ok_or_else(nowhere)?;
        fs::create_dir_all(folder).map_err(|error| SourceError::Refused(error.to_string()))?;
        media::bytes(self.source.as_deref(), folder, url, version)
    }

    /// Finds out what a page wants to know.
    pub(super) fn learn(&self, wanted: &Wanted, fetch: &Fetch<'_>) -> Result<(), SourceError> {
        let Wanted { url, version, placeholder } = wanted;
        let file = self
            .folder
            .as_ref()
            .map(|folder| media::cached(folder, url, version).with_added_extension(FACTS));
        let stored = file.as_ref().and_then(|file| fs::read(file).ok());
        let stored = stored.and_then(|bytes| serde_json::from_slice::<Facts>(&bytes).ok());
        let stored = stored.filter(|facts| facts.placeholder.is_some() || !placeholder);
        let facts = match stored {
            Some(facts) => facts,
            None => {
                let facts = Facts::of(&fetch(url, version)?, *placeholder);
                // Only saves work: who finds it missing or broken looks again.
                if let Some((file, bytes)) = file.zip(serde_json::to_vec(&facts).ok()) {
                    drop(fs::write(file, bytes));
                }
                facts
            }
        };
        locked(&self.known.0).insert((url.clone(), version.clone()), Arc::new(facts));
        Ok(())
    }
}

impl Asked {
    /// What is not known, once.
    pub(super) fn take_wanted(&self) -> BTreeSet<Wanted> {
        std::mem::take(&mut *locked(&self.wanted))
    }
}

impl Wanted {
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Pictures for Asked {
    fn facts(&self, url: &str, version: &str, placeholder: bool) -> Option<Arc<Facts>> {
        let found = self.known.get(url, version, placeholder);
        if found.is_none() {
            let (url, version) = (url.to_owned(), version.to_owned());
            locked(&self.wanted).insert(Wanted { url, version, placeholder });
        }
        found
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
