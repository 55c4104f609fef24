//! Files on their way into a release.
//!
//! A stage takes files from many threads while the site renders and writes
//! each one aside at once, so that a clean build of 100 000 pages never holds
//! them in memory. Nothing is visible, and no lock on `dist` is held, until
//! `publish`. A stage that is dropped leaves no trace.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    process,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    Changes, Encoding, Gate, Meta, Open, Outcome, Published, Store,
    error::{AtPath, ReleaseError, Result},
    layout::Layout,
    public_path, publish,
    tree::with_folder,
};
use crate::file_lock::FileLock;

/// How the files given to a stage become a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// The files are the whole site; whatever is not among them is removed.
    Full,
    /// The files are what changed since the newest release.
    Changes,
}

#[derive(Debug)]
pub struct Stage {
    store: Store,
    pub(super) folder: PathBuf,
    _lock: FileLock,
    pub(super) kind: StageKind,
    /// The newest release when the stage began.
    pub(super) base: Option<u64>,
    /// Time of new files, in seconds since 1970.
    pub(super) time: i64,
    /// Text files get a copy beside them, compressed in each of these ways.
    pub(super) precompressed: BTreeSet<Encoding>,
    files: Mutex<BTreeMap<String, StagedFile>>,
    removed: Mutex<BTreeSet<String>>,
}

#[derive(Debug, Clone)]
pub(super) struct StagedFile {
    pub(super) hash: blake3::Hash,
    pub(super) size: u64,
    number: usize,
}

impl Stage {
    /// Called under the `dist` lock, so that nobody sweeps the new folder away.
    pub(super) fn create(store: &Store, kind: StageKind, base: Option<u64>) -> Result<Self> {
        // The first release has no tree to change.
        let kind = if base.is_none() { StageKind::Full } else { kind };
        let (folder, lock) = claim_folder(&store.inner.layout)?;
        Ok(Self {
            store: store.clone(),
            folder,
            _lock: lock,
            kind,
            base,
            time: unix_now(),
            precompressed: BTreeSet::new(),
            files: Mutex::default(),
            removed: Mutex::default(),
        })
    }

    /// Replicas that publish the same change must give it the same time: they
    /// pass the change's own time instead of their clock's.
    #[must_use]
    pub fn at(mut self, unix_seconds: i64) -> Self {
        self.time = unix_seconds;
        self
    }

    /// Puts compressed copies beside text files. It is the whole site's setting: the first
    /// release with another one brings every file's copies up to date.
    #[must_use]
    pub fn precompressed(mut self, encodings: &BTreeSet<Encoding>) -> Self {
        self.precompressed.clone_from(encodings);
        self
    }

    /// Writes a file aside. Safe to call from many threads at once.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.put_hashed(path, bytes, blake3::hash(bytes))
    }

    /// The same for bytes whose hash is known: hashing a whole site twice is
    /// a noticeable part of a clean build.
    pub fn put_hashed(&self, path: &str, bytes: &[u8], hash: blake3::Hash) -> Result<()> {
        public_path::check(path)?;
        let mut files = locked(&self.files);
        if files.contains_key(path) {
            return Err(ReleaseError::Twice { path: path.to_owned() });
        }
        let number = files.len();
        files.insert(path.to_owned(), StagedFile { hash, size: bytes.len() as u64, number });
        drop(files);
        let dest = self.file_path(path, number);
        let written = with_folder(&dest, |dest| write_new(dest, bytes, self.time));
        written.map_err(|error| self.explain(path, &dest, error))
    }

    /// The path leaves the site. Unknown paths are no error.
    pub fn remove(&self, path: &str) -> Result<()> {
        public_path::check(path)?;
        locked(&self.removed).insert(path.to_owned());
        Ok(())
    }

    /// Makes the staged files the newest release, and the live one unless a
    /// rollback is pinned. `None`: nothing differs from the newest release.
    pub fn publish(self, meta: Meta) -> Result<Option<Published>> {
        match self.publish_through(&Open, meta)? {
            Outcome::Published(published) => Ok(Some(published)),
            Outcome::Nothing | Outcome::Refused(_) => Ok(None),
        }
    }

    /// The same if the gate lets it pass.
    pub fn publish_through(self, gate: &dyn Gate, meta: Meta) -> Result<Outcome> {
        let store = self.store.clone();
        publish::publish(&store, &self, meta, gate)
    }

    pub(super) fn put_all(self, changes: Changes) -> Result<Self> {
        for (path, bytes) in &changes.upserts {
            self.put(path, bytes)?;
        }
        for path in &changes.removes {
            self.remove(path)?;
        }
        Ok(self)
    }

    pub(super) fn files(&self) -> MutexGuard<'_, BTreeMap<String, StagedFile>> {
        locked(&self.files)
    }

    pub(super) fn removed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        locked(&self.removed)
    }

    pub(super) fn tree_folder(&self) -> PathBuf {
        self.folder.join("tree")
    }

    pub(super) fn file(&self, path: &str, staged: &StagedFile) -> PathBuf {
        self.file_path(path, staged.number)
    }

    fn file_path(&self, path: &str, number: usize) -> PathBuf {
        match self.kind {
            StageKind::Full => self.tree_folder().join(path),
            StageKind::Changes => self.folder.join(number.to_string()),
        }
    }

    /// A file where another needs a folder shows up as an odd I/O error.
    fn explain(&self, path: &str, dest: &Path, source: io::Error) -> ReleaseError {
        let files = locked(&self.files);
        let above = public_path::ancestors(path).find(|folder| files.contains_key(*folder));
        let below = files.range(format!("{path}/")..).next().map(|(below, _)| below);
        let below = below.filter(|below| below.starts_with(&format!("{path}/")));
        match (above, below) {
            (Some(file), _) => {
                ReleaseError::Collision { file: file.to_owned(), below: path.to_owned() }
            }
            (None, Some(below)) => {
                ReleaseError::Collision { file: path.to_owned(), below: below.clone() }
            }
            (None, None) => ReleaseError::Io { action: "write", path: dest.to_owned(), source },
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Whatever cannot be deleted now is swept by the next operation.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.folder.with_extension("lock"));
    }
}

/// A folder of our own, and a lock on it that dies with us.
fn claim_folder(layout: &Layout) -> Result<(PathBuf, FileLock)> {
    let staging = layout.staging();
    let mut number = 0_u32;
    loop {
        let folder = staging.join(format!("{}-{number}", process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => {
                let lock = FileLock::exclusive(&folder.with_extension("lock"), Duration::ZERO)?;
                return Ok((folder, lock));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error).at("create folder", &folder),
        }
    }
}

/// Deletes the stages of processes that died. Call under the `dist` lock.
pub(super) fn sweep(layout: &Layout) -> Result<()> {
    let staging = layout.staging();
    for entry in fs::read_dir(&staging).at("read", &staging)? {
        let path = entry.at("read", &staging)?.path();
        if !path.is_dir() {
            continue;
        }
        let lock = path.with_extension("lock");
        if FileLock::exclusive(&lock, Duration::ZERO).is_ok() {
            fs::remove_dir_all(&path).at("remove", &path)?;
            let _ = fs::remove_file(&lock);
        }
    }
    Ok(())
}

pub(super) fn write_new(dest: &Path, bytes: &[u8], time: i64) -> io::Result<()> {
    let mut file = fs::File::create_new(dest)?;
    file.write_all(bytes)?;
    file.set_modified(system_time(time))
}

pub(super) fn system_time(unix_seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(unix_seconds.unsigned_abs());
    if unix_seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}

fn unix_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A panic while rendering one page leaves the list usable for the others.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
