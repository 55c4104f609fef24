//! Where content comes from: the CMS in production, a list in memory in tests.

use std::path::Path;

use cms_api::change::SyncItem;

/// A supplier of content and media.
pub trait Source: Send + Sync {
    /// Names the supplier: a replica pulled from another one is started again.
    fn name(&self) -> String;

    /// Everything since a cursor, or everything there is without one.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError>;

    /// Every draft since a cursor, or all there are without one: one per document and locale,
    /// whether it is public as well or not.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn drafts(&self, _cursor: Option<&str>) -> Result<Pulled, SourceError> {
        Err(SourceError::Refused(format!("{} does not tell of drafts", self.name())))
    }

    /// Fetches a file of the media library (`/uploads/…`) to a place on disk, where it
    /// appears complete or not at all.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError>;
}

/// What a pull brought.
#[derive(Debug, Clone, Default)]
pub struct Pulled {
    /// The items are all there is; rows they do not name are gone.
    pub complete: bool,
    pub items: Vec<SyncItem>,
    /// Where to go on.
    pub cursor: String,
    /// The place in the feed that is now reached.
    pub seq: i64,
    /// Locale codes, the default one first; empty when the supplier does not say.
    pub locales: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nobody answers, or not now: the replica has to do.
    #[error("{0}")]
    Unreachable(String),
    /// There is no such file.
    #[error("{0}")]
    Missing(String),
    /// Our credentials are not accepted, or no longer: the replica has to do until somebody
    /// sees to it.
    #[error("{0}")]
    Unauthorized(String),
    /// Asking again will not help: configuration, versions.
    #[error("{0}")]
    Refused(String),
}
