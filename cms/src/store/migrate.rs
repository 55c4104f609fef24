//! Brings the database's tables up to date. Migrations are compiled in.

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::advisory::Lock;
use super::pool::{Conn, Database};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

impl Database {
    /// Runs every migration that has not run yet and returns their names. Of several servers
    /// that start at once one does it, and the others wait.
    ///
    /// # Errors
    /// When a migration fails; those before it stay.
    pub fn migrate(&self) -> anyhow::Result<Vec<String>> {
        self.unmanaged(|conn| {
            Lock::Migrations.wait(conn)?;
            let ran = match conn {
                Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE),
                Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES),
            };
            let ran = ran.map(|list| list.iter().map(ToString::to_string).collect());
            Lock::Migrations.free(conn)?;
            ran.map_err(|error| anyhow::anyhow!("migrating the database: {error}"))
        })
    }

    /// The migrations that ran on this database and that this program does not know: a newer
    /// one made it.
    ///
    /// # Errors
    /// Those of the database.
    pub fn foreign_migrations(&self) -> anyhow::Result<Vec<String>> {
        let failed = |error| anyhow::anyhow!("reading the list of migrations: {error}");
        self.unmanaged(|conn| {
            let (ran, known) = match conn {
                Conn::Sqlite(conn) => (
                    conn.applied_migrations(),
                    MigrationSource::<Sqlite>::migrations(&SQLITE).map(versions),
                ),
                Conn::Postgres(conn) => (
                    conn.applied_migrations(),
                    MigrationSource::<Pg>::migrations(&POSTGRES).map(versions),
                ),
            };
            let (ran, known) = (ran.map_err(failed)?, known.map_err(failed)?);
            let ran = ran.iter().map(ToString::to_string);
            Ok(ran.filter(|version| !known.contains(version)).collect())
        })
    }

    /// How many migrations have not run yet.
    ///
    /// # Errors
    /// Those of the database.
    pub fn pending_migrations(&self) -> anyhow::Result<usize> {
        self.unmanaged(|conn| {
            let pending = match conn {
                Conn::Sqlite(conn) => conn.pending_migrations(SQLITE).map(|list| list.len()),
                Conn::Postgres(conn) => conn.pending_migrations(POSTGRES).map(|list| list.len()),
            };
            pending.map_err(|error| anyhow::anyhow!("reading the list of migrations: {error}"))
        })
    }
}

fn versions<DB: Backend>(all: Vec<Box<dyn Migration<DB>>>) -> Vec<String> {
    all.iter().map(|migration| migration.name().version().to_string()).collect()
}
