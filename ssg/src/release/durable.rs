//! Making files survive a power cut before anybody is sent to them.
//!
//! A handful of files is synced one by one, several at a time so that the
//! file system can write them in one go; from a few hundred on, one sync of
//! the whole file system is cheaper.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use super::error::{AtPath, Result};

/// Above this many paths the whole file system is synced instead.
const SYNC_ALL_ABOVE: usize = 200;

/// Paths written since the last sync.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    paths: BTreeSet<PathBuf>,
}

impl Unsynced {
    pub(super) fn add(&mut self, path: impl Into<PathBuf>) {
        self.paths.insert(path.into());
    }

    /// Returns when everything added is on disk. `root` names the file system.
    pub(super) fn sync(self, root: &Path) -> Result<()> {
        if self.paths.len() > SYNC_ALL_ABOVE {
            return sync_file_system(root);
        }
        let paths: Vec<_> = self.paths.into_iter().collect();
        paths.par_iter().with_max_len(1).try_for_each(|path| sync_one(path))
    }
}

fn sync_one(path: &Path) -> Result<()> {
    match File::open(path).and_then(|file| file.sync_all()) {
        // Removed again since: its folder is in the list as well.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at("sync", path),
    }
}

#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(root: &Path) -> Result<()> {
    let folder = File::open(root).at("open", root)?;
    rustix::fs::syncfs(&folder).at("sync the file system of", root)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync_file_system(_root: &Path) -> Result<()> {
    rustix::fs::sync();
    Ok(())
}
