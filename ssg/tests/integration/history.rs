//! What is kept of earlier releases, and what can be asked about them.

use std::{fs, path::Path};

use ssg::release::{Changes, FileAction, Meta, ReleaseError, Settings, Store};
use walkdir::WalkDir;

fn publish(store: &Store, upserts: &[(&str, &str)], removes: &[&str]) {
    let upserts =
        upserts.iter().map(|(path, text)| ((*path).into(), text.as_bytes().to_vec())).collect();
    let removes = removes.iter().map(|path| (*path).into()).collect();
    let changes = Changes { upserts, removes, full: false };
    store.publish(changes, Meta::default()).unwrap().unwrap();
}

fn differences(store: &Store, from: u64, to: u64) -> Vec<(FileAction, String)> {
    let changes = store.diff(from, to).unwrap();
    changes.into_iter().map(|change| (change.action, change.path)).collect()
}

fn bytes_below(folder: &Path) -> u64 {
    let files = WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().metadata().unwrap());
    files.filter(fs::Metadata::is_file).map(|meta| meta.len()).sum()
}

#[test]
fn two_releases_are_compared_in_both_directions() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    publish(&store, &[("a", "1"), ("b", "1"), ("c", "1")], &[]);
    publish(&store, &[("b", "2")], &["c"]);
    publish(&store, &[("b", "3"), ("d", "1"), ("a", "2")], &[]);
    // The same bytes again are no difference, however they came.
    publish(&store, &[("a", "1")], &[]);
    let (add, change, remove) = (FileAction::Add, FileAction::Change, FileAction::Remove);
    let named = |rows: &[(FileAction, &str)]| {
        rows.iter().map(|(action, path)| (*action, (*path).to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(differences(&store, 1, 4), named(&[(change, "b"), (remove, "c"), (add, "d")]));
    assert_eq!(differences(&store, 4, 1), named(&[(change, "b"), (add, "c"), (remove, "d")]));
    assert_eq!(differences(&store, 2, 2), []);
    assert!(matches!(store.diff(1, 9), Err(ReleaseError::Unknown { id: 9, .. })));
}

#[test]
fn a_pinned_release_stays_live() {
    let dist = tempfile::tempdir().unwrap();
    let store = Store::open(dist.path()).unwrap();
    assert!(matches!(store.pin(), Err(ReleaseError::NothingPublished)));
    publish(&store, &[("a", "1")], &[]);
    assert_eq!(store.pin().unwrap().id, 1);
    assert_eq!(store.pin().unwrap().id, 1);
    publish(&store, &[("a", "2")], &[]);
    assert_eq!(fs::read_to_string(store.current_dir().join("a")).unwrap(), "1");
    assert_eq!(store.unpin().unwrap().id, 2);
    assert_eq!(fs::read_to_string(store.current_dir().join("a")).unwrap(), "2");
}

#[test]
fn old_releases_give_way_when_their_files_take_too_much_room() {
    const SIZE: usize = 60;
    const ROOM: u64 = 130;
    let dist = tempfile::tempdir().unwrap();
    let settings = Settings { keep_bytes: Some(ROOM), durable: false, ..Settings::default() };
    let store = Store::open_with(dist.path(), settings).unwrap();
    for round in 0..9_u8 {
        let text = char::from(b'a' + round).to_string().repeat(SIZE);
        publish(&store, &[("a", &text), ("unchanged", &"x".repeat(1000))], &[]);
        assert!(store.list().unwrap().len() <= 3);
        assert!(bytes_below(&dist.path().join("objects")) <= ROOM);
    }
    let ids = |store: &Store| store.list().unwrap().iter().map(|info| info.id).collect::<Vec<_>>();
    assert_eq!(ids(&store), [9, 8, 7]);
    // What is listed can be gone back to, and the live one is never dropped.
    assert_eq!(store.rollback(Some(7)).unwrap().id, 7);
    assert_eq!(fs::read_to_string(store.current_dir().join("a")).unwrap(), "g".repeat(SIZE));
    for round in 0..3_u8 {
        let text = char::from(b'A' + round).to_string().repeat(SIZE);
        publish(&store, &[("a", &text)], &[]);
    }
    assert_eq!(ids(&store), [12, 11, 10, 7]);
    assert_eq!(store.unpin().unwrap().id, 12);
    assert_eq!(fs::read_to_string(store.current_dir().join("a")).unwrap(), "C".repeat(SIZE));
    // However little room there is, one can go back once.
    publish(&store, &[("a", &"y".repeat(1000))], &[]);
    publish(&store, &[("a", "z")], &[]);
    assert_eq!(ids(&store), [14, 13]);
    store.rollback(None).unwrap();
    assert_eq!(fs::read_to_string(store.current_dir().join("a")).unwrap(), "y".repeat(1000));
}
