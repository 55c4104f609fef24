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
    /// Users whose password hash Strapi cannot check.
    pub(crate) unusable_passwords: usize,
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
        if self.unusable_passwords > 0 {
            let count = self.unusable_passwords;
            writeln!(f, "note: {count} users must reset their password when this moves to Strapi")?;
        }
        writeln!(f, "exported to {}", self.file)
    }
}
