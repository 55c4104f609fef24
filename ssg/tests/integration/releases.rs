//! Random publishing, going back and crashing, against a naive model: every
//! release is a map from path to bytes, and visitors see exactly one of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    os::unix::fs::MetadataExt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use proptest::prelude::*;
use ssg::release::{
    Changes, FaultPoint, Faults, Meta, ReleaseError, Settings, Stage, StageKind, Store,
};
use walkdir::WalkDir;

/// Few, so that versions are dropped all the time.
const KEEP: usize = 3;
const PATHS: [&str; 7] =
    ["index.html", "a", "a/index.html", "b/c.html", "b/d.html", "assets/x.1.css", "assets/y.2.css"];

type Site = BTreeMap<String, File>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    bytes: Vec<u8>,
    /// Grows whenever the path gets other bytes.
    version: u64,
}

#[derive(Debug, Clone)]
enum Op {
    Change(Vec<(usize, Option<u8>)>),
    Full(Vec<(usize, u8)>),
    Back,
    To(usize),
    Unpin,
    Prepare,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let path = 0..PATHS.len();
    let change = prop::collection::vec((path.clone(), prop::option::weighted(0.7, 0..3_u8)), 1..4);
    let full = prop::collection::vec((path, 0..3_u8), 1..7);
    prop_oneof![
        8 => change.prop_map(Op::Change),
        2 => full.prop_map(Op::Full),
        2 => Just(Op::Back),
        2 => (0..KEEP).prop_map(Op::To),
        2 => Just(Op::Unpin),
        1 => Just(Op::Prepare),
        1 => Just(Op::Reopen),
    ]
}

/// A hook that panics when it is reached for the `n`th time.
#[derive(Clone, Default)]
struct Plug {
    left: Arc<AtomicUsize>,
}

impl Plug {
    fn faults(&self) -> Faults {
        let left = Arc::clone(&self.left);
        Faults::hook(move |_: FaultPoint| {
            if left.load(Ordering::SeqCst) > 0 && left.fetch_sub(1, Ordering::SeqCst) == 1 {
                std::panic::panic_any("the plug was pulled");
            }
        })
    }

    fn pull_after(&self, points: usize) {
        self.left.store(points, Ordering::SeqCst);
    }
}

struct Bench {
    dist: PathBuf,
    store: Store,
    plug: Plug,
    /// Every release ever made.
    releases: BTreeMap<u64, Site>,
    versions: u64,
    live: Option<u64>,
    pinned: bool,
    times: HashMap<(String, u64), i64>,
}

impl Bench {
    fn new(dist: &Path) -> Self {
        let plug = Plug::default();
        Self {
            dist: dist.to_owned(),
            store: open(dist, &plug),
            plug,
            releases: BTreeMap::new(),
            versions: 0,
            live: None,
            pinned: false,
            times: HashMap::new(),
        }
    }

    fn newest(&self) -> Site {
        self.releases.last_key_value().map(|(_, site)| site.clone()).unwrap_or_default()
    }

    /// The site as the operation would make it; `None` when it must be refused.
    fn intended(&mut self, op: &Op) -> Option<Site> {
        let mut site = self.newest();
        let wanted: Vec<(usize, Option<u8>)> = match op {
            Op::Change(changes) => changes.clone(),
            Op::Full(files) => {
                let mentioned: BTreeSet<_> = files.iter().map(|(path, _)| PATHS[*path]).collect();
                site.retain(|path, _| mentioned.contains(path.as_str()));
                files.iter().map(|(path, byte)| (*path, Some(*byte))).collect()
            }
            _ => return None,
        };
        for (path, byte) in last_of_each(&wanted) {
            let path = PATHS[path].to_owned();
            match byte {
                None => drop(site.remove(&path)),
                Some(byte) => {
                    let bytes = vec![byte; 10];
                    if site.get(&path).is_none_or(|file| file.bytes != bytes) {
                        self.versions += 1;
                        site.insert(path, File { bytes, version: self.versions });
                    }
                }
            }
        }
        Some(site)
    }

    fn run(&mut self, op: &Op, crash_after: Option<usize>) {
        let intended = self.intended(op);
        let before = self.live;
        self.plug.pull_after(crash_after.unwrap_or(0));
        let result = catch_unwind(AssertUnwindSafe(|| self.perform(op)));
        self.plug.pull_after(0);
        if result.is_err() {
            self.after_crash(op, intended, before, crash_after.unwrap_or(0) / 2);
            return;
        }
        match result.unwrap() {
            Ok(()) => self.after_success(op, intended),
            Err(ReleaseError::NothingPublished) => assert!(self.live.is_none()),
            Err(ReleaseError::NoPrevious | ReleaseError::Unknown { .. }) => {}
            Err(ReleaseError::Collision { .. }) => {
                assert!(has_collision(&intended.unwrap()), "a collision where there is none");
            }
            Err(error) => panic!("{op:?}: {error:?}"),
        }
    }

    fn perform(&mut self, op: &Op) -> Result<(), ReleaseError> {
        let store = self.store.clone();
        match op {
            Op::Change(changes) => {
                publish(store.stage(StageKind::Changes)?, &last_of_each(changes))
            }
            Op::Full(files) => {
                let files: Vec<_> = files.iter().map(|(path, byte)| (*path, Some(*byte))).collect();
                publish(store.stage(StageKind::Full)?, &last_of_each(&files))
            }
            Op::Back => store.rollback(None).map(drop),
            Op::To(nth) => {
                let kept = store.list()?;
                let Some(info) = kept.get(nth % kept.len().max(1)) else { return Ok(()) };
                store.rollback(Some(info.id)).map(drop)
            }
            Op::Unpin => store.unpin().map(drop),
            Op::Prepare => store.prepare(),
            Op::Reopen => {
                self.store = open(&self.dist, &self.plug);
                Ok(())
            }
        }
    }

    fn after_success(&mut self, op: &Op, intended: Option<Site>) {
        let status = self.store.status().unwrap();
        let newest = status.newest.as_ref().map(|info| info.id);
        if let Some(site) = intended {
            assert!(!has_collision(&site), "a collision was published");
            let known = self.releases.last_key_value().map(|(id, _)| *id);
            if Some(&site) == self.releases.values().next_back() {
                assert_eq!(newest, known, "nothing changed, nothing is published");
            } else {
                self.releases.insert(newest.unwrap(), site);
            }
        }
        self.live = status.live.map(|info| info.id);
        self.pinned = status.pinned;
        match op {
            Op::Change(_) | Op::Full(_) | Op::Unpin if !self.pinned => {
                assert_eq!(self.live, newest);
            }
            Op::Back | Op::To(_) if self.live.is_some() => assert!(self.pinned),
            _ => {}
        }
        self.check();
    }

    /// Whatever was going on, visitors see the old site or the new one, before
    /// and after the next start.
    fn after_crash(&mut self, op: &Op, intended: Option<Site>, before: Option<u64>, again: usize) {
        let seen = tree(&self.dist.join("current"));
        // The first start after a crash may crash as well.
        self.plug.pull_after(again);
        let started = catch_unwind(AssertUnwindSafe(|| open(&self.dist, &self.plug)));
        self.plug.pull_after(0);
        drop(started);
        self.store = open(&self.dist, &self.plug);
        let status = self.store.status().unwrap();
        let newest = status.newest.as_ref().map(|info| info.id);
        if newest != self.releases.last_key_value().map(|(id, _)| *id) {
            self.releases.insert(newest.unwrap(), intended.clone().unwrap());
        }
        self.live = status.live.map(|info| info.id);
        self.pinned = status.pinned;
        let shows = |id: Option<u64>| {
            let site = id.and_then(|id| self.releases.get(&id)).cloned().unwrap_or_default();
            bytes_of(&site)
        };
        assert!(
            seen == shows(before) || seen == shows(self.live),
            "{op:?} left a mixture live: {seen:?}"
        );
        self.check();
    }

    fn check(&mut self) {
        let live = self.live.and_then(|id| self.releases.get(&id)).cloned().unwrap_or_default();
        let current = self.dist.join("current");
        assert_eq!(tree(&current), bytes_of(&live));
        for (path, file) in &live {
            let mtime = fs::metadata(current.join(path)).unwrap().mtime();
            let known = self.times.entry((path.clone(), file.version)).or_insert(mtime);
            assert_eq!(*known, mtime, "{path}: unchanged bytes keep their time");
        }
        self.check_times_grow();
        self.check_inodes();
        self.check_newest_hashes();
        self.check_objects();
    }

    fn check_times_grow(&self) {
        let mut by_path: BTreeMap<&str, BTreeMap<u64, i64>> = BTreeMap::new();
        for ((path, version), mtime) in &self.times {
            by_path.entry(path).or_default().insert(*version, *mtime);
        }
        for (path, versions) in by_path {
            let times: Vec<_> = versions.into_values().collect();
            assert!(times.is_sorted_by(|one, next| one < next), "{path}: {times:?}");
        }
    }

    /// nginx's ETag comes from the inode's time: two paths must never share one.
    fn check_inodes(&self) {
        let mut owners: HashMap<u64, String> = HashMap::new();
        for tree in fs::read_dir(self.dist.join("trees")).unwrap() {
            let tree = tree.unwrap().path();
            for (path, inode) in inodes(&tree) {
                let owner = owners.entry(inode).or_insert_with(|| path.clone());
                assert_eq!(*owner, path, "two paths share an inode");
            }
        }
        let objects = inodes(&self.dist.join("objects"));
        let distinct: BTreeSet<_> = objects.values().collect();
        assert_eq!(distinct.len(), objects.len());
        assert!(fs::read_dir(self.dist.join("staging")).unwrap().count() <= 1);
        assert!(fs::read_dir(self.dist.join("trees")).unwrap().count() <= 2);
    }

    fn check_newest_hashes(&self) {
        let newest = self.newest();
        for path in PATHS {
            let expected = newest.get(path).map(|file| blake3::hash(&file.bytes));
            assert_eq!(self.store.hash_of(path).unwrap(), expected, "{path}");
        }
        assert_eq!(self.store.file_count().unwrap(), newest.len() as u64);
        if let Some(folder) = self.store.newest_dir().unwrap() {
            assert_eq!(tree(&folder), bytes_of(&newest));
        }
    }

    /// Nothing is kept that no kept release shows.
    fn check_objects(&self) {
        let kept = self.store.list().unwrap();
        assert!(kept.len() <= KEEP + 1);
        let shown: BTreeSet<_> = kept
            .iter()
            .flat_map(|info| &self.releases[&info.id])
            .map(|(path, file)| (path, file.version))
            .collect();
        assert!(inodes(&self.dist.join("objects")).len() <= shown.len(), "objects leak");
    }

    /// Every kept release can still be shown, byte for byte.
    fn check_all_kept(&mut self) {
        // Oldest first: leaving a release beyond the kept ones forgets it.
        for info in self.store.list().unwrap().into_iter().rev() {
            self.store.rollback(Some(info.id)).unwrap();
            let site = &self.releases[&info.id];
            assert_eq!(tree(&self.dist.join("current")), bytes_of(site));
        }
    }
}

/// Thousands of synced commits: in memory where the system has such a folder.
fn memory_backed() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn publish(stage: Stage, changes: &[(usize, Option<u8>)]) -> Result<(), ReleaseError> {
    for (path, byte) in changes {
        match byte {
            Some(byte) => stage.put(PATHS[*path], &[*byte; 10])?,
            None => stage.remove(PATHS[*path])?,
        }
    }
    stage.publish(Meta::default()).map(drop)
}

fn open(dist: &Path, plug: &Plug) -> Store {
    let settings =
        Settings { keep: KEEP, durable: false, faults: plug.faults(), ..Settings::default() };
    Store::open_with(dist, settings).unwrap()
}

fn last_of_each(changes: &[(usize, Option<u8>)]) -> Vec<(usize, Option<u8>)> {
    let last: BTreeMap<_, _> = changes.iter().copied().collect();
    last.into_iter().collect()
}

fn has_collision(site: &Site) -> bool {
    site.contains_key("a") && site.contains_key("a/index.html")
}

fn bytes_of(site: &Site) -> BTreeMap<String, Vec<u8>> {
    site.iter().map(|(path, file)| (path.clone(), file.bytes.clone())).collect()
}

fn files_below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = folder.canonicalize().ok();
    let entries = folder.into_iter().flat_map(WalkDir::new).map(Result::unwrap);
    entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path)
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let base = folder.canonicalize().unwrap_or_default();
    let name = |file: &Path| file.strip_prefix(&base).unwrap().to_str().unwrap().to_owned();
    files_below(folder).map(|file| (name(&file), fs::read(&file).unwrap())).collect()
}

fn inodes(folder: &Path) -> BTreeMap<String, u64> {
    let base = folder.canonicalize().unwrap();
    let name = |file: &Path| file.strip_prefix(&base).unwrap().to_str().unwrap().to_owned();
    files_below(folder).map(|file| (name(&file), file.metadata().unwrap().ino())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn visitors_see_exactly_the_model(ops in prop::collection::vec(op(), 1..25)) {
        let dist = memory_backed();
        let mut bench = Bench::new(dist.path());
        for op in &ops {
            bench.run(op, None);
        }
        bench.check_all_kept();
    }

    #[test]
    fn a_crash_anywhere_leaves_a_complete_site(
        ops in prop::collection::vec((op(), prop::option::weighted(0.5, 1..12_usize)), 1..20)
    ) {
        std::panic::set_hook(Box::new(quiet_panics));
        let dist = memory_backed();
        let mut bench = Bench::new(dist.path());
        for (op, crash_after) in &ops {
            bench.run(op, *crash_after);
        }
        bench.check_all_kept();
    }
}

/// Pulled plugs are expected by the hundred; real failures are still printed.
fn quiet_panics(info: &std::panic::PanicHookInfo<'_>) {
    if info.payload().downcast_ref::<&str>() != Some(&"the plug was pulled") {
        eprintln!("{info}");
    }
}

#[test]
fn the_work_of_a_switch_follows_the_change_and_not_the_site() {
    let dist = memory_backed();
    let touched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&touched);
    let faults = Faults::hook(move |point| {
        if point == FaultPoint::Applying {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let settings = Settings { faults, ..Settings::default() };
    let store = Store::open_with(dist.path(), settings).unwrap();
    let names: Vec<_> = (0..2000).map(|n| format!("p/{n}/index.html")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), "old")).collect();
    store.publish(changes(&all, &[]), Meta::default()).unwrap();
    for text in ["one", "two", "three"] {
        let three: Vec<_> = names.iter().take(3).map(|name| (name.as_str(), text)).collect();
        touched.store(0, Ordering::SeqCst);
        store.publish(changes(&three, &[]), Meta::default()).unwrap();
        assert_eq!(touched.load(Ordering::SeqCst), 3);
    }
    touched.store(0, Ordering::SeqCst);
    store.rollback(Some(1)).unwrap();
    assert_eq!(touched.load(Ordering::SeqCst), 3);
}

fn changes(upserts: &[(&str, &str)], removes: &[&str]) -> Changes {
    Changes {
        upserts: upserts.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect(),
        removes: removes.iter().map(|path| (*path).into()).collect(),
        full: false,
    }
}

#[test]
fn a_rollback_pins_until_it_is_unpinned() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    let page = || fs::read_to_string(dist.path().join("current/index.html")).unwrap();
    for text in ["one", "two"] {
        store.publish(changes(&[("index.html", text)], &[]), Meta::default()).unwrap();
    }
    assert_eq!(store.rollback(None).unwrap().id, 1);
    assert_eq!(page(), "one");
    let waiting = store.publish(changes(&[("index.html", "three")], &[]), Meta::default());
    let waiting = waiting.unwrap().unwrap();
    assert!(waiting.pinned && !waiting.live);
    assert_eq!(page(), "one");
    let listed = store.list().unwrap();
    assert_eq!(
        listed.iter().map(|info| (info.id, info.live, info.pinned)).collect::<Vec<_>>(),
        [(3, false, false), (2, false, false), (1, true, true)]
    );
    assert_eq!(store.unpin().unwrap().id, 3);
    assert_eq!(page(), "three");
    assert!(matches!(store.rollback(Some(9)), Err(ReleaseError::Unknown { id: 9, .. })));
}

#[test]
fn nothing_is_published_when_nothing_differs() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    let site = || changes(&[("index.html", "same"), ("a.txt", "x")], &[]);
    let first = store.publish(site(), Meta::default()).unwrap().unwrap();
    assert_eq!((first.id, first.written, first.unchanged, first.removed), (1, 2, 0, 0));
    assert_eq!(store.publish(site(), Meta::default()).unwrap(), None);
    let full = Changes { full: true, ..site() };
    assert_eq!(store.publish(full, Meta::default()).unwrap(), None);
    let second = store.publish(changes(&[("a.txt", "y")], &["none"]), Meta::default());
    let second = second.unwrap().unwrap();
    assert_eq!((second.written, second.unchanged, second.removed), (1, 1, 0));
    assert_eq!(store.changes(2).unwrap().len(), 1);
}

#[test]
fn an_asset_outlives_the_release_that_dropped_it() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    store.publish(changes(&[("assets/a.1.css", "a")], &[]), Meta::default()).unwrap();
    let next = changes(&[("assets/a.2.css", "b")], &["assets/a.1.css"]);
    store.publish(next, Meta::default()).unwrap();
    assert!(!store.current_dir().join("assets/a.1.css").exists());
    assert_eq!(fs::read_to_string(store.retired_dir().join("assets/a.1.css")).unwrap(), "a");
    store.rollback(None).unwrap();
    assert_eq!(fs::read_to_string(store.retired_dir().join("assets/a.2.css")).unwrap(), "b");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    for path in ["../x", "/etc/passwd", "a//b", ""] {
        let refused = store.publish(changes(&[(path, "x")], &[]), Meta::default());
        assert!(matches!(refused, Err(ReleaseError::BadPath { .. })), "{path}");
    }
    let twice = changes(&[("a", "1"), ("a", "2")], &[]);
    assert!(matches!(store.publish(twice, Meta::default()), Err(ReleaseError::Twice { .. })));
    assert!(store.live().unwrap().is_none());
}

#[test]
fn a_build_that_was_overtaken_says_so() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    store.publish(changes(&[("a", "1")], &[]), Meta::default()).unwrap();
    let slow = store.stage(StageKind::Changes).unwrap();
    slow.put("a", b"2").unwrap();
    let other = Store::open(dist.path()).unwrap();
    other.publish(changes(&[("a", "3")], &[]), Meta::default()).unwrap();
    let overtaken = slow.publish(Meta::default());
    assert!(matches!(overtaken, Err(ReleaseError::Overtaken { .. })));
    assert_eq!(store.hash_of("a").unwrap(), Some(blake3::hash(b"3")));
}

#[test]
fn an_emptied_folder_starts_afresh() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    store.publish(changes(&[("a", "1")], &[]), Meta::default()).unwrap();
    fs::remove_dir_all(dist.path().join("trees")).unwrap();
    let first = store.publish(changes(&[("a", "1")], &[]), Meta::default()).unwrap().unwrap();
    assert_eq!((first.id, first.previous), (1, None));
    assert_eq!(fs::read_to_string(dist.path().join("current/a")).unwrap(), "1");
}

#[test]
fn reports_are_kept_with_their_release() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    let meta = Meta { report: serde_json::json!({"rendered": 1}), seq: 7, ..Meta::default() };
    store.publish(changes(&[("a", "1")], &[]), meta).unwrap();
    assert_eq!(store.report(1).unwrap()["rendered"], 1);
    store.set_report(1, &serde_json::json!({"rendered": 2})).unwrap();
    assert_eq!(store.report(1).unwrap()["rendered"], 2);
    assert_eq!(store.live().unwrap().unwrap().seq, 7);
    assert!(matches!(store.report(4), Err(ReleaseError::Unknown { id: 4, .. })));
}
