//! What an export wrote.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Counts of everything in the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) file: String,
    /// Rows by content type.
    pub(crate) types: BTreeMap<String, usize>,
    pub(crate) links: usize,
    /// Uploaded files with their image formats.
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Shown by rows, but not on the disk.
    pub(crate) missing: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (uid, count) in &self.types {
            writeln!(f, "{uid}: {count}")?;
        }
        writeln!(f, "links: {}", self.links)?;
        writeln!(f, "files: {} ({} bytes)", self.files, self.bytes)?;
        for name in &self.missing {
            writeln!(f, "missing file: {name}")?;
        }
        writeln!(f, "exported to {}", self.file)
    }
}
