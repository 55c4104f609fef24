//! Opening the database, and starting over when the file is not one of ours.

use std::fs;
use std::path::Path;

use redb::{Database, ReadableDatabase, TableError};

use super::StateError;
use super::store::{FORMAT_KEY, META, create_tables};

/// Raised when tables or their encoding change.
pub(super) const FORMAT: &[u8] = b"galley-state 2";

/// Pages of the file kept in memory while it is open. Everything is read once, at the start;
/// only commits come back to a page.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Opens the database, creating it when missing and replacing it when it is corrupt or was
/// written by another format.
pub(super) fn open_or_replace(path: &Path) -> Result<Database, StateError> {
    match open_checked(path) {
        Ok(Some(database)) => Ok(database),
        Ok(None) => replace(path, "it was written by another version"),
        Err(error) if error.is_about_content() => replace(path, &error.to_string()),
        Err(error) => Err(error),
    }
}

/// `None`: a database of another format.
fn open_checked(path: &Path) -> Result<Option<Database>, StateError> {
    guarded(|| open(path))
}

/// A damaged page may lead the database to a place that it takes for impossible.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, StateError>) -> Result<T, StateError> {
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(read));
    read.unwrap_or_else(|_| Err(StateError::Damaged("it cannot be read to its end".to_owned())))
}

fn open(path: &Path) -> Result<Option<Database>, StateError> {
    let database = Database::builder().set_cache_size(CACHE_BYTES).create(path).map_err(
        |error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => StateError::InUse(path.to_owned()),
            other => other.into(),
        },
    )?;
    match stored_format(&database)? {
        Some(format) if format == FORMAT => Ok(Some(database)),
        Some(_) => Ok(None),
        None => {
            create_tables(&database)?;
            Ok(Some(database))
        }
    }
}

fn stored_format(database: &Database) -> Result<Option<Vec<u8>>, StateError> {
    let transaction = database.begin_read()?;
    match transaction.open_table(META) {
        Ok(meta) => Ok(Some(meta.get(FORMAT_KEY)?.map_or_else(Vec::new, |v| v.value().to_vec()))),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn replace(path: &Path, why: &str) -> Result<Database, StateError> {
    tracing::warn!(path = %path.display(), why, "the state is discarded and rebuilt from the CMS");
    fs::remove_file(path).map_err(|error| StateError::File { path: path.to_owned(), error })?;
    match open_checked(path)? {
        Some(database) => Ok(database),
        None => Err(StateError::InUse(path.to_owned())),
    }
}
