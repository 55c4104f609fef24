//! Why the state could not be read or written.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process works with this cache directory right now.
    #[error("`{}` is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The database or the disk below it refused.
    #[error("the state database cannot be used: {0}")]
    Database(Box<redb::Error>),
    /// What is in the file is not what was written to it.
    #[error("the state database is damaged: {0}")]
    Damaged(String),
    #[error("`{}`: {error}", .path.display())]
    File { path: PathBuf, error: std::io::Error },
}

impl<E: Into<redb::Error>> From<E> for StateError {
    fn from(error: E) -> Self {
        Self::Database(Box::new(error.into()))
    }
}

impl StateError {
    /// Whether starting with an empty file would help: the content is at fault, not the
    /// disk and not another process.
    pub(super) fn is_about_content(&self) -> bool {
        match self {
            // The disk is there, and what it holds makes no sense.
            Self::Database(error) if is_invalid_data(error) => true,
            Self::Database(error) => matches!(
                **error,
                redb::Error::Corrupted(_)
                    | redb::Error::UpgradeRequired(_)
                    | redb::Error::RepairAborted
                    | redb::Error::LockProtocolMismatch
                    | redb::Error::TableTypeMismatch { .. }
                    | redb::Error::TableIsMultimap(_)
                    | redb::Error::TypeDefinitionChanged { .. }
            ),
            Self::Damaged(_) => true,
            Self::InUse(_) | Self::File { .. } => false,
        }
    }
}

/// A file that is no database at all is reported as invalid data, not as corrupt.
fn is_invalid_data(error: &redb::Error) -> bool {
    matches!(error, redb::Error::Io(io) if matches!(
        io.kind(),
        std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof
    ))
}
