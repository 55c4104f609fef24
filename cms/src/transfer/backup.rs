//! Everything an installation holds, as of one moment, in one archive, while the server works.
//!
//! Unlike an export this is the database itself: ids, tokens, sessions, webhooks and the feed
//! come back as they were. Every member's sum stands in a manifest, which comes last and whose
//! own sum follows it: an archive that was cut short or altered is never taken for whole.

mod files;
pub(crate) mod manifest;
pub(crate) mod restore;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use cms_api::builtin;

use self::files::Held;
use self::manifest::{Entry, Kind, MANIFEST, MANIFEST_SUM, Manifest, Summed};
use super::archive::target::{Target, Writer};
use super::recovery;
use super::request::Request;
use super::staging::Hold;
use crate::auth::keys;
use crate::clock;
use crate::config::Storage as Settings;
use crate::media::rows;
use crate::media::storage::Storage;
use crate::store::{Conn, Database, archive, backup};

pub(crate) use self::manifest::Report;

/// Rows read at a time.
const PAGE: i64 = 500;
/// How often files that change meanwhile are taken again.
const ATTEMPTS: usize = 5;
const MILLIS_PER_SECOND: i64 = 1000;

/// Writes the archive.
///
/// # Errors
/// When name and key do not go together, or the database or the disk refuses.
pub(crate) fn run(request: &Request<'_>) -> anyhow::Result<Report> {
    let target = Target::parse(request.file, request.key)?;
    let url = &request.settings.database_url;
    anyhow::ensure!(backup::exists(url)?, "there is no content to back up: the database is empty");
    let uploads = Storage::open(request.uploads, &request.settings.data_dir())?;
    let hold = Hold::of(&uploads)?
        .context("an import, a restore or another backup of these uploads is at work")?;
    let db = Database::open(url)?;
    recovery::recover_held(&hold, &db, &uploads, request.settings)?;
    drop(db);
    let aside = tempfile::Builder::new().prefix(".backing-up-").tempdir_in(target.parent());
    let aside = aside.with_context(|| format!("writing `{}`", request.file.display()))?;
    let snapshot = take(request.settings, &uploads, aside.path())?;
    write(&target, request, &snapshot, aside.path())
}

/// Database and files of one moment.
struct Snapshot {
    at: i64,
    files: Held,
    missing: Vec<String>,
}

fn take(settings: &Settings, uploads: &Storage, aside: &Path) -> anyhow::Result<Snapshot> {
    let kind = Kind::of(&settings.database_url);
    let database = aside.join(kind.member());
    let mut lost = None;
    for _ in 0..ATTEMPTS {
        // Rows name files that are there before them and go after them: files are held before
        // the database is copied, and those that came meanwhile are held after it.
        let mut files = Held::begin(uploads, aside)?;
        if database.exists() {
            std::fs::remove_file(&database)?;
        }
        let at = clock::now();
        let names = backup::copy(&settings.database_url, &database, names)?;
        let changed = files.complete(uploads, &names)?;
        let missing: Vec<String> = names.into_iter().filter(|name| !files.contains(name)).collect();
        // What is missing twice was lost long ago; else it was deleted a moment ago.
        if !changed && (missing.is_empty() || lost.as_ref() == Some(&missing)) {
            return Ok(Snapshot { at, files, missing });
        }
        lost = Some(missing);
    }
    anyhow::bail!(
        "uploaded files were replaced or deleted during each of {ATTEMPTS} attempts; try again \
         when fewer of them change"
    )
}

/// The stored names of every file that has a row.
fn names(conn: &mut Conn) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut after = 0;
    loop {
        let page = archive::page(conn, builtin::FILE, after, PAGE)?;
        let Some(last) = page.last() else { return Ok(names) };
        after = last.number;
        names.extend(page.iter().flat_map(rows::stored_names));
    }
}

fn write(
    target: &Target,
    request: &Request<'_>,
    snapshot: &Snapshot,
    aside: &Path,
) -> anyhow::Result<Report> {
    let kind = Kind::of(&request.settings.database_url);
    let seconds = u64::try_from(snapshot.at / MILLIS_PER_SECOND).unwrap_or_default();
    let mut archive = target.create(seconds)?;
    let mut entries = vec![add_file(&mut archive, kind.member(), &aside.join(kind.member()))?];
    let key = request.settings.data_dir().join(keys::FILE_NAME);
    if key.exists() {
        entries.push(add_file(&mut archive, keys::FILE_NAME, &key)?);
    }
    for (name, path) in snapshot.files.of_rows() {
        entries.push(add_file(&mut archive, &format!("{}{name}", manifest::UPLOADS), &path)?);
    }
    let manifest = Manifest::new(kind, snapshot.at, entries);
    let text = serde_json::to_string_pretty(&manifest)?;
    let sum = add(&mut archive, MANIFEST, text.len() as u64, &mut text.as_bytes())?.sha256;
    let line = format!("{sum}  {MANIFEST}\n");
    archive.add(MANIFEST_SUM, line.len() as u64, &mut line.as_bytes())?;
    archive.finish()?;
    Ok(Report::new(&manifest, request.file, snapshot.missing.clone()))
}

fn add_file(archive: &mut Writer, name: &str, path: &Path) -> anyhow::Result<Entry> {
    let mut file = File::open(path).with_context(|| format!("reading `{}`", path.display()))?;
    let size = file.metadata()?.len();
    add(archive, name, size, &mut file)
}

fn add(archive: &mut Writer, name: &str, size: u64, bytes: &mut dyn Read) -> anyhow::Result<Entry> {
    let mut bytes = Summed::new(bytes);
    archive.add(name, size, &mut bytes)?;
    Ok(bytes.entry(name))
}
