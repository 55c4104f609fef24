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
            Self::InUse(_) | Self::File { .. } => false,
        }
    }
}
