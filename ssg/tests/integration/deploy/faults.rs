//! kill -9 anywhere in a deployment: every target shows one of the two releases,
//! whole, and the next command goes on or takes back.
//!
//! The process that is killed is this test program, started again for one test
//! that does nothing unless it is told to.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use ssg::deploy::DeployPoint;

use super::*;

const TOLD: &str = "GALLEY_TEST_DEPLOY";
const NAMES: [&str; 3] = ["canary", "one", "two"];

#[expect(clippy::disallowed_methods, reason = "a message from one test process to another")]
fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Deploys, and dies when it reaches a point for the nth time.
#[tokio::test]
async fn a_process_that_dies_while_it_deploys() {
    let Some(told) = told() else { return };
    let words: Vec<_> = told.split('|').collect();
    let (folder, point, nth) =
        (PathBuf::from(words[0]), words[1], words[2].parse::<usize>().unwrap());
    let (point, count) = (point.to_owned(), AtomicUsize::new(0));
    let faults = Faults::hook(move |reached| {
        if format!("{reached:?}") == point && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
        }
    });
    let rollout = Rollout { faults, ..rollout(&folder) };
    let live = rollout.store.live().unwrap().unwrap().id;
    let _ = rollout.deploy(live).await;
}

fn rollout(folder: &Path) -> Rollout {
    let mut targets: Vec<_> = NAMES.iter().map(|name| local(folder, name)).collect();
    targets[0].canary = true;
    Rollout {
        store: Store::open(&folder.join("dist")).unwrap(),
        targets,
        site: "https://example.org".to_owned(),
        cache: folder.join("cache"),
        watch: Duration::ZERO,
        promote: true,
        whole: false,
        guard: Policy::default(),
        faults: Faults::default(),
    }
}

fn die(folder: &Path, point: DeployPoint, nth: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "integration::deploy::faults::a_process_that_dies_while_it_deploys"])
        .env(TOLD, format!("{}|{point:?}|{nth}", folder.display()))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

/// A fleet that shows its first release and has a second one to deploy.
async fn before() -> Fleet {
    let mut fleet = Fleet::new(&NAMES);
    fleet.targets[0].canary = true;
    fleet.deploy().await.unwrap();
    publish(
        &fleet.store,
        &[("a/index.html", "other"), ("c/index.html", "new")],
        &["b/index.html", "assets/site.0123456789ab.css"],
    );
    fleet
}

fn check_whole(fleet: &Fleet, old: &BTreeMap<String, (String, i64)>, what: &str) {
    for name in NAMES {
        let shown = fleet.shown(name);
        assert!(shown == *old || shown == fleet.here(), "{what}: {name} shows {shown:?}");
    }
}

/// Where the point is reached more than once, it matters which time.
fn times(point: DeployPoint) -> usize {
    match point {
        DeployPoint::Opened | DeployPoint::Sent | DeployPoint::Prepared => 3,
        DeployPoint::Flipping | DeployPoint::Flipped => 2,
        _ => 1,
    }
}

fn points() -> impl Iterator<Item = (DeployPoint, usize)> {
    // The way back is tested by itself.
    let elsewhere = [
        DeployPoint::FlippedBack,
        // Only a bucket comes to these.
        DeployPoint::AssetsCopied,
        DeployPoint::PagesCopied,
        DeployPoint::Exchanged,
    ];
    let forth = DeployPoint::ALL.into_iter().filter(move |point| !elsewhere.contains(point));
    forth.flat_map(|point| (1..=times(point)).map(move |nth| (point, nth)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_killed_goes_on() {
    for (point, nth) in points() {
        let fleet = before().await;
        let old = fleet.shown("one");
        let what = format!("{point:?} {nth}");
        assert!(die(fleet.folder.path(), point, nth), "{what} was not reached");
        check_whole(&fleet, &old, &what);
        assert_eq!(fleet.deploy().await.unwrap(), Settled::Everywhere, "{what}");
        for name in NAMES {
            assert_eq!(fleet.shown(name), fleet.here(), "{what}");
        }
        assert_eq!(fleet.journal().phase, Phase::Done);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_that_is_killed_can_be_taken_back_or_replaced() {
    for (point, nth) in points() {
        let fleet = before().await;
        let old = fleet.shown("one");
        let what = format!("{point:?} {nth}");
        assert!(die(fleet.folder.path(), point, nth), "{what} was not reached");
        if nth == 1 {
            fleet.rollout().abort().unwrap();
            for name in NAMES {
                assert_eq!(fleet.shown(name), old, "{what}");
            }
            assert_eq!(fleet.journal().phase, Phase::Aborted);
        }
        publish(&fleet.store, &[("a/index.html", "third")], &[]);
        fleet.deploy().await.unwrap();
        for name in NAMES {
            assert_eq!(fleet.shown(name), fleet.here(), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_is_killed_is_gone_to_its_end() {
    let fleet = before().await;
    let old = fleet.shown("one");
    // Everybody but the last has switched.
    assert!(die(fleet.folder.path(), DeployPoint::Flipping, 2));
    let (folder, point) = (fleet.folder.path(), DeployPoint::FlippedBack);
    let aborting = |nth| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "integration::deploy::faults::a_process_that_dies_while_it_aborts"])
            .env(TOLD, format!("{}|{point:?}|{nth}", folder.display()))
            .stdout(Stdio::null())
            .status()
            .unwrap()
    };
    for _ in 0..2 {
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&aborting(1)), Some(9));
        check_whole(&fleet, &old, "aborting");
    }
    fleet.rollout().abort().unwrap();
    for name in NAMES {
        assert_eq!(fleet.shown(name), old);
    }
}

/// Takes back, and dies when the nth target has been.
#[test]
fn a_process_that_dies_while_it_aborts() {
    let Some(told) = told() else { return };
    let words: Vec<_> = told.split('|').collect();
    let nth: usize = words[2].parse().unwrap();
    let count = AtomicUsize::new(0);
    let faults = Faults::hook(move |reached| {
        if reached == DeployPoint::FlippedBack && count.fetch_add(1, Ordering::SeqCst) + 1 == nth {
            let this = rustix::process::getpid();
            rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
        }
    });
    let _ = Rollout { faults, ..rollout(Path::new(words[0])) }.abort();
}
