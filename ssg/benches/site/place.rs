//! Where a run works: in memory when there is room, so that no disk is measured.

use std::path::{Path, PathBuf};

const MEMORY: &str = "/dev/shm";
/// Content, database, replica, two trees, the floor's and the peers' copies: measured at
/// 10 000 posts, rounded up.
const BYTES_PER_POST: u64 = 64 * 1024;
const BYTES_BESIDES: u64 = 512 * 1024 * 1024;
/// File system type of tmpfs in `statfs`.
const TMPFS: u64 = 0x0102_1994;

/// A folder of its own, gone with the run unless it is to be kept.
pub(crate) struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// The name is fixed, so that what a killed run left is found and removed.
    pub(crate) fn make(posts: usize, keep: bool) -> Self {
        let need = BYTES_BESIDES + BYTES_PER_POST * posts as u64;
        let roomy = rustix::fs::statvfs(MEMORY).is_ok_and(|fs| fs.f_bavail * fs.f_frsize >= need);
        let base = if roomy { PathBuf::from(MEMORY) } else { std::env::temp_dir() };
        let path = base.join(format!("galley-bench-{posts}"));
        if !keep {
            drop(std::fs::remove_dir_all(&path));
        }
        std::fs::create_dir_all(&path).unwrap();
        let folder = Self { path, keep };
        eprintln!("{posts} posts: working in {}", folder.describe());
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn describe(&self) -> String {
        let kind = rustix::fs::statfs(&self.path).map(|fs| fs.f_type as u64);
        let kind = if kind == Ok(TMPFS) { "tmpfs" } else { "a disk" };
        format!("{} ({kind})", self.path.parent().unwrap().display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}
