//! The release history: one redb database beside the trees it describes.
//!
//! It is opened for one operation at a time, under the `dist` lock, so that
//! `ssg rollback` works while a daemon serves. Opening costs a millisecond,
//! reading one path microseconds; nothing here walks the whole site but
//! `manifest`, which is asked for once per process.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    path::Path,
};

use redb::{
    Database, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    ReadableTableMetadata, TableDefinition, WriteTransaction,
};
use serde::{Deserialize, Serialize};

use super::{
    RolledBack,
    encoding::Encoding,
    error::{ReleaseError, Result},
    refusal::Totals,
    version::{Delta, Version},
};

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// Every path of the newest release.
pub(super) const FILES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("files");
/// What each release changed: the way between any two releases.
pub(super) const DELTAS: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("deltas");
pub(super) const RELEASES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("releases");
pub(super) const REPORTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("reports");
/// Times of removed files, so that a file which returns within the same second
/// does not return with the time it had.
pub(super) const GONE: TableDefinition<'_, &str, i64> = TableDefinition::new("gone");
/// Hashed assets that left the site, by the time they left.
pub(super) const RETIRED: TableDefinition<'_, (i64, &str), ()> = TableDefinition::new("retired");
/// Paths of the standby tree that the running operation may have touched,
/// each with the version that must be kept before it is replaced, if any.
pub(super) const JOURNAL: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("journal");
/// Releases that the gate did not let pass.
pub(super) const REFUSALS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("refusals");
/// Paths below `dist` to delete once the switch is done.
pub(super) const LEFTOVERS: TableDefinition<'_, &str, ()> = TableDefinition::new("leftovers");

/// Every switch of the live release, in order.
pub(super) const SWITCHES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("switches");
/// What became of the purges for a release, by the cache's name.
pub(super) const PURGES: TableDefinition<'_, (u64, &str), &[u8]> = TableDefinition::new("purges");
/// Small facts that others keep with the history.
pub(super) const NOTES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("notes");

const STATE: &str = "state";
/// Raised when the tables change their meaning.
const FORMAT: u32 = 1;

/// A tree below `trees/` and the release it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tree {
    pub(super) name: String,
    pub(super) at: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    format: u32,
    /// Counts commits: a process that finished commit N need not look again.
    pub(super) generation: u64,
    pub(super) newest: Option<u64>,
    /// The truth about what is live; the link follows it.
    pub(super) live: Option<Tree>,
    pub(super) standby: Option<Tree>,
    pub(super) pinned: bool,
    pub(super) next_tree: u64,
    /// Deltas above this release are still there.
    pub(super) reachable_from: u64,
    /// Which compressed copies the newest release has, and how many they are.
    #[serde(default)]
    pub(super) precompressed: BTreeSet<Encoding>,
    #[serde(default)]
    pub(super) copies: u64,
    /// The last build was refused, and this is what is known of it.
    #[serde(default)]
    pub(super) refused: Option<u64>,
    #[serde(default)]
    pub(super) last_refused: u64,
    /// The pin is the guard's.
    #[serde(default)]
    pub(super) rolled_back: Option<RolledBack>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            format: FORMAT,
            generation: 0,
            newest: None,
            live: None,
            standby: None,
            pinned: false,
            next_tree: 1,
            reachable_from: 1,
            precompressed: BTreeSet::new(),
            copies: 0,
            refused: None,
            last_refused: 0,
            rolled_back: None,
        }
    }
}

/// What is kept about a release besides its changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) parent: Option<u64>,
    pub(super) created_at: String,
    pub(super) seq: u64,
    pub(super) reason: String,
    pub(super) rendered: u64,
    pub(super) written: u64,
    pub(super) removed: u64,
    pub(super) files: u64,
    /// Bytes of the files it replaced or removed: what going back past it costs to keep.
    #[serde(default)]
    pub(super) replaced_bytes: u64,
    #[serde(default)]
    pub(super) totals: Option<Totals>,
    /// What happened to it later, such as an automatic rollback.
    #[serde(default)]
    pub(super) note: Option<String>,
}

#[derive(Debug)]
pub(super) struct History {
    db: Database,
}

impl History {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let fresh = !path.exists();
        let history = Self { db: Database::create(path)? };
        if fresh || !history.has_tables()? {
            history.create_tables()?;
        }
        Ok(history)
    }

    /// A crash between creating the file and the tables leaves an empty database.
    fn has_tables(&self) -> Result<bool> {
        Ok(self.db.begin_read()?.list_tables()?.next().is_some())
    }

    fn create_tables(&self) -> Result<()> {
        let txn = self.db.begin_write()?;
        txn.open_table(META)?;
        txn.open_table(FILES)?;
        txn.open_table(DELTAS)?;
        txn.open_table(RELEASES)?;
        txn.open_table(REPORTS)?;
        txn.open_table(GONE)?;
        txn.open_table(RETIRED)?;
        txn.open_table(JOURNAL)?;
        txn.open_table(LEFTOVERS)?;
        txn.open_table(SWITCHES)?;
        txn.open_table(PURGES)?;
        txn.open_table(NOTES)?;
        txn.open_table(REFUSALS)?;
        txn.commit()?;
        Ok(())
    }

    pub(super) fn read(&self) -> Result<View> {
        Ok(View { txn: self.db.begin_read()?, _db: None })
    }

    pub(super) fn write(&self) -> Result<WriteTransaction> {
        Ok(self.db.begin_write()?)
    }
}

/// Stores the state and makes it, and everything else in the transaction, durable.
pub(super) fn commit(txn: WriteTransaction, state: &mut State) -> Result<()> {
    state.generation += 1;
    let bytes = to_json(state)?;
    txn.open_table(META)?.insert(STATE, bytes.as_slice())?;
    txn.commit()?;
    Ok(())
}

/// Empties the tables that describe one operation.
pub(super) fn clear_operation(txn: &WriteTransaction) -> Result<()> {
    txn.delete_table(JOURNAL)?;
    txn.delete_table(LEFTOVERS)?;
    txn.open_table(JOURNAL)?;
    txn.open_table(LEFTOVERS)?;
    Ok(())
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| ReleaseError::Damaged(error.to_string()))
}

pub(super) fn from_json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| ReleaseError::Damaged(error.to_string()))
}

pub(super) fn version_of(bytes: &[u8]) -> Result<Version> {
    Version::decode(bytes)
        .ok_or_else(|| ReleaseError::Damaged("a file's version cannot be read".into()))
}

fn delta_of(bytes: &[u8]) -> Result<Delta> {
    Delta::decode(bytes).ok_or_else(|| ReleaseError::Damaged("a change cannot be read".into()))
}

/// A consistent view of the history.
pub(super) struct View {
    txn: ReadTransaction,
    _db: Option<ReadOnlyDatabase>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("View").finish_non_exhaustive()
    }
}

impl View {
    /// Reads without writing a byte; `None` after an unclean end, when the
    /// database must be opened for writing once, to repair it.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        match ReadOnlyDatabase::open(path) {
            Ok(db) => Ok(Some(Self { txn: db.begin_read()?, _db: Some(db) })),
            Err(redb::DatabaseError::RepairAborted) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn state(&self) -> Result<State> {
        let Some(bytes) = self.txn.open_table(META)?.get(STATE)? else {
            return Ok(State::default());
        };
        let state: State = from_json(bytes.value())?;
        if state.format != FORMAT {
            let found = state.format;
            return Err(ReleaseError::Damaged(format!(
                "it has format {found}, this program reads format {FORMAT}"
            )));
        }
        Ok(state)
    }

    /// A table that an older history may not have: see [`optional`].
    pub(super) fn table<K: redb::Key + 'static, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
    ) -> Result<ReadOnlyTable<K, V>, redb::TableError> {
        self.txn.open_table(table)
    }

    pub(super) fn files(&self) -> Result<ReadOnlyTable<&'static str, &'static [u8]>> {
        Ok(self.txn.open_table(FILES)?)
    }

    /// Without compressed copies.
    pub(super) fn file_count(&self) -> Result<u64> {
        Ok(self.files()?.len()?.saturating_sub(self.state()?.copies))
    }

    /// Hash of every path of the newest release that is no compressed copy.
    pub(super) fn manifest(&self) -> Result<HashMap<Box<str>, blake3::Hash>> {
        let files = self.files()?;
        let mut all = HashMap::with_capacity(usize::try_from(files.len()?).unwrap_or(0));
        for row in files.iter()? {
            let (path, version) = row?;
            let version = version_of(version.value())?;
            if !version.derived {
                all.insert(path.value().into(), version.hash);
            }
        }
        Ok(all)
    }

    pub(super) fn gone(&self) -> Result<ReadOnlyTable<&'static str, i64>> {
        Ok(self.txn.open_table(GONE)?)
    }

    pub(super) fn deltas(&self) -> Result<ReadOnlyTable<(u64, &'static str), &'static [u8]>> {
        Ok(self.txn.open_table(DELTAS)?)
    }

    /// The kept releases, oldest first.
    pub(super) fn records(&self) -> Result<Vec<(u64, Record)>> {
        records_in(&self.txn.open_table(RELEASES)?)
    }

    pub(super) fn kept(&self) -> Result<Vec<u64>> {
        let releases = self.txn.open_table(RELEASES)?;
        let rows = releases.iter()?;
        rows.map(|row| Ok(row?.0.value())).collect()
    }

    /// None in a history that was begun before there were any.
    pub(super) fn refusals(&self) -> Result<Option<ReadOnlyTable<u64, &'static [u8]>>> {
        match self.txn.open_table(REFUSALS) {
            Ok(table) => Ok(Some(table)),
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn record(&self, id: u64) -> Result<Option<Record>> {
        let releases = self.txn.open_table(RELEASES)?;
        releases.get(id)?.map(|bytes| from_json(bytes.value())).transpose()
    }

    pub(super) fn report(&self, id: u64) -> Result<Option<serde_json::Value>> {
        let reports = self.txn.open_table(REPORTS)?;
        reports.get(id)?.map(|bytes| from_json(bytes.value())).transpose()
    }

    pub(super) fn journal(&self) -> Result<Vec<(String, Option<Version>)>> {
        let journal = self.txn.open_table(JOURNAL)?;
        let rows = journal.iter()?;
        rows.map(|row| {
            let (path, keep) = row?;
            let keep = keep.value();
            let keep = if keep.is_empty() { None } else { Some(version_of(keep)?) };
            Ok((path.value().to_owned(), keep))
        })
        .collect()
    }

    pub(super) fn leftovers(&self) -> Result<Vec<String>> {
        let leftovers = self.txn.open_table(LEFTOVERS)?;
        let rows = leftovers.iter()?;
        rows.map(|row| Ok(row?.0.value().to_owned())).collect()
    }
}

/// `None` for a table that is not there yet.
pub(super) fn optional<T>(table: Result<T, redb::TableError>) -> Result<Option<T>> {
    match table {
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        table => Ok(Some(table?)),
    }
}

/// Releases, oldest first.
pub(super) fn records_in(
    releases: &impl ReadableTable<u64, &'static [u8]>,
) -> Result<Vec<(u64, Record)>> {
    let rows = releases.iter()?;
    rows.map(|row| {
        let (id, record) = row?;
        Ok((id.value(), from_json(record.value())?))
    })
    .collect()
}

/// One release's changes, in path order.
pub(super) fn changes_of(
    deltas: &impl ReadableTable<(u64, &'static str), &'static [u8]>,
    release: u64,
) -> Result<Vec<(String, Delta)>> {
    let Range { start, end } = release..release + 1;
    deltas
        .range((start, "")..(end, ""))?
        .map(|row| {
            let (key, delta) = row?;
            Ok((key.value().1.to_owned(), delta_of(delta.value())?))
        })
        .collect()
}
