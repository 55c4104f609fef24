//! kill -9 anywhere between a switch and the end of its purge: the next start
//! makes up for it.
//!
//! The process that is killed is this test program, started again for one test
//! that does nothing unless it is told to.

use std::{collections::BTreeSet, process::Command};

use ssg::cdn::PurgePoint;

use super::*;

const TOLD: &str = "GALLEY_TEST_PURGE";

#[expect(clippy::disallowed_methods, reason = "a message from one test process to another")]
fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Publishes and purges, and dies when it reaches a point for the nth time.
#[tokio::test]
async fn a_process_that_dies_while_it_purges() {
    let Some(told) = told() else { return };
    let words: Vec<_> = told.split('|').collect();
    let (dist, url, point, nth) =
        (words[0], words[1], words[2], words[3].parse::<usize>().unwrap());
    let count = std::sync::atomic::AtomicUsize::new(0);
    let point = point.to_owned();
    let faults = Faults::hook(move |reached| {
        let before = count.load(std::sync::atomic::Ordering::SeqCst);
        if format!("{reached:?}") == point {
            count.store(before + 1, std::sync::atomic::Ordering::SeqCst);
            if before + 1 == nth {
                let this = rustix::process::getpid();
                rustix::process::kill_process(this, rustix::process::Signal::KILL).unwrap();
            }
        }
    });
    let cdn = Cdn {
        again: Duration::from_millis(10),
        ..cdn(Provider::Purge { endpoints: vec![url.parse().unwrap()] })
    };
    let store = Store::open(Path::new(dist)).unwrap();
    publish(&store, &[("a/index.html", "two"), ("feed.xml", "two")], &["b/index.html"]);
    Purger::new(vec![cdn], &store, &faults).unwrap().catch_up(PATIENCE).await;
}

fn die(dist: &Path, edge: &FakeCms, point: PurgePoint, nth: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "integration::cdn::faults::a_process_that_dies_while_it_purges"])
        .env(TOLD, format!("{}|{}|{point:?}|{nth}", dist.display(), edge.url))
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(9)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_that_is_killed_is_made_up_for() {
    for point in PurgePoint::ALL {
        for nth in [1, 2] {
            let dist = tempfile::tempdir().unwrap();
            let edge = accepting();
            let cdn = purged_at(&edge);
            let store = site(dist.path(), &cdn).await;
            edge.forget();
            assert!(die(dist.path(), &edge, point, nth), "{point:?} was not reached {nth} times");
            assert!(catch_up(&store, &cdn).await.done);
            let every = BTreeSet::from_iter(purged(&edge.asked()));
            let changed = ["/a/", "/a/index.html", "/b", "/b/", "/b/index.html", "/feed.xml"];
            assert!(every.iter().eq(changed.iter()), "{point:?} {nth}: {every:?}");
            assert_eq!(store.purges(2).unwrap()["edge"]["outcome"], "purged");
            edge.forget();
            assert!(catch_up(&store, &cdn).await.done);
            assert!(edge.asked().is_empty(), "{point:?}: it is done once");
        }
    }
}
