//! `cms migrate`

use std::process::ExitCode;

use crate::config::Storage;
use crate::store::Database;

pub(crate) fn run(storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = Database::open(&storage.database_url)?;
    let ran = db.migrate()?;
    if ran.is_empty() {
        println!("the database is up to date");
    }
    for name in ran {
        println!("migrated {name}");
    }
    Ok(ExitCode::SUCCESS)
}
