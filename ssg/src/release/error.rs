//! What can go wrong when a release is made, switched or read.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::file_lock::LockError;

#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("cannot {action} `{}`", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error(
        "the release history is damaged or unreadable; what is live is served all the same: move \
         the folder of releases (SSG_OUT) away and build again"
    )]
    History(#[source] Box<redb::Error>),
    #[error("the release history says something impossible: {0}")]
    Damaged(String),
    #[error("`{path}` cannot be published: {why}")]
    BadPath { path: String, why: &'static str },
    #[error("`{path}` was written twice in one build")]
    Twice { path: String },
    #[error(
        "`{file}` and `{below}` cannot both be published: one is a file, the other needs a folder of that name"
    )]
    Collision { file: String, below: String },
    #[error("there is no release {id}; kept are {}", listed(kept))]
    Unknown { id: u64, kept: Vec<u64> },
    #[error("there is no release before the live one to go back to")]
    NoPrevious,
    #[error("release {id} is not live any more")]
    NotLive { id: u64 },
    #[error("nothing has been published yet")]
    NothingPublished,
    #[error(
        "another build published release {found:?} meanwhile (this one began at {base:?}); build again"
    )]
    Overtaken { base: Option<u64>, found: Option<u64> },
    #[error("the bytes of `{path}` for release {release} are missing below `dist`")]
    Missing { path: String, release: u64 },
}

pub type Result<T, E = ReleaseError> = std::result::Result<T, E>;

fn listed(ids: &[u64]) -> String {
    match ids {
        [] => "none".into(),
        ids => ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Names the file in an I/O error: "permission denied" alone helps nobody.
pub(super) trait AtPath<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T, E: Into<io::Error>> AtPath<T> for std::result::Result<T, E> {
    fn at(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| ReleaseError::Io {
            action,
            path: path.to_owned(),
            source: source.into(),
        })
    }
}

macro_rules! from_redb {
    ($($error:ty),+) => {$(
        impl From<$error> for ReleaseError {
            fn from(error: $error) -> Self {
                Self::History(Box::new(error.into()))
            }
        }
    )+};
}

from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError
);
