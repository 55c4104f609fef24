//! Connections: one writer and several readers on SQLite, a pool on PostgreSQL.
//!
//! SQLite allows one writer at a time; queueing writers here instead of in the database
//! avoids busy errors altogether. Readers see committed snapshots (WAL) and never wait.
//!
//! On PostgreSQL writers are at READ COMMITTED: what must not change under a write is locked by
//! it first (the feed's counter by every change of content), and each of its statements then
//! sees what was committed before. A stricter level would refuse, after the wait for that very
//! lock, all writers but one. Transactions are closures, so what the database takes back, and
//! what a broken connection cut off before its commit, is run again (`pool/attempts`).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent, SimpleConnection};
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};
use diesel::{Connection, MultiConnection, PgConnection, SqliteConnection};

mod attempts;

use super::statement::Statement;
use super::{StoreError, Transient};

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl std::fmt::Debug for Conn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Conn({:?})", self.dialect())
    }
}

/// Where SQL differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Conn {
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// Readers on SQLite: two per core within these bounds, the second for when the first waits
/// for the disk. More would only compete, and each keeps pages and plans of its own.
const SQLITE_READERS: std::ops::RangeInclusive<usize> = 4..=16;
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a request waits for a connection before it answers 503.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(10);
/// Per connection. Writers from other processes (the command line) are waited for.
/// The file is not mapped: a mapping counts as the process's own memory once per connection,
/// and the pages a site is asked for again and again fit into the caches below.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; \
    PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;";
/// What was answered as written stays written: the log is on the disk before a commit
/// returns, so that a power cut takes back no publish a reader of the feed has seen.
const SQLITE_WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA cache_size = -4000;";
/// Readers commit nothing; the log survives a killed process either way.
const SQLITE_READER: &str = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -2000;";

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:PATH`
    Sqlite(String),
    /// `postgres://…`
    Postgres(String),
}

/// As a setting holds it, a password of the address included.
impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
            Self::Postgres(url) => f.write_str(url),
        }
    }
}

impl std::str::FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("`sqlite:` needs a path, as in `sqlite:cms/data/cms.db`".into());
            }
            return Ok(Self::Sqlite(path.to_owned()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(format!("`{text}` is no database URL; accepted are `sqlite:PATH` and `postgres://…`"))
    }
}

#[derive(Debug, Clone)]
struct Manager {
    url: DatabaseUrl,
    writes: bool,
    statements: Arc<AtomicU64>,
}

/// Counts what a connection is asked to run.
struct Counter(Arc<AtomicU64>);

impl Instrumentation for Counter {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Manager {
    fn open(&self) -> Result<Conn, diesel::ConnectionError> {
        let mut conn = self.connect_to()?;
        conn.set_instrumentation(Counter(Arc::clone(&self.statements)));
        Ok(conn)
    }

    fn connect_to(&self) -> Result<Conn, diesel::ConnectionError> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)?;
                let synchronous = if self.writes { SQLITE_WRITER } else { SQLITE_READER };
                conn.batch_execute(SQLITE_PRAGMAS)
                    .and_then(|()| conn.batch_execute(synchronous))
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Sqlite(conn))
            }
            DatabaseUrl::Postgres(url) => PgConnection::establish(url).map(Conn::Postgres),
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        use diesel::r2d2::R2D2Connection as _;
        std::thread::panicking() || conn.is_broken()
    }
}

/// The open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    dialect: Dialect,
    statements: Arc<AtomicU64>,
}

impl Database {
    /// Opens the database, creating a missing SQLite file and its folder.
    ///
    /// # Errors
    /// When it cannot be reached or created; the reason names the URL without its password.
    pub fn open(url: &DatabaseUrl) -> anyhow::Result<Self> {
        if let DatabaseUrl::Sqlite(path) = url
            && let Some(folder) = Path::new(path).parent()
            && !folder.as_os_str().is_empty()
        {
            std::fs::create_dir_all(folder)?;
        }
        let dialect = match url {
            DatabaseUrl::Sqlite(_) => Dialect::Sqlite,
            DatabaseUrl::Postgres(_) => Dialect::Postgres,
        };
        let statements = Arc::new(AtomicU64::new(0));
        let manager =
            |writes| Manager { url: url.clone(), writes, statements: Arc::clone(&statements) };
        // The first connection is opened by hand: a pool hides why it cannot connect.
        drop(manager(true).open()?);
        let pool = |size, writes| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(dialect == Dialect::Postgres)
                .connection_timeout(CHECKOUT_TIMEOUT)
                .build(manager(writes))
        };
        let (readers, writers) = match dialect {
            Dialect::Sqlite => (pool(sqlite_readers(), false)?, pool(1, true)?),
            Dialect::Postgres => {
                let shared = pool(POSTGRES_CONNECTIONS, true)?;
                (shared.clone(), shared)
            }
        };
        Ok(Self { readers, writers, dialect, statements })
    }

    /// How many statements were run so far, beginnings and ends of transactions included.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs `work` on one consistent snapshot, again when the connection breaks. Blocking:
    /// call it off the async threads.
    ///
    /// # Errors
    /// Those of `work`, or [`StoreError::Unavailable`] when no connection is free.
    pub fn read<T, E: Transient>(
        &self,
        mut work: impl FnMut(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        attempts::repeat(|| Reader(checkout(&self.readers)?).read(&mut work))
    }

    /// As [`Database::read`], for what can be done only once.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn read_once<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        Reader(checkout(&self.readers)?).read(work)
    }

    /// A connection to read with, if it is there at once and answers without a round trip.
    pub(crate) fn free_reader(&self) -> Option<Reader> {
        match self.dialect {
            Dialect::Sqlite => self.readers.try_get().map(Reader),
            Dialect::Postgres => None,
        }
    }

    /// Runs `work` in one transaction that is committed when it succeeds and rolled back
    /// whole when it does not. It is run again when the database took it back for another
    /// one's sake or the connection broke before its commit; whether a commit happened whose
    /// answer was lost nobody knows, so that is an error. Blocking.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn write<T, E: Transient>(
        &self,
        mut work: impl FnMut(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        attempts::repeat(|| self.write_once(&mut work))
    }

    /// As [`Database::write`], for what can be done only once.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn write_once<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = checkout(&self.writers)?;
        let begin = match self.dialect {
            // Taking the write lock at once: upgrading a read lock later can deadlock.
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        run(&mut conn, begin, work)
    }
}

/// A connection for one read.
#[derive(Debug)]
pub(crate) struct Reader(PooledConnection<Manager>);

impl Reader {
    /// Runs `work` on one consistent snapshot.
    pub(crate) fn read<T, E: From<StoreError>>(
        mut self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = match self.0.dialect() {
            Dialect::Sqlite => "BEGIN DEFERRED",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        run(&mut self.0, begin, work)
    }
}

impl Database {
    /// Folds the write-ahead log into the file, so that a stopped server leaves one file.
    /// Failing is harmless: the log is read at the next start.
    pub fn checkpoint(&self) {
        if self.dialect == Dialect::Sqlite {
            let result =
                self.unmanaged(|conn| Ok(conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?));
            if let Err(error) = result {
                tracing::warn!(%error, "the write-ahead log could not be folded in");
            }
        }
    }

    /// Runs `work` outside a transaction, for what brings its own (migrations).
    pub(super) fn unmanaged<T>(
        &self,
        work: impl FnOnce(&mut Conn) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        work(&mut *checkout(&self.writers)?)
    }
}

fn sqlite_readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * cores).clamp(*SQLITE_READERS.start(), *SQLITE_READERS.end()) as u32
}

fn checkout(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>, StoreError> {
    pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))
}

/// Rolls back when dropped unfinished, so that a panic in `work` cannot leak an open
/// transaction into the pool.
struct Open<'a>(&'a mut Conn, bool);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        // A lost connection has rolled back by itself.
        if !self.1
            && let Err(error) = self.0.batch_execute("ROLLBACK").map_err(StoreError::from)
            && !matches!(error, StoreError::Lost(_))
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

fn run<T, E: From<StoreError>>(
    conn: &mut Conn,
    begin: &str,
    work: impl FnOnce(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    control(conn, begin)?;
    let mut open = Open(conn, false);
    let value = work(open.0)?;
    open.1 = true;
    control(open.0, "COMMIT").inspect_err(|_| drop(open.0.batch_execute("ROLLBACK"))).map_err(
        |error| match error {
            StoreError::Lost(why) => StoreError::Unavailable(why),
            other => other,
        },
    )?;
    Ok(value)
}

/// Begins or ends a transaction, with a statement that stays prepared on SQLite: every request
/// does so twice. PostgreSQL is asked the shortest way.
fn control(conn: &mut Conn, sql: &str) -> Result<(), StoreError> {
    match conn.dialect() {
        Dialect::Sqlite => Statement::kept(Dialect::Sqlite, sql).execute(conn).map(drop),
        Dialect::Postgres => Ok(conn.batch_execute(sql)?),
    }
}
