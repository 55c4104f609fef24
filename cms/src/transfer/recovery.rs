//! Finishing an import or a restore, in the process that began it or in the next one.
//!
//! The transaction of an import leaves a note with the name of its staging folder. A folder
//! with a note belongs to an import that happened: what is still in it gets its place. A
//! folder without one belongs to an import that did not happen, and goes.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use walkdir::WalkDir;

use super::staging::{FILES, Hold, KEY, PREFIX, SCHEMA};
use crate::config::Storage as Settings;
use crate::media::owed;
use crate::media::storage::{FileName, Storage};
use crate::store::{Conn, Database, StoreError, settings as notes};

/// Beginning of the note's name.
const NOTE: &str = "transfer.committed/";
const READABLE: u32 = 0o644;
/// Of secrets.
const OWNER_ONLY: u32 = 0o600;

/// Leaves the note, in the transaction of the import.
///
/// # Errors
/// Those of the database.
pub(super) fn note(conn: &mut Conn, staging: &str) -> Result<(), StoreError> {
    notes::set(conn, &note_of(staging), "1")
}

/// The name of the note about a staging folder.
pub(super) fn note_of(staging: &str) -> String {
    format!("{NOTE}{staging}")
}

/// Deals with what interrupted imports left. One that is running is left alone.
///
/// # Errors
/// When the folders cannot be written.
pub(crate) fn recover(db: &Database, uploads: &Storage, settings: &Settings) -> anyhow::Result<()> {
    if leftovers(uploads)?.is_empty() {
        return Ok(());
    }
    let Some(hold) = Hold::of(uploads)? else { return Ok(()) };
    recover_held(&hold, db, uploads, settings)
}

/// As [`recover`], for whoever holds the uploads already.
///
/// # Errors
/// As [`recover`].
pub(super) fn recover_held(
    _hold: &Hold,
    db: &Database,
    uploads: &Storage,
    settings: &Settings,
) -> anyhow::Result<()> {
    for folder in leftovers(uploads)? {
        finish(db, uploads, settings, &folder)
            .with_context(|| format!("finishing the import in `{}`", folder.display()))?;
    }
    Ok(())
}

fn leftovers(uploads: &Storage) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(uploads.folder())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

/// Gives what is in the folder its place when its import was committed; removes the folder.
///
/// # Errors
/// When the disk refuses; trying again later is safe.
pub(super) fn finish(
    db: &Database,
    uploads: &Storage,
    settings: &Settings,
    folder: &Path,
) -> anyhow::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let note = note_of(&name);
    let committed = db.read::<_, StoreError>(|conn| notes::get(conn, &note))?.is_some();
    if committed {
        place_files(&folder.join(FILES), db, uploads)?;
        place(&folder.join(SCHEMA), &settings.schema, READABLE)?;
        place(&folder.join(KEY), &settings.data_dir(), OWNER_ONLY)?;
    }
    std::fs::remove_dir_all(folder)?;
    if committed {
        db.write::<_, StoreError>(|conn| notes::remove(conn, &note))?;
    }
    Ok(())
}

fn place_files(from: &Path, db: &Database, uploads: &Storage) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let Some(name) = FileName::parse(&entry.file_name().to_string_lossy()) else { continue };
        if uploads.bucket().is_some() {
            // One that was deleted before must not take the new one with it.
            db.write::<_, StoreError>(|conn| owed::let_be(conn, &name))?;
        }
        uploads.take(&entry.path(), &name)?;
    }
    Ok(uploads.settle()?)
}

/// These folders may be on another disk: each file is copied aside and renamed.
fn place(from: &Path, to: &Path, mode: u32) -> anyhow::Result<()> {
    for entry in WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let Ok(inside) = entry.path().strip_prefix(from) else { continue };
        if !entry.file_type().is_file() {
            continue;
        }
        let place = to.join(inside);
        let folder = place.parent().unwrap_or(to);
        std::fs::create_dir_all(folder)?;
        let aside = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(std::fs::Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        std::io::copy(&mut File::open(entry.path())?, &mut aside.as_file())?;
        aside.as_file().sync_all()?;
        aside.persist(&place).map_err(|error| error.error)?;
    }
    Ok(())
}
