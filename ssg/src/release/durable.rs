//! Making files survive a power cut before anybody is sent to them.
//!
//! A handful of files is synced one by one, many at a time so that the file
//! system writes them in one go (measured: a third of the time that two
//! threads take); from a few hundred on, one sync of the whole file system is
//! cheaper.

use std::{
    collections::BTreeSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::error::{AtPath, Result};

/// Above this many paths the whole file system is synced instead.
const SYNC_ALL_ABOVE: usize = 200;

/// These threads wait for the disk, not for a core.
const THREADS: usize = 16;

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
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                sync_one(path)?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let threads: Vec<_> =
                (0..THREADS.min(paths.len())).map(|_| scope.spawn(work)).collect();
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
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
