//! What can go wrong in the database, by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or foreign key refused the write; another writer was faster.
    #[error("the write conflicts with another one: {0}")]
    Conflict(String),
    /// The database took this transaction back to let another one pass (a deadlock, a
    /// serialization failure): the same transaction again may well succeed.
    #[error("another transaction was in the way: {0}")]
    Contended(String),
    /// The connection broke before the commit was asked for: nothing was written.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// The database cannot be reached or is too busy; trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error("database error: {0}")]
    Other(DieselError),
}

/// What a transaction may fail with that is run again where that is safe.
pub trait Transient: From<StoreError> {
    /// Whether the transaction left nothing behind and may succeed when it is run again.
    fn is_transient(&self) -> bool;
}

/// On the command line everything is one kind of error.
impl Transient for anyhow::Error {
    fn is_transient(&self) -> bool {
        self.downcast_ref().is_some_and(StoreError::is_transient)
    }
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Contended(_) | Self::Lost(_))
    }
}

/// How PostgreSQL begins the message of its error 40P01, which diesel has no name for.
const DEADLOCK: &str = "deadlock detected";

impl StoreError {
    /// A stored value that is not what it must be.
    #[must_use]
    pub fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(DieselError::DeserializationError(error.into()))
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match &error {
            DieselError::DatabaseError(Kind::UniqueViolation | Kind::ForeignKeyViolation, info) => {
                Self::Conflict(info.message().to_owned())
            }
            DieselError::DatabaseError(Kind::SerializationFailure, info) => {
                Self::Contended(info.message().to_owned())
            }
            DieselError::DatabaseError(_, info) if info.message().starts_with(DEADLOCK) => {
                Self::Contended(info.message().to_owned())
            }
            DieselError::DatabaseError(
                Kind::ClosedConnection | Kind::UnableToSendCommand,
                info,
            ) => Self::Lost(info.message().to_owned()),
            DieselError::DatabaseError(Kind::ReadOnlyTransaction, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::DatabaseError(_, info) if is_passing(info.message()) => {
                Self::Unavailable(info.message().to_owned())
            }
            _ => Self::Other(error),
        }
    }
}

/// Refusals of SQLite that end without a change to the program or its data: another writer is
/// at it, or somebody makes room.
fn is_passing(message: &str) -> bool {
    ["database is locked", "disk is full", "disk I/O error"].iter().any(|it| message.contains(it))
}
