//! Uploaded files held as they are, whatever happens to them meanwhile.
//!
//! In a folder a second name for the same bytes outlives a deletion or a replacement under the
//! first. A bucket has no second names: what rows name is fetched, and whether it is still what
//! stood there at the beginning is known by its version.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::media::storage::{FileName, Storage, Version};

const PREFIX: &str = ".backing-up-";

/// Held files. They are let go when this is dropped.
pub(super) struct Held {
    folder: TempDir,
    /// What was found under a name.
    found: BTreeMap<String, Version>,
    wanted: BTreeSet<String>,
}

impl Held {
    /// Holds every file of a folder; of a bucket, notes what is there. Fetched files wait in
    /// `aside`.
    ///
    /// # Errors
    /// Those of the place.
    pub(super) fn begin(uploads: &Storage, aside: &Path) -> anyhow::Result<Self> {
        sweep(uploads)?;
        let beside = if uploads.bucket().is_some() { aside } else { uploads.folder() };
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(beside)?;
        let mut held = Self { folder, found: BTreeMap::new(), wanted: BTreeSet::new() };
        for (name, version) in uploads.list()? {
            if uploads.bucket().is_some() || held.link(uploads, &name)? {
                held.found.insert(name.as_str().to_owned(), version);
            }
        }
        Ok(held)
    }

    /// Holds those of the named files that came since, and says whether one of them is
    /// another file than it was.
    ///
    /// # Errors
    /// Those of the place.
    pub(super) fn complete(
        &mut self,
        uploads: &Storage,
        names: &BTreeSet<String>,
    ) -> anyhow::Result<bool> {
        let mut changed = false;
        for name in names.iter().filter_map(|name| FileName::parse(name)) {
            changed |= match uploads.bucket() {
                Some(_) => self.fetch(uploads, &name)?,
                None => self.compare(uploads, &name)?,
            };
        }
        self.wanted = names.iter().filter(|name| self.contains(name)).cloned().collect();
        Ok(changed)
    }

    fn compare(&mut self, uploads: &Storage, name: &FileName) -> anyhow::Result<bool> {
        let now = uploads.version(name)?;
        match (self.found.get(name.as_str()), now) {
            (Some(before), Some(now)) => Ok(!before.is(&now)),
            (None, Some(now)) => {
                if self.link(uploads, name)? {
                    self.found.insert(name.as_str().to_owned(), now);
                }
                Ok(false)
            }
            (_, None) => Ok(false),
        }
    }

    fn fetch(&mut self, uploads: &Storage, name: &FileName) -> anyhow::Result<bool> {
        let Some((now, mut bytes)) = uploads.read(name)? else {
            self.found.remove(name.as_str());
            return Ok(false);
        };
        std::io::copy(&mut bytes, &mut File::create(self.path(name.as_str()))?)?;
        let before = self.found.insert(name.as_str().to_owned(), now.clone());
        Ok(before.is_some_and(|before| !before.is(&now)))
    }

    /// Whether the file is there.
    fn link(&self, uploads: &Storage, name: &FileName) -> anyhow::Result<bool> {
        let (from, to) = (uploads.path(name), self.path(name.as_str()));
        match std::fs::hard_link(&from, &to) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            // Not every disk knows second names.
            Err(_) => {
                std::fs::copy(&from, &to)?;
                Ok(true)
            }
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    /// Names and places of the files that rows name.
    pub(super) fn of_rows(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        self.wanted.iter().map(|name| (name.as_str(), self.path(name)))
    }
}

/// Lets go what a killed backup held; nobody else is at work.
fn sweep(uploads: &Storage) -> std::io::Result<()> {
    for entry in std::fs::read_dir(uploads.folder())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
