//! An archive, and the installation it comes from or goes to.

use std::path::Path;

use crate::config::{Storage, Uploads};

/// What every way of reading or writing an archive must know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) file: &'a Path,
    /// Of an encrypted archive.
    pub(crate) key: Option<&'a str>,
    pub(crate) settings: &'a Storage,
    pub(crate) uploads: &'a Uploads,
}
