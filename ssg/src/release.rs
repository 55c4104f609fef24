//! Releases: complete trees of public files, switched in one instant.
//!
//! `dist/current` always leads to a complete tree: through builds, crashes and
//! power cuts it is the old release or the new one, never a mixture. Two trees
//! take turns: the standby tree is brought up to date with what changed since
//! it was last live, then the two links are exchanged. Cost follows the change,
//! not the site.
//!
//! ```text
//! Store ─stage()─► Stage ─put()/remove()… from many threads ─publish()─► Published
//!   │                                    │
//!   ├ rollback/unpin (activate)          difference → journal → standby tree → history → switch
//!   └ live, newest, list, report, hash_of
//! ```
//!
//! The history (`releases.redb`) is the truth and the links follow it: every
//! operation first settles what an earlier one, of this process or of a dead
//! one, left unfinished. Only this folder writes below `dist/`.
//!
//! Compressed copies (`x.html.gz`) are files of a release like any other, and
//! no part of what it says of itself: they are neither counted nor listed.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    encoding::Encoding,
    error::{ReleaseError, Result},
    export::{Body, Way},
    fault::{FaultPoint, Faults},
    moved::MOVED,
    refusal::{Candidate, Finding, Gate, Open, Refusal, Step, Totals},
    stage::{Stage, StageKind},
    switches::{Forget, Outdated},
};
use self::{
    history::{History, REPORTS, State, View, changes_of, commit, to_json},
    layout::Layout,
};
use crate::file_lock::{FileLock, LOCK_WAIT};

mod activate;
mod difference;
mod durable;
pub mod encoding;
mod error;
mod export;
mod fault;
mod history;
mod journal;
mod layout;
mod moved;
mod net;
mod precompress;
mod public_path;
mod publish;
mod refusal;
mod retain;
mod retire;
mod settle;
mod stage;
mod switch;
mod switches;
mod tree;
mod version;

/// Releases one can roll back to, besides the live one.
pub const KEPT_RELEASES: usize = 20;

#[derive(Debug, Clone)]
pub struct Settings {
    pub keep: usize,
    /// Of files that only earlier releases show; none: as many as `keep` releases need.
    pub keep_bytes: Option<u64>,
    /// Survive a power cut, not only a crash. Off only where speed of tests matters.
    pub durable: bool,
    /// How long to wait for another process that works on the same `dist`.
    pub lock_wait: Duration,
    pub faults: Faults,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keep: KEPT_RELEASES,
            keep_bytes: None,
            durable: true,
            lock_wait: LOCK_WAIT,
            faults: Faults::default(),
        }
    }
}

/// The releases below one `dist` folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    layout: Layout,
    settings: Settings,
    manifest: Mutex<Option<Manifest>>,
    /// The last commit whose consequences this process has seen to.
    settled: AtomicU64,
}

/// Hashes of the newest release, remembered between builds.
#[derive(Debug)]
struct Manifest {
    newest: Option<u64>,
    hashes: HashMap<Box<str>, blake3::Hash>,
}

/// All of a small change at once; bigger ones go through a [`Stage`].
#[derive(Debug, Default)]
pub struct Changes {
    pub upserts: Vec<(String, Vec<u8>)>,
    pub removes: Vec<String>,
    /// `upserts` is the whole site.
    pub full: bool,
}

/// What is remembered about a release.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    pub reason: String,
    /// Place in the CMS's change feed that the release shows.
    pub seq: u64,
    pub rendered: u64,
    pub report: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub id: u64,
    pub previous: Option<u64>,
    /// False when a rollback is pinned: the release waits.
    pub live: bool,
    pub pinned: bool,
    pub written: u64,
    pub unchanged: u64,
    pub removed: u64,
    pub changes: Vec<PathChange>,
}

/// What became of a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing differs from the newest release.
    Nothing,
    Published(Published),
    Refused(Refusal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileAction {
    Add,
    Change,
    Remove,
}

/// What a release did to one path, with the hashes before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    pub path: String,
    pub action: FileAction,
    pub old: Option<blake3::Hash>,
    pub new: Option<blake3::Hash>,
}

/// A line of `ssg releases`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseInfo {
    pub id: u64,
    pub live: bool,
    pub pinned: bool,
    pub parent: Option<u64>,
    pub created_at: String,
    pub seq: u64,
    pub reason: String,
    pub rendered: u64,
    pub written: u64,
    pub removed: u64,
    /// Why it never went live.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Finding>,
    /// What happened to it later, such as an automatic rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What the guard did by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// The release that visitors fared worse with.
    pub release: u64,
    /// The one that is live instead.
    pub to: u64,
    pub at: String,
    pub reason: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    pub live: Option<ReleaseInfo>,
    pub newest: Option<ReleaseInfo>,
    pub pinned: bool,
    /// What the gate did not let pass and nothing has replaced since.
    pub refused: Option<ReleaseInfo>,
    /// The pin is the guard's, and this is why.
    pub rolled_back: Option<RolledBack>,
}

impl Store {
    pub fn open(dist: &Path) -> Result<Self> {
        Self::open_with(dist, Settings::default())
    }

    /// Makes the folders if need be and finishes what a crash left unfinished.
    pub fn open_with(dist: &Path, settings: Settings) -> Result<Self> {
        let inner = Inner {
            layout: Layout::create(dist)?,
            settings,
            manifest: Mutex::default(),
            settled: AtomicU64::new(0),
        };
        let store = Self { inner: Arc::new(inner) };
        let lock = store.inner.lock()?;
        store.inner.settled_state(&lock)?;
        drop(lock);
        Ok(store)
    }

    /// What nginx's root follows.
    pub fn current_dir(&self) -> PathBuf {
        self.inner.layout.current()
    }

    /// Hashed assets of earlier releases, for pages that are still open.
    pub fn retired_dir(&self) -> PathBuf {
        self.inner.layout.retired()
    }

    /// The complete tree of the newest release, live or waiting behind a pin.
    pub fn newest_dir(&self) -> Result<Option<PathBuf>> {
        let layout = &self.inner.layout;
        self.view(|view| {
            let state = view.state()?;
            let trees = [state.live, state.standby].into_iter().flatten();
            let newest = trees.into_iter().find(|tree| Some(tree.at) == state.newest);
            Ok(newest.map(|tree| layout.tree(&tree.name)))
        })
        .map(Option::flatten)
    }

    pub fn status(&self) -> Result<Status> {
        self.status_within(self.inner.settings.lock_wait)
    }

    /// The same for those who cannot wait for a switch under way.
    pub fn status_within(&self, wait: Duration) -> Result<Status> {
        let status = self.view_within(wait, |view| {
            let (state, all) = (view.state()?, infos(view)?);
            let find = |id: Option<u64>| all.iter().find(|info| Some(info.id) == id).cloned();
            Ok(Status {
                live: find(state.live.map(|live| live.at)),
                newest: find(state.newest),
                pinned: state.pinned,
                refused: find(state.refused),
                rolled_back: state.rolled_back,
            })
        })?;
        let status = status.unwrap_or_default();
        self.inner.forget_manifest_unless(status.newest.as_ref().map(|newest| newest.id));
        Ok(status)
    }

    pub fn live(&self) -> Result<Option<ReleaseInfo>> {
        Ok(self.status()?.live)
    }

    pub fn newest(&self) -> Result<Option<ReleaseInfo>> {
        Ok(self.status()?.newest)
    }

    /// The kept releases and those that were refused, newest first.
    pub fn list(&self) -> Result<Vec<ReleaseInfo>> {
        Ok(self.view(infos)?.unwrap_or_default())
    }

    /// Hash of a file of the newest release. The first call reads all of them,
    /// the others none, until `newest` finds that another process has
    /// published; a stage refuses if one does later.
    pub fn hash_of(&self, path: &str) -> Result<Option<blake3::Hash>> {
        let mut manifest = self.inner.manifest();
        if manifest.is_none() {
            let read = |view: &View| {
                Ok(Manifest { newest: view.state()?.newest, hashes: view.manifest()? })
            };
            let empty = Manifest { newest: None, hashes: HashMap::new() };
            *manifest = Some(self.view(read)?.unwrap_or(empty));
        }
        Ok(manifest.as_ref().and_then(|known| known.hashes.get(path).copied()))
    }

    /// Which compressed copies the newest release has.
    pub fn precompressed(&self) -> Result<BTreeSet<Encoding>> {
        Ok(self.view(|view| Ok(view.state()?.precompressed))?.unwrap_or_default())
    }

    /// Number of files in the newest release, compressed copies not counted.
    pub fn file_count(&self) -> Result<u64> {
        Ok(self.view(View::file_count)?.unwrap_or(0))
    }

    /// Begins a release on top of the newest one.
    pub fn stage(&self, kind: StageKind) -> Result<Stage> {
        let inner = &*self.inner;
        let lock = inner.lock()?;
        let state = inner.settled_state(&lock)?;
        inner.forget_manifest_unless(state.newest);
        Stage::create(self, kind, state.newest)
    }

    /// Publishes a small change in one call. `None` when nothing differs.
    pub fn publish(&self, changes: Changes, meta: Meta) -> Result<Option<Published>> {
        let kind = if changes.full { StageKind::Full } else { StageKind::Changes };
        self.stage(kind)?.put_all(changes)?.publish(meta)
    }

    /// Makes a kept release (by default the one before) live, and pins it.
    pub fn rollback(&self, id: Option<u64>) -> Result<ReleaseInfo> {
        activate::rollback(self, id)
    }

    /// Goes back from a release that visitors fare worse with, and pins. Nothing happens, and
    /// an error says so, when it is not live any more.
    pub fn roll_back_sick(&self, sick: u64, to: u64, reason: &str) -> Result<ReleaseInfo> {
        activate::roll_back_sick(self, sick, to, reason)
    }

    /// Keeps the live release live until `unpin`.
    pub fn pin(&self) -> Result<ReleaseInfo> {
        activate::pin(self)
    }

    /// Makes the newest release live and lets later ones go live again.
    pub fn unpin(&self) -> Result<ReleaseInfo> {
        activate::unpin(self)
    }

    /// Makes the standby tree ahead of the first change after a first build,
    /// so that nobody waits for the one step whose cost follows the site.
    pub fn prepare(&self) -> Result<()> {
        let inner = &*self.inner;
        let lock = inner.lock()?;
        let state = inner.settled_state(&lock)?;
        if state.live.is_none() || activate::has_standby(inner, &state) {
            return Ok(());
        }
        let history = inner.open_history()?;
        let mut state = settle::settle(inner, &history)?;
        activate::ensure_standby(inner, &history, &mut state)?;
        settle::finish(inner, &history.read()?, &state)
    }

    /// The build report of a kept release.
    pub fn report(&self, id: u64) -> Result<Value> {
        let report = |view: &View| -> Result<Option<Value>> {
            match view.report(id)? {
                None => Ok(view.refusal(id)?.map(|refusal| refusal.report)),
                report => Ok(report),
            }
        };
        let found = self.view(|view| Ok((report(view)?, view.kept()?)))?;
        let (report, kept) = found.unwrap_or_default();
        report.ok_or(ReleaseError::Unknown { id, kept })
    }

    /// Replaces the report: only after the switch are all its figures known.
    pub fn set_report(&self, id: u64, report: &impl Serialize) -> Result<()> {
        let inner = &*self.inner;
        let _lock = inner.lock()?;
        let history = inner.open_history()?;
        let mut state = settle::settle(inner, &history)?;
        let view = history.read()?;
        let (kept, refusal) = (view.kept()?, view.refusal(id)?);
        let txn = history.write()?;
        if let Some(mut refusal) = refusal {
            refusal.report = serde_json::to_value(report)
                .map_err(|error| ReleaseError::Damaged(error.to_string()))?;
            refusal::put(&txn, &refusal)?;
            return commit(txn, &mut state);
        }
        if !kept.contains(&id) {
            return Err(ReleaseError::Unknown { id, kept });
        }
        txn.open_table(REPORTS)?.insert(id, to_json(report)?.as_slice())?;
        commit(txn, &mut state)
    }

    /// The site is as it should be: what was refused has been taken back.
    pub fn forget_refusal(&self) -> Result<()> {
        if self.status()?.refused.is_none() {
            return Ok(());
        }
        let inner = &*self.inner;
        let _lock = inner.lock()?;
        let history = inner.open_history()?;
        let mut state = settle::settle(inner, &history)?;
        state.refused = None;
        commit(history.write()?, &mut state)
    }

    /// What a kept release changed. The first release has no changes to show.
    pub fn changes(&self, id: u64) -> Result<Vec<PathChange>> {
        let found = self.view(|view| Ok((changes_of(&view.deltas()?, id)?, view.kept()?)))?;
        let (changes, kept) = found.unwrap_or_default();
        if !kept.contains(&id) {
            return Err(ReleaseError::Unknown { id, kept });
        }
        let own = changes.into_iter().filter(|(_, delta)| !delta.is_derived());
        Ok(own.map(PathChange::from).collect())
    }

    /// What differs between two kept releases, in path order. Bytes decide.
    pub fn diff(&self, from: u64, to: u64) -> Result<Vec<PathChange>> {
        let found = self.view(|view| {
            let kept = view.kept()?;
            match [from, to].into_iter().find(|id| !kept.contains(id)) {
                Some(id) => Ok(Err(ReleaseError::Unknown { id, kept })),
                None => Ok(Ok(net::between(view, from, to)?)),
            }
        })?;
        let net = found.unwrap_or(Err(ReleaseError::Unknown { id: from, kept: Vec::new() }))?;
        let own = net.into_iter().filter(|(_, delta)| !delta.is_derived());
        let mut changes: Vec<_> = own.map(PathChange::from).collect();
        changes.retain(|change| change.old != change.new);
        Ok(changes)
    }

    /// Reads the history; `None` when there is none yet.
    fn view<T>(&self, read: impl Fn(&View) -> Result<T>) -> Result<Option<T>> {
        self.view_within(self.inner.settings.lock_wait, read)
    }

    fn view_within<T>(
        &self,
        wait: Duration,
        read: impl Fn(&View) -> Result<T>,
    ) -> Result<Option<T>> {
        let inner = &*self.inner;
        let history = inner.layout.history();
        {
            let _lock = FileLock::shared(&inner.layout.lock(), wait)?;
            if !history.exists() {
                return Ok(None);
            }
            if let Some(view) = View::open(&history)? {
                return read(&view).map(Some);
            }
        }
        // Its last user died: opening it for writing repairs it.
        let _lock = inner.lock()?;
        read(&inner.open_history()?.read()?).map(Some)
    }
}

impl Inner {
    fn lock(&self) -> Result<FileLock> {
        self.layout.make_folders()?;
        Ok(FileLock::exclusive(&self.layout.lock(), self.settings.lock_wait)?)
    }

    fn manifest(&self) -> MutexGuard<'_, Option<Manifest>> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget_manifest_unless(&self, newest: Option<u64>) {
        let mut manifest = self.manifest();
        if manifest.as_ref().is_some_and(|known| known.newest != newest) {
            *manifest = None;
        }
    }

    /// The state after settling. Opens the history for writing, which costs
    /// several syncs, only when there is something to write.
    fn settled_state(&self, _lock: &FileLock) -> Result<State> {
        if let Some(view) = View::open(&self.layout.history())?
            && self.trees_stand(&view.state()?)
            && let Some(state) = settle::settle_read_only(self, &view)?
        {
            return Ok(state);
        }
        settle::settle(self, &self.open_history()?)
    }

    /// A history whose live tree is gone describes nothing: the folder was
    /// emptied by hand. Starting afresh is what its owner meant.
    fn open_history(&self) -> Result<History> {
        let history = History::open(&self.layout.history())?;
        if self.trees_stand(&history.read()?.state()?) {
            return Ok(history);
        }
        tracing::warn!("the live tree below `dist` is gone; the release history starts afresh");
        drop(history);
        self.layout.forget_everything()?;
        History::open(&self.layout.history())
    }

    fn trees_stand(&self, state: &State) -> bool {
        state.live.as_ref().is_none_or(|live| self.layout.tree(&live.name).is_dir())
    }
}

impl From<Refusal> for ReleaseInfo {
    fn from(refusal: Refusal) -> Self {
        Self {
            id: refusal.id,
            live: false,
            pinned: false,
            parent: refusal.parent,
            created_at: refusal.created_at,
            seq: refusal.seq,
            reason: refusal.reason,
            rendered: refusal.rendered,
            written: refusal.written,
            removed: refusal.removed,
            refused: refusal.findings,
            note: None,
        }
    }
}

impl From<(String, version::Delta)> for PathChange {
    fn from((path, delta): (String, version::Delta)) -> Self {
        let action = match (&delta.old, &delta.new) {
            (None, _) => FileAction::Add,
            (_, None) => FileAction::Remove,
            _ => FileAction::Change,
        };
        let hash = |version: Option<version::Version>| version.map(|version| version.hash);
        Self { path, action, old: hash(delta.old), new: hash(delta.new) }
    }
}

fn infos(view: &View) -> Result<Vec<ReleaseInfo>> {
    let state = view.state()?;
    let live = state.live.as_ref().map(|live| live.at);
    let info = |(id, record): (u64, history::Record)| ReleaseInfo {
        id,
        live: live == Some(id),
        pinned: state.pinned && live == Some(id),
        parent: record.parent,
        created_at: record.created_at,
        seq: record.seq,
        reason: record.reason,
        rendered: record.rendered,
        written: record.written,
        removed: record.removed,
        refused: Vec::new(),
        note: record.note,
    };
    let mut all: Vec<_> = view.records()?.into_iter().map(info).collect();
    all.extend(view.all_refusals()?.into_iter().map(ReleaseInfo::from));
    all.sort_by_key(|info| std::cmp::Reverse(info.id));
    Ok(all)
}
