//! Reading everything, and committing changes.

use std::path::{Path, PathBuf};

use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, Table,
    TableDefinition, WriteTransaction,
};

use super::StateError;
use super::open::{FORMAT, guarded, open_or_replace, replace};
use super::rows::{
    Commit, Head, ReplicaChange, ReplicaRow, RowId, Touched, TouchedChange, TraceChange, TraceRows,
};
use super::seal::{seal, unseal};

/// Rows handed out at a time: enough to keep a thread busy for a few milliseconds.
const BATCH: usize = 256;

/// (uid, documentId, locale)
type RowKey = (&'static str, &'static str, &'static str);

pub(super) const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
const REPLICA: TableDefinition<'_, RowKey, &[u8]> = TableDefinition::new("replica");
const TOUCHED: TableDefinition<'_, RowKey, &[u8]> = TableDefinition::new("touched");
const QUESTIONS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("questions");
const TRACES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("traces");

pub(super) const FORMAT_KEY: &str = "format";
const REVISION: &str = "revision";
const CURSOR: &str = "cursor";
const SEQ: &str = "seq";
const SOURCE: &str = "source";
const LOCALES: &str = "locales";
const MODEL: &str = "model";
const ENGINE: &str = "engine";
const RELEASE: &str = "release";
const SETTLED: &str = "settled";
const UNLISTED: &str = "unlisted";

/// In front of the bytes of a touched row that was there before.
const WAS_THERE: u8 = 1;

/// The open database. One process at a time has it; the cache lock sees to that.
#[derive(Debug)]
pub struct Store {
    database: Database,
    path: PathBuf,
}

impl Store {
    /// The database's name in the cache directory.
    pub const FILE_NAME: &'static str = "state.redb";

    /// Opens the state in a cache directory. A missing, foreign or corrupt file becomes an
    /// empty one.
    ///
    /// # Errors
    /// When the directory cannot be used or another process has the file open.
    pub fn open(cache_dir: &Path) -> Result<Self, StateError> {
        std::fs::create_dir_all(cache_dir)
            .map_err(|error| StateError::File { path: cache_dir.to_owned(), error })?;
        let path = cache_dir.join(Self::FILE_NAME);
        let database = open_or_replace(&path)?;
        let mut store = Self { database, path };
        if let Err(error) = guarded(|| store.head()) {
            store.empty_after(error)?;
        }
        Ok(store)
    }

    /// Everything but the rows of the replica and the traces.
    ///
    /// # Errors
    /// When the disk cannot be read, or the file is corrupt.
    pub fn head(&self) -> Result<Head, StateError> {
        let transaction = self.database.begin_read()?;
        check_meta(&transaction)?;
        let text = |key| -> Result<Option<String>, StateError> {
            Ok(meta(&transaction, key)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        Ok(Head {
            revision: number(meta(&transaction, REVISION)?),
            cursor: text(CURSOR)?,
            seq: number(meta(&transaction, SEQ)?).cast_signed(),
            source: text(SOURCE)?,
            locales: text(LOCALES)?
                .map(|text| text.split('\n').map(str::to_owned).collect())
                .unwrap_or_default(),
            model: meta(&transaction, MODEL)?,
            touched: load_touched(&transaction)?,
            unlisted: meta(&transaction, UNLISTED)?
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default(),
            engine: text(ENGINE)?,
            release: text(RELEASE)?,
            settled: meta(&transaction, SETTLED)?.filter(|bytes| !bytes.is_empty()),
        })
    }

    /// Hands out the rows of the replica, some at a time, so that reading and understanding
    /// them overlap.
    ///
    /// # Errors
    /// When the disk cannot be read, or the file is corrupt.
    pub fn rows(&self, mut take: impl FnMut(Vec<ReplicaRow>)) -> Result<(), StateError> {
        let rows = self.database.begin_read()?.open_table(REPLICA)?;
        let mut batch = Vec::with_capacity(BATCH);
        let mut count = Count::of(rows.len()?);
        for row in rows.iter()? {
            let (key, json) = row?;
            let json = unseal(&row_parts(key.value()), json.value())?.to_vec();
            batch.push(ReplicaRow { id: row_id(key.value()), json });
            count.one();
            if batch.len() == BATCH {
                take(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
            }
        }
        take(batch);
        count.end()
    }

    /// Hands out every question by number, as the engine encoded it.
    ///
    /// # Errors
    /// When the disk cannot be read, or the file is corrupt.
    pub fn questions(&self, mut take: impl FnMut(u32, &[u8])) -> Result<(), StateError> {
        let questions = self.database.begin_read()?.open_table(QUESTIONS)?;
        let mut count = Count::of(questions.len()?);
        for row in questions.iter()? {
            let (id, bytes) = row?;
            take(id.value(), unseal(&[&id.value().to_le_bytes()], bytes.value())?);
            count.one();
        }
        count.end()
    }

    /// Hands out every trace by output file, as the engine encoded it.
    ///
    /// # Errors
    /// When the disk cannot be read, or the file is corrupt.
    pub fn traces(&self, mut take: impl FnMut(&str, &[u8])) -> Result<(), StateError> {
        let traces = self.database.begin_read()?.open_table(TRACES)?;
        let mut count = Count::of(traces.len()?);
        for row in traces.iter()? {
            let (file, bytes) = row?;
            take(file.value(), unseal(&[file.value().as_bytes()], bytes.value())?);
            count.one();
        }
        count.end()
    }

    /// The number of commits so far.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub fn revision(&self) -> Result<u64, StateError> {
        Ok(number(meta(&self.database.begin_read()?, REVISION)?))
    }

    /// Applies all changes at once and durably; returns the new revision.
    ///
    /// # Errors
    /// When the disk cannot be written; nothing has changed then.
    pub fn commit(&self, commit: &Commit) -> Result<u64, StateError> {
        self.commit_with(commit, std::iter::empty())
    }

    /// The same with questions and traces, of which a large site has more than should be in
    /// memory in both forms.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_with(
        &self,
        commit: &Commit,
        rows: impl Iterator<Item = TraceRows>,
    ) -> Result<u64, StateError> {
        let transaction = self.database.begin_write()?;
        write_replica(&transaction, &commit.replica)?;
        write_touched(&transaction, &commit.touched)?;
        write_traces(&transaction, &commit.traces, rows)?;
        let revision = {
            let mut table = transaction.open_table(META)?;
            let before = table.get(REVISION)?.map(|value| opened(REVISION, value.value()));
            let next = number(before.transpose()?) + 1;
            put(&mut table, REVISION, &next.to_le_bytes())?;
            next
        };
        transaction.commit()?;
        Ok(revision)
    }

    /// Starts with an empty database if that is what an error asks for: everything here can
    /// be made anew.
    ///
    /// # Errors
    /// The same error when the content of the file is not at fault, or that it cannot be
    /// replaced.
    pub fn empty_after(&mut self, error: StateError) -> Result<(), StateError> {
        if !error.is_about_content() {
            return Err(error);
        }
        self.database = replace(&self.path, &error.to_string())?;
        Ok(())
    }

    /// Reads as [`Store::empty_after`] wants to be told of it, whatever a damaged file leads to.
    ///
    /// # Errors
    /// Those of `read`, and that the file is damaged.
    pub fn guarded<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        guarded(|| read(self))
    }
}

/// Rows that are read, against the number that were written: a lost page takes some along.
struct Count {
    written: u64,
    read: u64,
}

impl Count {
    fn of(written: u64) -> Self {
        Self { written, read: 0 }
    }

    fn one(&mut self) {
        self.read += 1;
    }

    fn end(self) -> Result<(), StateError> {
        match self.written == self.read {
            true => Ok(()),
            false => Err(StateError::Damaged(format!("{} of {} rows", self.read, self.written))),
        }
    }
}

/// Every table in one transaction, with the format's name: a file has all of it or none.
pub(super) fn create_tables(database: &Database) -> Result<(), StateError> {
    let transaction = database.begin_write()?;
    transaction.open_table(META)?.insert(FORMAT_KEY, FORMAT)?;
    transaction.open_table(REPLICA)?;
    transaction.open_table(TOUCHED)?;
    transaction.open_table(QUESTIONS)?;
    transaction.open_table(TRACES)?;
    Ok(transaction.commit()?)
}

/// A name that was altered would look like a value that was never set.
fn check_meta(transaction: &ReadTransaction) -> Result<(), StateError> {
    let values = transaction.open_table(META)?;
    let mut count = Count::of(values.len()?);
    for value in values.iter()? {
        let (key, sealed) = value?;
        if key.value() != FORMAT_KEY {
            unseal(&[key.value().as_bytes()], sealed.value())?;
        }
        count.one();
    }
    count.end()
}

fn load_touched(transaction: &ReadTransaction) -> Result<Touched, StateError> {
    let rows = transaction.open_table(TOUCHED)?;
    let mut count = Count::of(rows.len()?);
    let mut touched = Touched::new();
    for row in rows.iter()? {
        let (key, sealed) = row?;
        let known = unseal(&row_parts(key.value()), sealed.value())?;
        // Without the mark that there was a row: there was none.
        let before = known.split_first().map(|(_, bytes)| bytes.to_vec());
        touched.insert(row_id(key.value()), before);
        count.one();
    }
    count.end()?;
    Ok(touched)
}

fn write_replica(transaction: &WriteTransaction, change: &ReplicaChange) -> Result<(), StateError> {
    let mut rows = transaction.open_table(REPLICA)?;
    if change.reset {
        rows.retain(|_, _| false)?;
    }
    for id in &change.deletes {
        rows.remove(row_key(id))?;
    }
    for row in &change.upserts {
        let key = row_key(&row.id);
        rows.insert(key, seal(&row_parts(key), &row.json).as_slice())?;
    }
    let mut meta = transaction.open_table(META)?;
    let mut set = |key, value: Option<&[u8]>| -> Result<(), StateError> {
        value.map_or(Ok(()), |value| put(&mut meta, key, value))
    };
    set(CURSOR, change.cursor.as_deref().map(str::as_bytes))?;
    set(SEQ, change.seq.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice))?;
    set(SOURCE, change.source.as_deref().map(str::as_bytes))?;
    set(
        LOCALES,
        change.locales.as_ref().map(|codes| codes.join("\n")).as_deref().map(str::as_bytes),
    )?;
    let unlisted = change.unlisted.as_ref().and_then(|rows| serde_json::to_vec(rows).ok());
    set(UNLISTED, unlisted.as_deref())?;
    set(MODEL, change.model.as_deref())
}

fn write_touched(transaction: &WriteTransaction, change: &TouchedChange) -> Result<(), StateError> {
    let mut rows = transaction.open_table(TOUCHED)?;
    match change {
        TouchedChange::Keep => {}
        TouchedChange::Clear => {
            rows.retain(|_, _| false)?;
            transaction.open_table(META)?.remove(UNLISTED)?;
        }
        TouchedChange::Add(touched) => {
            for (id, before) in touched {
                if rows.get(row_key(id))?.is_none() {
                    let known = before.as_ref().map(|bytes| [&[WAS_THERE], &bytes[..]].concat());
                    let sealed = seal(&row_parts(row_key(id)), &known.unwrap_or_default());
                    rows.insert(row_key(id), sealed.as_slice())?;
                }
            }
        }
    }
    Ok(())
}

fn write_traces(
    transaction: &WriteTransaction,
    change: &TraceChange,
    rows: impl Iterator<Item = TraceRows>,
) -> Result<(), StateError> {
    let mut questions = transaction.open_table(QUESTIONS)?;
    let mut traces = transaction.open_table(TRACES)?;
    if change.reset {
        questions.retain(|_, _| false)?;
        traces.retain(|_, _| false)?;
    }
    for batch in rows {
        for (id, bytes) in batch.questions {
            match bytes {
                Some(bytes) => {
                    drop(questions.insert(id, seal(&[&id.to_le_bytes()], &bytes).as_slice())?);
                }
                None => drop(questions.remove(id)?),
            }
        }
        for (file, bytes) in batch.traces {
            match bytes {
                Some(bytes) => {
                    drop(traces.insert(&*file, seal(&[file.as_bytes()], &bytes).as_slice())?);
                }
                None => drop(traces.remove(&*file)?),
            }
        }
    }
    let mut meta = transaction.open_table(META)?;
    if let Some(engine) = &change.engine {
        put(&mut meta, ENGINE, engine.as_bytes())?;
    }
    if let Some(release) = &change.release {
        put(&mut meta, RELEASE, release.as_bytes())?;
    }
    if let Some(settled) = &change.settled {
        put(&mut meta, SETTLED, settled)?;
    }
    Ok(())
}

fn meta(transaction: &ReadTransaction, key: &str) -> Result<Option<Vec<u8>>, StateError> {
    let stored = transaction.open_table(META)?.get(key)?;
    stored.map(|value| opened(key, value.value())).transpose()
}

fn opened(key: &str, sealed: &[u8]) -> Result<Vec<u8>, StateError> {
    Ok(unseal(&[key.as_bytes()], sealed)?.to_vec())
}

fn put(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    key: &str,
    value: &[u8],
) -> Result<(), StateError> {
    meta.insert(key, seal(&[key.as_bytes()], value).as_slice())?;
    Ok(())
}

fn number(bytes: Option<Vec<u8>>) -> u64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn row_key(id: &RowId) -> (&str, &str, &str) {
    (&id.uid, &id.document_id, &id.locale)
}

fn row_parts<'a>((uid, document_id, locale): (&'a str, &'a str, &'a str)) -> [&'a [u8]; 3] {
    [uid.as_bytes(), document_id.as_bytes(), locale.as_bytes()]
}

fn row_id((uid, document_id, locale): (&str, &str, &str)) -> RowId {
    RowId { uid: uid.to_owned(), document_id: document_id.to_owned(), locale: locale.to_owned() }
}

#[cfg(test)]
mod tests;
