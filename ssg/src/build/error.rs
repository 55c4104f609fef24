//! Why a build could not even report: configuration or internal failures.
//!
//! Mistakes in templates or content are no such failures; they are in the
//! [`Report`](super::Report).

use std::path::PathBuf;

use crate::file_lock::LockError;
use crate::release::ReleaseError;
use crate::state::StateError;

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Neither a replica nor a CMS.
    #[error("there is no content yet, and the CMS cannot be asked: {0}")]
    NoContent(String),
    #[error("{0}")]
    Refused(String),
    #[error("the content cannot be used: {0}")]
    Content(String),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(
        "{0}; it is `state.redb` in the content cache (SSG_CACHE), and may be deleted: it is made \
         anew from the content server"
    )]
    State(#[from] StateError),
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error("`{}`: {error}", .path.display())]
    File { path: PathBuf, error: std::io::Error },
}
