//! What survives a reopened, a damaged and an older state file.

use std::fs;

use super::*;

fn row(document_id: &str, json: &str) -> ReplicaRow {
    let id = RowId {
        uid: "api::article.article".into(),
        document_id: document_id.into(),
        locale: "en".into(),
    };
    ReplicaRow { id, json: json.as_bytes().to_vec() }
}

fn rows(store: &Store) -> Vec<ReplicaRow> {
    let mut all = Vec::new();
    store.rows(|rows| all.extend(rows)).unwrap();
    all
}

type Encoded<K> = Vec<(K, Vec<u8>)>;

fn stored_traces(store: &Store) -> (Encoded<u32>, Encoded<String>) {
    let (mut questions, mut traces) = (Vec::new(), Vec::new());
    store.questions(|id, bytes| questions.push((id, bytes.to_vec()))).unwrap();
    store.traces(|file, bytes| traces.push((file.to_owned(), bytes.to_vec()))).unwrap();
    (questions, traces)
}

fn pulled() -> Commit {
    let replica = ReplicaChange {
        upserts: vec![row("a", "{}"), row("b", "[]")],
        cursor: Some("token".into()),
        seq: Some(7),
        locales: Some(vec!["en".into(), "de".into()]),
        model: Some(b"{}".to_vec()),
        ..ReplicaChange::default()
    };
    let traces = TraceChange { engine: Some("e1".into()), ..TraceChange::default() };
    Commit { replica, traces, touched: TouchedChange::default() }
}

fn rendered() -> impl Iterator<Item = TraceRows> {
    let questions = vec![(1, Some(b"q".to_vec()))];
    let traces = vec![("index.html".into(), Some(b"t".to_vec()))];
    std::iter::once(TraceRows { questions, traces })
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().commit_with(&pulled(), rendered()).unwrap(), 1);
    let store = Store::open(dir.path()).unwrap();
    let head = store.head().unwrap();
    assert_eq!(head.revision, 1);
    assert_eq!(rows(&store), [row("a", "{}"), row("b", "[]")]);
    assert_eq!((head.cursor.as_deref(), head.seq), (Some("token"), 7));
    assert_eq!(head.locales, ["en", "de"]);
    assert_eq!(head.engine.as_deref(), Some("e1"));
    let pages = vec![("index.html".to_owned(), b"t".to_vec())];
    assert_eq!(stored_traces(&store), (vec![(1, b"q".to_vec())], pages));
}

#[test]
fn deletes_and_resets_take_effect() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit_with(&pulled(), rendered()).unwrap();
    let deletes = vec![row("a", "").id];
    let gone = TraceRows { traces: vec![("index.html".into(), None)], questions: vec![(1, None)] };
    let replica = ReplicaChange { deletes, ..ReplicaChange::default() };
    let commit = Commit { replica, ..Commit::default() };
    store.commit_with(&commit, std::iter::once(gone)).unwrap();
    assert_eq!(rows(&store), [row("b", "[]")]);
    assert_eq!(stored_traces(&store), (vec![], vec![]));

    let replica =
        ReplicaChange { reset: true, upserts: vec![row("c", "1")], ..ReplicaChange::default() };
    store.commit(&Commit { replica, ..Commit::default() }).unwrap();
    assert_eq!(rows(&store), [row("c", "1")]);
}

#[test]
fn a_touched_document_keeps_the_bytes_it_had_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let id = row("a", "").id;
    for bytes in ["one", "two"] {
        let touched = Touched::from([(id.clone(), Some(bytes.as_bytes().to_vec()))]);
        let touched = TouchedChange::Add(touched);
        store.commit(&Commit { touched, ..Commit::default() }).unwrap();
    }
    assert_eq!(store.head().unwrap().touched[&id].as_deref(), Some(b"one".as_slice()));
    store.commit(&Commit { touched: TouchedChange::Clear, ..Commit::default() }).unwrap();
    assert!(store.head().unwrap().touched.is_empty());
}

#[test]
fn a_file_that_is_no_database_is_replaced() {
    for garbage in [b"not a database".as_slice(), &[0xff; 8192], &[0; 4096]] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(Store::FILE_NAME), garbage).unwrap();
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.head().unwrap().revision, 0);
    }
}

#[test]
fn a_truncated_database_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path()).unwrap().commit_with(&pulled(), rendered()).unwrap();
    let path = dir.path().join(Store::FILE_NAME);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(10_000).unwrap();
    drop(file);
    let mut store = Store::open(dir.path()).unwrap();
    let read = store.head().and_then(|_| store.rows(drop));
    if let Err(error) = read {
        store.empty_after(error).unwrap();
    }
    assert_eq!(rows(&store), []);
}

#[test]
fn a_database_of_another_format_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit_with(&pulled(), rendered()).unwrap();
    let transaction = store.database.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert(FORMAT_KEY, b"galley-state 0".as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(store);
    assert_eq!(rows(&Store::open(dir.path()).unwrap()), []);
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StateError::InUse(_))));
    drop(first);
    Store::open(dir.path()).unwrap();
}
