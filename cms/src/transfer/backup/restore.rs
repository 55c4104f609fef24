//! Putting a backup in place: all of it, or nothing.
//!
//! The archive is read to its end and checked before anything is written. Files and key then
//! wait in a staging folder, as those of an import do; the database changes at one moment and
//! names that folder; and only then the files get their places, now or, after a crash, at the
//! next start.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tempfile::TempDir;

use super::Report;
use super::manifest::{Kind, MANIFEST, MANIFEST_SUM, Manifest, Place, Summed};
use crate::auth::keys;
use crate::documents::sync::token::KEY_SETTING as SYNC_KEY;
use crate::media::storage::Storage;
use crate::store::pool::DatabaseUrl;
use crate::store::{Database, backup};
use crate::transfer::archive::source::Source;
use crate::transfer::recovery;
use crate::transfer::staging::{self, FILES, Hold, KEY};
use crate::transfer::{self, Refused};

/// Beginning of the name of a database file that waits for its place.
const PREFIX: &str = ".restoring-";
const READABLE: u32 = 0o644;
const OWNER_ONLY: u32 = 0o600;

/// What to restore, and where to.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) archive: transfer::Request<'a>,
    /// Replace what is there.
    pub(crate) force: bool,
}

/// Restores the backup.
///
/// # Errors
/// [`Refused`] for what is wrong with the archive; others for what is wrong here. Nothing has
/// changed then.
pub(crate) fn run(request: &Request<'_>) -> anyhow::Result<Report> {
    let source = Source::open(request.archive.file, request.archive.key)?;
    let manifest = Manifest::verified(&source)?;
    let settings = request.archive.settings;
    let url = &settings.database_url;
    let here = Kind::of(url);
    if manifest.database != here {
        let message = format!(
            "this is a backup of {}, and the database here is {here}; to change databases use \
             `cms export` and `cms import`",
            manifest.database
        );
        return Err(Refused::new(message).into());
    }
    let uploads = Storage::open(request.archive.uploads, &request.archive.settings.data_dir())?;
    refuse_unless_empty(request, &uploads)?;
    let hold = Hold::of(&uploads)?
        .context("an import, a backup or another restore of these uploads is at work")?;
    let staged = Staged::unpack(&source, &manifest, &uploads, url)?;
    // Numbers of the feed will be given out again: what readers hold must not seem to fit.
    let note = recovery::note_of(&staged.name());
    backup::replace(url, &staged.database, &note, SYNC_KEY)?;
    // The database is another one now. From here on the restore is finished, now or by whoever
    // comes next.
    let folder = staged.keep();
    let db = Database::open(url)?;
    db.migrate()?;
    recovery::finish(&db, &uploads, settings, &folder).context(
        "the backup is restored, but its files did not all get their place; start the server to \
         finish",
    )?;
    drop(hold);
    remove_others(&uploads, &manifest)?;
    Ok(Report::new(&manifest, request.archive.file, Vec::new()))
}

fn refuse_unless_empty(request: &Request<'_>, uploads: &Storage) -> anyhow::Result<()> {
    if request.force {
        return Ok(());
    }
    let hint = "`--force` replaces all of it";
    anyhow::ensure!(
        !backup::exists(&request.archive.settings.database_url)?,
        "the database is not empty; {hint}"
    );
    let (place, files) = (&request.archive.uploads.place, uploads.list()?.len());
    anyhow::ensure!(files == 0, "`{place}` is not empty: {files} files; {hint}");
    Ok(())
}

/// Files of the content that was replaced.
fn remove_others(uploads: &Storage, manifest: &Manifest) -> anyhow::Result<()> {
    let files = uploads.list()?;
    files
        .iter()
        .filter(|(name, _)| !manifest.has_upload(name.as_str()))
        .for_each(|(name, _)| uploads.remove(name));
    Ok(())
}

/// An unpacked backup. Vanishes unless it is kept.
struct Staged {
    folder: TempDir,
    database: PathBuf,
    /// Of a database that is a file: beside the one it will replace.
    _beside: Option<TempDir>,
}

impl Staged {
    fn unpack(
        source: &Source,
        manifest: &Manifest,
        uploads: &Storage,
        url: &DatabaseUrl,
    ) -> anyhow::Result<Self> {
        let folder = staging::folder(uploads)?;
        for name in [FILES, KEY] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let beside = match url {
            DatabaseUrl::Sqlite(path) => Some(beside(&backup::folder_of(path))?),
            DatabaseUrl::Postgres(_) => None,
        };
        let place = beside.as_ref().unwrap_or(&folder).path().join(manifest.database.member());
        let staged = Self { folder, database: place, _beside: beside };
        staging::check_space(staged.folder.path(), "the backup", manifest.size())?;
        source.visit(&mut |member| match member.name {
            MANIFEST | MANIFEST_SUM => Ok(()),
            name => {
                let (path, mode) = staged.place(name)?;
                let mut bytes = Summed::new(member.bytes);
                write(&mut bytes, &path, mode)?;
                if manifest.entry(name) == Some(&bytes.entry(name)) {
                    return Ok(());
                }
                Err(Refused::new(format!("`{name}` was altered while it was read")).into())
            }
        })?;
        File::open(staged.folder.path().join(FILES))?.sync_all()?;
        Ok(staged)
    }

    fn place(&self, name: &str) -> Result<(PathBuf, u32), Refused> {
        Ok(match Place::of(name)? {
            Place::Database => (self.database.clone(), OWNER_ONLY),
            Place::Key => (self.folder.path().join(KEY).join(keys::FILE_NAME), OWNER_ONLY),
            Place::Upload(name) => (self.folder.path().join(FILES).join(name.as_str()), READABLE),
        })
    }

    fn name(&self) -> String {
        self.folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// From now on only [`recovery`] removes the folder.
    fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

/// A folder on the disk of the database file; those of killed restores go.
fn beside(folder: &Path) -> anyhow::Result<TempDir> {
    std::fs::create_dir_all(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?)
}

fn write(bytes: &mut Summed<'_>, path: &Path, mode: u32) -> anyhow::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(mode).open(path)?;
    io::copy(bytes, &mut file)?;
    file.flush()?;
    Ok(file.sync_all()?)
}
