//! Brings the database's tables up to date. Migrations are compiled in.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::{Conn, Database};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

impl Database {
    /// Runs every migration that has not run yet and returns their names.
    ///
    /// # Errors
    /// When a migration fails; those before it stay.
    pub fn migrate(&self) -> anyhow::Result<Vec<String>> {
        self.unmanaged(|conn| {
            let ran = match conn {
                Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE),
                Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES),
            };
            let ran = ran.map_err(|error| anyhow::anyhow!("migrating the database: {error}"))?;
            Ok(ran.iter().map(ToString::to_string).collect())
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
