//! Where pages went: addresses that pages of earlier releases had, beside the releases.
//!
//! The file is in the convention of `_redirects`, so whoever follows the owner's rules follows
//! these after them.

use std::fs;
use std::path::PathBuf;

use super::Store;
use super::error::{AtPath, Result};

/// The file's name in the folder of releases.
pub const MOVED: &str = "moved";

impl Store {
    /// The file's path; it may not exist.
    #[must_use]
    pub fn moved_file(&self) -> PathBuf {
        self.inner.layout.root().join(MOVED)
    }

    /// Replaces the file in one instant.
    pub(crate) fn write_moved(&self, text: &str) -> Result<()> {
        let path = self.moved_file();
        let written = self.inner.layout.staging().join(MOVED);
        fs::write(&written, text).at("write", &written)?;
        fs::rename(&written, &path).at("replace", &path)
    }
}
