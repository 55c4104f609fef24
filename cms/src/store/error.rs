//! What can go wrong in the database, by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or foreign key refused the write; another writer was faster.
    #[error("the write conflicts with another one: {0}")]
    Conflict(String),
    /// The database cannot be reached or is too busy; trying again later may help.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error("database error: {0}")]
    Other(DieselError),
}

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
            DieselError::DatabaseError(
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction,
                info,
            ) => Self::Unavailable(info.message().to_owned()),
            DieselError::DatabaseError(_, info)
                if info.message().contains("database is locked") =>
            {
                Self::Unavailable(info.message().to_owned())
            }
            _ => Self::Other(error),
        }
    }
}
