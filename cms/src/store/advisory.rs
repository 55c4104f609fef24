//! Locks that are on no row: what one process at a time does to a PostgreSQL database.
//!
//! SQLite has one writer anyway: there nobody else ever holds them. One that is not freed goes
//! with its connection.

use diesel::QueryableByName;
use diesel::sql_types::Bool;

use super::StoreError;
use super::pool::{Conn, Dialect};
use super::statement::Statement;

/// What is done alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Making indexes: what another process has begun looks unfinished.
    Indexes,
    /// Bringing tables up to date.
    Migrations,
}

impl Lock {
    fn number(self) -> i64 {
        match self {
            Self::Indexes => 0x6761_6c6c_6579,
            Self::Migrations => 0x6761_6c6c_657a,
        }
    }

    /// Waits for the lock.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn wait(self, conn: &mut Conn) -> Result<(), StoreError> {
        self.call(conn, "TRUE", "pg_advisory_lock").map(drop)
    }

    /// Waits for the lock, which is held until the transaction ends.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn wait_in_transaction(self, conn: &mut Conn) -> Result<(), StoreError> {
        self.call(conn, "TRUE", "pg_advisory_xact_lock").map(drop)
    }

    /// Takes the lock if nobody has it.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn take(self, conn: &mut Conn) -> Result<bool, StoreError> {
        self.call(conn, "done", "pg_try_advisory_lock")
    }

    /// Frees a lock that is not bound to a transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn free(self, conn: &mut Conn) -> Result<bool, StoreError> {
        self.call(conn, "done", "pg_advisory_unlock")
    }

    fn call(self, conn: &mut Conn, shown: &str, function: &str) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Answer {
            #[diesel(sql_type = Bool)]
            done: bool,
        }
        if conn.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let mut query = Statement::new(conn.dialect());
        query.push(&format!("SELECT {shown} AS done FROM {function}(")).bind(self.number());
        query.push(") AS done");
        let answers: Vec<Answer> = query.load(conn)?;
        Ok(answers.iter().all(|answer| answer.done))
    }
}
