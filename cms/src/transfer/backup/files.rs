//! Uploaded files held as they are: a second name for the same bytes outlives a deletion or
//! a replacement under the first.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::media::storage::{FileName, Storage};

const PREFIX: &str = ".backing-up-";

/// Held files. They are let go when this is dropped.
pub(super) struct Held {
    folder: TempDir,
    /// Which file was found under a name.
    found: BTreeMap<String, u64>,
    wanted: BTreeSet<String>,
}

impl Held {
    /// Holds every file there is.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn begin(uploads: &Storage) -> anyhow::Result<Self> {
        sweep(uploads)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(uploads.folder())?;
        let mut held = Self { folder, found: BTreeMap::new(), wanted: BTreeSet::new() };
        for entry in std::fs::read_dir(uploads.folder())? {
            if let Some(name) = FileName::parse(&entry?.file_name().to_string_lossy()) {
                held.hold(uploads, &name)?;
            }
        }
        Ok(held)
    }

    /// Holds those of the named files that came since, and says whether one of them is
    /// another file than it was.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn complete(
        &mut self,
        uploads: &Storage,
        names: &BTreeSet<String>,
    ) -> anyhow::Result<bool> {
        let mut changed = false;
        for name in names.iter().filter_map(|name| FileName::parse(name)) {
            match (self.found.get(name.as_str()), number(&uploads.path(&name))?) {
                (Some(before), Some(now)) => changed |= *before != now,
                (None, Some(_)) => self.hold(uploads, &name)?,
                (_, None) => {}
            }
        }
        self.wanted = names.iter().filter(|name| self.contains(name)).cloned().collect();
        Ok(changed)
    }

    fn hold(&mut self, uploads: &Storage, name: &FileName) -> anyhow::Result<()> {
        let (from, to) = (uploads.path(name), self.path(name.as_str()));
        let Some(number) = number(&from)? else { return Ok(()) };
        match std::fs::hard_link(&from, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            // Not every disk knows second names.
            Err(_) => drop(std::fs::copy(&from, &to)?),
            Ok(()) => {}
        }
        self.found.insert(name.as_str().to_owned(), number);
        Ok(())
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

/// Which file it is, when it is a plain one and there at all.
fn number(path: &Path) -> std::io::Result<Option<u64>> {
    match path.symlink_metadata() {
        Ok(about) => Ok(about.is_file().then(|| about.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
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
