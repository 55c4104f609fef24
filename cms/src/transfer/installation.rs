//! Moving an installation to another database: every row with its number, the change feed with
//! its position, tokens, logins and deliveries that still wait; uploads and the signing key
//! with them, where they move too.
//!
//! The rows are one transaction of the new database, and files are in their place before it is
//! committed: whatever goes wrong, the new place is as it was, and the old one always.

mod files;

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use self::files::Moved;
use super::recovery;
use super::staging::Hold;
use crate::auth::keys;
use crate::config::{Storage as Settings, Uploads};
use crate::content_types::{self, adopt};
use crate::media::storage::Storage;
use crate::store::tables::{self, TABLES, Table};
use crate::store::{Conn, Database, StoreError, backup, feed};

/// How often a long table says how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

/// Where an installation is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) uploads: &'a Uploads,
}

/// What to move where.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) from: Place<'a>,
    pub(crate) to: Place<'a>,
    /// Replace what is there.
    pub(crate) force: bool,
}

/// What was moved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Rows by table.
    rows: BTreeMap<&'static str, u64>,
    /// The position of the change feed.
    feed: i64,
    files: u64,
    signing_key: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &TABLES {
            let rows = self.rows.get(table.name).copied().unwrap_or_default();
            writeln!(f, "{}: {rows} rows", table.name)?;
        }
        writeln!(f, "files: {}", self.files)?;
        if !self.signing_key {
            writeln!(f, "no signing key was moved")?;
        }
        writeln!(f, "the change feed goes on after {}", self.feed)
    }
}

/// Moves everything.
///
/// # Errors
/// When one of the places is in use, does not fit this program, or is not empty; those of
/// databases and disks. Nothing has changed then.
pub(crate) fn run(request: &Request<'_>) -> anyhow::Result<Report> {
    let (from, to) = (request.from.settings, request.to.settings);
    anyhow::ensure!(from.database_url != to.database_url, "`--from` and `--to` are the same");
    anyhow::ensure!(
        backup::exists(&from.database_url)?,
        "there is no content to move: the database of `--from` is empty"
    );
    for (flag, place) in [("--from", from), ("--to", to)] {
        backup::ensure_unused(&place.database_url).with_context(|| format!("`{flag}`"))?;
    }
    let uploads = Storage::open(request.from.uploads, &from.data_dir())?;
    let hold = Hold::of(&uploads)?.context("an import or a backup of these uploads is at work")?;
    let source = source(request)?;
    recovery::recover_held(&hold, &source, &uploads, from)?;
    let target = target(request)?;
    let mut moved = Moved::begin(request, &uploads)?;
    let copied = source.read_once(|old| {
        target.write_once(|new| {
            let copied = copy(old, new)?;
            // The last thing that may fail before the commit.
            moved.place_key()?;
            Ok(copied)
        })
    });
    let (rows, feed) = copied.map_err(|Failure(error)| error)?;
    let (files, signing_key) = moved.keep()?;
    Ok(Report { rows, feed, files, signing_key })
}

/// The database to read, which must be this program's.
fn source(request: &Request<'_>) -> anyhow::Result<Database> {
    let settings = request.from.settings;
    let db = Database::open(&settings.database_url)?;
    let foreign = db.foreign_migrations()?;
    anyhow::ensure!(
        foreign.is_empty(),
        "the database of `--from` belongs to a newer program: {}",
        foreign.join(", ")
    );
    anyhow::ensure!(
        db.pending_migrations()? == 0,
        "the database of `--from` is older than this program; run `cms migrate` on it first"
    );
    let model = content_types::load(&settings.schema)?;
    let known = db.read::<_, StoreError>(|conn| adopt::is_known(conn, &model))?;
    anyhow::ensure!(
        known || request.force,
        "the content model in `{}` is not the one that the database of `--from` was served with \
         last: name the right folder with `--schema`, or move it all the same with `--force`",
        settings.schema.display()
    );
    Ok(db)
}

/// The database to fill, with its tables.
fn target(request: &Request<'_>) -> anyhow::Result<Database> {
    let url = &request.to.settings.database_url;
    let is_new = !backup::exists(url)?;
    let db = Database::open(url)?;
    let full = || "the database of `--to` is not empty; `--force` replaces all of it";
    anyhow::ensure!(is_new || request.force || db.pending_migrations()? == 0, full());
    let foreign = if is_new { Vec::new() } else { db.foreign_migrations()? };
    anyhow::ensure!(
        foreign.is_empty(),
        "the database of `--to` belongs to a newer program: {}",
        foreign.join(", ")
    );
    db.migrate()?;
    let is_empty = db.read::<_, StoreError>(tables::are_empty)?;
    anyhow::ensure!(is_empty || request.force, full());
    Ok(db)
}

/// Lets a transaction fail with any error.
struct Failure(anyhow::Error);

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

type Copied = (BTreeMap<&'static str, u64>, i64);

fn copy(old: &mut Conn, new: &mut Conn) -> anyhow::Result<Copied> {
    tables::begin(new)?;
    let mut rows = BTreeMap::new();
    for table in &TABLES {
        let copied = copy_table(table, old, new)
            .with_context(|| format!("copying the table `{}`", table.name))?;
        rows.insert(table.name, copied);
    }
    tables::end(new)?;
    Ok((rows, feed::newest(new)?))
}

fn copy_table(table: &Table, old: &mut Conn, new: &mut Conn) -> anyhow::Result<u64> {
    let all = table.rows(old)?;
    let mut said = Instant::now();
    let copied = table.copy(old, new, |copied| {
        if said.elapsed() >= PROGRESS {
            said = Instant::now();
            eprintln!("{}: {copied} of {all} rows", table.name);
        }
    })?;
    let there = table.rows(new)?;
    anyhow::ensure!(
        copied == all && there == all,
        "{all} rows were there, {copied} were copied, {there} arrived"
    );
    eprintln!("{}: {all} rows", table.name);
    Ok(copied)
}

/// Where the signing key of a place is.
fn key_of(place: Place<'_>) -> std::path::PathBuf {
    place.settings.data_dir().join(keys::FILE_NAME)
}
