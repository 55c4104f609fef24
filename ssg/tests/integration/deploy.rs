//! Releases on other machines, as their visitors see them: all targets show a
//! release, or all show the one before.

mod bucket;
mod canary;
mod faults;
mod program;
mod rivals;
mod ssh;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use ssg::{
    deploy::{Faults, Journal, Phase, Place, Rollout, Settled, Showing, Target},
    guard::Policy,
    release::Store,
};
use tempfile::TempDir;

use super::serving::publish;

/// A site and its static nodes, all below one folder.
pub(super) struct Fleet {
    folder: TempDir,
    store: Store,
    targets: Vec<Target>,
}

fn local(folder: &Path, name: &str) -> Target {
    let path = folder.join(name).display().to_string();
    Target {
        name: name.to_owned(),
        place: Place::Local { path },
        canary: false,
        url: None,
        log: None,
    }
}

impl Fleet {
    fn new(names: &[&str]) -> Self {
        // Targets are synced again and again: in memory where the system has such a folder.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let store = Store::open(&folder.path().join("dist")).unwrap();
        publish(
            &store,
            &[
                ("index.html", "home"),
                ("a/index.html", "a"),
                ("b/index.html", "b"),
                ("with space/ü\n.txt", "odd"),
                ("assets/site.0123456789ab.css", "css"),
            ],
            &[],
        );
        let targets = names.iter().map(|name| local(folder.path(), name)).collect();
        Self { folder, store, targets }
    }

    fn rollout(&self) -> Rollout {
        Rollout {
            store: self.store.clone(),
            targets: self.targets.clone(),
            site: "https://example.org".to_owned(),
            cache: self.folder.path().join("cache"),
            watch: Duration::ZERO,
            promote: true,
            whole: false,
            guard: Policy::default(),
            faults: Faults::default(),
        }
    }

    async fn deploy(&self) -> anyhow::Result<Settled> {
        self.rollout().deploy(self.live()).await
    }

    fn live(&self) -> u64 {
        self.store.live().unwrap().unwrap().id
    }

    fn root(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shown(&self, name: &str) -> BTreeMap<String, (String, i64)> {
        tree(&self.root(name).join("current"))
    }

    fn here(&self) -> BTreeMap<String, (String, i64)> {
        self.shown("dist")
    }

    fn journal(&self) -> Journal {
        Journal::load(&self.store).unwrap().unwrap()
    }
}

/// What nginx would serve, and the time that it would make an ETag of.
fn tree(folder: &Path) -> BTreeMap<String, (String, i64)> {
    let Ok(folder) = folder.canonicalize() else { return BTreeMap::new() };
    let entries = walkdir::WalkDir::new(&folder).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(entry.path()).unwrap();
            (name, (text, entry.metadata().unwrap().mtime()))
        })
        .collect()
}

#[tokio::test]
async fn every_target_shows_what_is_shown_here_with_the_same_times() {
    let fleet = Fleet::new(&["one", "two"]);
    assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere);
    for name in ["one", "two"] {
        assert_eq!(fleet.shown(name), fleet.here());
    }
    publish(
        &fleet.store,
        &[("a/index.html", "other"), ("b", "a file where a folder was"), ("c/d/index.html", "new")],
        &["b/index.html", "assets/site.0123456789ab.css"],
    );
    assert_ne!(fleet.shown("one"), fleet.here(), "only a deployment changes a target");
    fleet.deploy().await.unwrap();
    // A third one comes to the second tree from the first release.
    publish(&fleet.store, &[("index.html", "again")], &["c/d/index.html"]);
    fleet.deploy().await.unwrap();
    for name in ["one", "two"] {
        assert_eq!(fleet.shown(name), fleet.here());
        let retired = fleet.root(name).join("retired/assets/site.0123456789ab.css");
        assert_eq!(fs::read_to_string(retired).unwrap(), "css");
        assert!(!fleet.root(name).join("current/c").exists(), "empty folders are gone");
    }
    let standings = fleet.rollout().standings().unwrap();
    assert!(standings.iter().all(|one| one.showing == Showing::Release(3)), "{standings:?}");
    assert_eq!(fleet.journal().phase, Phase::Done);
    // Going back is a deployment like any other.
    fleet.rollout().deploy(1).await.unwrap();
    assert_eq!(fleet.shown("one")["a/index.html"].0, "a");
}

#[tokio::test]
async fn only_missing_files_travel() {
    let fleet = Fleet::new(&["one"]);
    fleet.deploy().await.unwrap();
    let inode = |tree: &str, file: &str| {
        fs::metadata(fleet.root("one").join("trees").join(tree).join(file)).unwrap().ino()
    };
    publish(&fleet.store, &[("a/index.html", "other")], &[]);
    fleet.deploy().await.unwrap();
    // The second tree is new, but what the first one had is linked.
    for same in ["index.html", "b/index.html", "assets/site.0123456789ab.css"] {
        assert_eq!(inode("a", same), inode("b", same), "{same}");
    }
    assert_ne!(inode("a", "a/index.html"), inode("b", "a/index.html"));
    // The first tree is brought up to date in place; nothing else in it is touched.
    let before = inode("a", "b/index.html");
    publish(&fleet.store, &[("index.html", "other")], &[]);
    fleet.deploy().await.unwrap();
    assert_eq!(inode("a", "b/index.html"), before);
    assert_eq!(inode("a", "a/index.html"), inode("b", "a/index.html"), "linked from the live tree");
}

#[tokio::test]
async fn what_somebody_else_did_to_a_target_is_put_right() {
    let fleet = Fleet::new(&["one"]);
    fleet.deploy().await.unwrap();
    publish(&fleet.store, &[("index.html", "two")], &[]);
    fleet.deploy().await.unwrap();
    // The note is gone, a file was damaged, another one added.
    let other = fleet.root("one/trees/a");
    fs::remove_file(fleet.root("one/trees/a.release")).unwrap();
    fs::write(other.join("b/index.html"), "damaged").unwrap();
    fs::write(other.join("stray"), "stray").unwrap();
    publish(&fleet.store, &[("a/index.html", "three")], &[]);
    fleet.deploy().await.unwrap();
    assert_eq!(fleet.shown("one"), fleet.here());
    // Bytes that changed and kept size and time are found by whoever asks for it.
    let file = fleet.root("one/current/b/index.html");
    let time = fs::metadata(&file).unwrap().modified().unwrap();
    fs::write(&file, "X").unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    Rollout { whole: true, ..fleet.rollout() }.deploy(fleet.live()).await.unwrap();
    assert_eq!(fleet.shown("one"), fleet.here());
}

#[tokio::test]
async fn a_target_that_cannot_be_prepared_leaves_all_as_they_were() {
    let mut fleet = Fleet::new(&["one", "two"]);
    fleet.deploy().await.unwrap();
    let before = fleet.here();
    publish(&fleet.store, &[("index.html", "two")], &[]);
    fs::write(fleet.root("blocked"), "a file").unwrap();
    fleet.targets.push(local(fleet.folder.path(), "blocked"));
    let refused = format!("{:#}", fleet.deploy().await.unwrap_err());
    assert!(refused.contains("nothing was switched: target `blocked`"), "{refused}");
    assert_eq!((fleet.shown("one"), fleet.shown("two")), (before.clone(), before));
    assert_eq!(fleet.journal().phase, Phase::Aborted);
    // Without it, the others get the release.
    fleet.targets.pop();
    fleet.deploy().await.unwrap();
    assert_eq!(fleet.shown("two"), fleet.here());
}

#[tokio::test]
async fn a_target_that_cannot_switch_takes_the_others_back() {
    let fleet = Fleet::new(&["one", "two", "three"]);
    fleet.deploy().await.unwrap();
    let before = fleet.here();
    publish(&fleet.store, &[("index.html", "two")], &[]);
    // The last one loses its other tree between the preparation and the switch.
    let mark = fleet.root("three/trees/b.release");
    let faults = Faults::hook(move |point| {
        if point == ssg::deploy::DeployPoint::Flipping {
            let _ = fs::remove_file(&mark);
        }
    });
    let failed = Rollout { faults, ..fleet.rollout() }.deploy(fleet.live()).await.unwrap_err();
    let failed = format!("{failed:#}");
    assert!(failed.contains("target `three`") && failed.contains("not complete"), "{failed}");
    for name in ["one", "two", "three"] {
        assert_eq!(fleet.shown(name), before, "{name}");
    }
    let journal = fleet.journal();
    assert_eq!(journal.phase, Phase::Aborted);
    assert!(journal.reason.unwrap().contains("not complete"));
    fleet.deploy().await.unwrap();
    assert_eq!(fleet.shown("three"), fleet.here());
}

#[tokio::test]
async fn a_release_that_is_not_kept_and_a_site_without_targets_are_refused() {
    let mut fleet = Fleet::new(&["one"]);
    let unknown = fleet.rollout().deploy(9).await.unwrap_err();
    assert!(format!("{unknown:#}").contains("there is no release 9"), "{unknown:#}");
    assert!(fleet.shown("one").is_empty());
    assert!(fleet.rollout().abort().is_err(), "nothing is under way");
    fleet.targets.clear();
    assert!(format!("{:#}", fleet.deploy().await.unwrap_err()).contains("[[target]]"));
}
