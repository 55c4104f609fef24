//! Whole databases: copied while others write, and put in the place of another.
//!
//! Connections here are single ones: a pool would keep a file open that is about to be
//! replaced. PostgreSQL's own programs read and write its dumps.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::pool::{Conn, DatabaseUrl};
use super::settings;

/// How long a writer is waited for.
const PATIENCE: &str = "PRAGMA busy_timeout = 10000";
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const TABLES_OF_SQLITE: &str = "SELECT count(*) AS value FROM sqlite_master WHERE type = 'table'";
const TABLES_OF_POSTGRES: &str = "SELECT count(*) AS value FROM information_schema.tables \
    WHERE table_schema = current_schema()";
const OTHERS: &str = "SELECT count(*) AS value FROM pg_stat_activity WHERE datname = \
    current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

/// Writes a copy of the database as it is at one moment, and shows that very state to `work`.
///
/// # Errors
/// Those of `work`, of the database and of the disk.
pub fn copy<T>(
    url: &DatabaseUrl,
    into: &Path,
    work: impl FnOnce(&mut Conn) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    match url {
        DatabaseUrl::Sqlite(path) => copy_file(path, into, work),
        DatabaseUrl::Postgres(url) => dump(url, into, work),
    }
}

fn copy_file<T>(
    path: &str,
    into: &Path,
    work: impl FnOnce(&mut Conn) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    anyhow::ensure!(Path::new(path).exists(), "there is no database `{path}`");
    let mut conn = SqliteConnection::establish(path)?;
    conn.batch_execute(PATIENCE)?;
    let copied = diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(into.to_string_lossy());
    copied.execute(&mut conn).with_context(|| format!("copying the database `{path}`"))?;
    drop(conn);
    work(&mut Conn::Sqlite(SqliteConnection::establish(&into.to_string_lossy())?))
}

fn dump<T>(
    url: &str,
    into: &Path,
    work: impl FnOnce(&mut Conn) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(SNAPSHOT)?;
    let snapshot: Said =
        diesel::sql_query("SELECT pg_export_snapshot() AS value").get_result(&mut conn)?;
    let mut command = program("pg_dump", url);
    command.args(["--format=plain", "--clean", "--if-exists", "--no-owner", "--no-privileges"]);
    run(command.arg("--snapshot").arg(snapshot.value).arg("--file").arg(into))?;
    let mut conn = Conn::Postgres(conn);
    let result = work(&mut conn)?;
    conn.batch_execute("COMMIT")?;
    Ok(result)
}

/// Whether there is a database with tables.
///
/// # Errors
/// When it cannot be reached.
pub fn exists(url: &DatabaseUrl) -> anyhow::Result<bool> {
    let tables: Count = match url {
        DatabaseUrl::Sqlite(path) if !Path::new(path).exists() => return Ok(false),
        DatabaseUrl::Sqlite(path) => diesel::sql_query(TABLES_OF_SQLITE)
            .get_result(&mut SqliteConnection::establish(path)?)?,
        DatabaseUrl::Postgres(url) => {
            diesel::sql_query(TABLES_OF_POSTGRES).get_result(&mut PgConnection::establish(url)?)?
        }
    };
    Ok(tables.value > 0)
}

/// Puts what [`copy`] wrote in the place of the database, at once, with a note in its
/// settings and without the setting `void`.
///
/// # Errors
/// When the copy is damaged or somebody uses the database; then nothing has changed.
pub fn replace(url: &DatabaseUrl, copy: &Path, note: &str, void: &str) -> anyhow::Result<()> {
    match url {
        DatabaseUrl::Sqlite(path) => {
            prepare_file(copy, note, void)?;
            close(path)?;
            std::fs::rename(copy, path)?;
            Ok(File::open(folder_of(path))?.sync_all()?)
        }
        DatabaseUrl::Postgres(url) => load(url, copy, note, void),
    }
}

/// Makes sure that nobody else works with the database.
///
/// # Errors
/// When somebody does, or it cannot be reached.
pub fn ensure_unused(url: &DatabaseUrl) -> anyhow::Result<()> {
    match url {
        DatabaseUrl::Sqlite(path) => close(path),
        DatabaseUrl::Postgres(url) => alone(url),
    }
}

/// The folder of a database file.
#[must_use]
pub fn folder_of(path: &str) -> PathBuf {
    match Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn prepare_file(copy: &Path, note: &str, void: &str) -> anyhow::Result<()> {
    let mut conn = SqliteConnection::establish(&copy.to_string_lossy())?;
    let found: Vec<Said> =
        diesel::sql_query("SELECT integrity_check AS value FROM pragma_integrity_check")
            .load(&mut conn)
            .context("the database in the backup is damaged")?;
    let found: Vec<_> = found.iter().map(|said| said.value.as_str()).collect();
    anyhow::ensure!(found == ["ok"], "the database in the backup is damaged: {}", found.join(", "));
    let mut conn = Conn::Sqlite(conn);
    settings::set(&mut conn, note, "1")?;
    settings::remove(&mut conn, void)?;
    drop(conn);
    Ok(File::open(copy)?.sync_all()?)
}

/// Folds the log into the file, so that none is left that belongs to the old one. The mode
/// can be changed only while nobody else has the file open.
fn close(path: &str) -> anyhow::Result<()> {
    if !Path::new(path).exists() {
        return Ok(());
    }
    let mut conn = SqliteConnection::establish(path)?;
    let changed = diesel::sql_query("PRAGMA journal_mode = DELETE").get_result::<Mode>(&mut conn);
    match changed {
        Ok(now) if now.journal_mode == "delete" => Ok(()),
        // What is beside a damaged file is of no use, and must not be taken for the new one's.
        Err(error) if is_damage(&error) => remove_logs(path),
        _ => anyhow::bail!("the database `{path}` is in use; stop the server first"),
    }
}

fn is_damage(error: &diesel::result::Error) -> bool {
    let said = error.to_string();
    said.contains("malformed") || said.contains("not a database")
}

fn remove_logs(path: &str) -> anyhow::Result<()> {
    for end in ["-wal", "-shm", "-journal"] {
        match std::fs::remove_file(format!("{path}{end}")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn alone(url: &str) -> anyhow::Result<()> {
    let others: Count = diesel::sql_query(OTHERS).get_result(&mut PgConnection::establish(url)?)?;
    anyhow::ensure!(
        others.value == 0,
        "{} others are connected to the database; stop the servers first",
        others.value
    );
    Ok(())
}

fn load(url: &str, script: &Path, note: &str, void: &str) -> anyhow::Result<()> {
    alone(url)?;
    let quoted = |name: &str| name.replace('\'', "''");
    let last = format!(
        "RESET search_path; INSERT INTO settings (name, value) VALUES ('{}', '1'); \
         DELETE FROM settings WHERE name = '{}'",
        quoted(note),
        quoted(void)
    );
    let mut command = program("psql", url);
    command.args(["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]);
    run(command.arg("--output=/dev/null").arg("--file").arg(script).arg("--command").arg(last))
}

/// One of PostgreSQL's programs. Everybody may see the arguments of a process, but not its
/// environment.
fn program(name: &str, url: &str) -> Command {
    let mut command = Command::new(name);
    let mut shown = url.to_owned();
    if let Ok(mut parsed) = url::Url::parse(url)
        && let Some(password) = parsed.password()
    {
        let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
        command.env("PGPASSWORD", password.as_ref());
        if parsed.set_password(None).is_ok() {
            shown = parsed.to_string();
        }
    }
    command.arg("--dbname").arg(shown);
    command
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| {
        format!("cannot start `{name}`, which PostgreSQL's client programs bring")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`{name}` failed: {}", said.trim());
    Ok(())
}
