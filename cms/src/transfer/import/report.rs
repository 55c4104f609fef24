//! What an import did, or would do: for people and for machines.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// Rows of one content type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) unchanged: usize,
    /// Locales and states of imported documents that the archive does not have.
    pub(crate) removed: usize,
}

/// Uploaded files with their image formats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Files {
    pub(crate) copied: usize,
    pub(crate) unchanged: usize,
    pub(crate) bytes: u64,
    /// Shown by rows, but neither in the archive nor here.
    pub(crate) missing: Vec<String>,
}

/// Something that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) count: usize,
    pub(crate) reason: String,
}

/// The whole story.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    pub(crate) dry_run: bool,
    /// When and by which version of Strapi the archive was made.
    pub(crate) created_at: Option<String>,
    pub(crate) strapi_version: Option<String>,
    /// Content types and components whose schema files are new.
    pub(crate) schemas: Vec<String>,
    pub(crate) types: BTreeMap<String, Counts>,
    pub(crate) links: usize,
    pub(crate) files: Files,
    pub(crate) locales: Vec<String>,
    /// Roles whose permissions changed.
    pub(crate) permissions: Vec<String>,
    pub(crate) webhooks: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Report {
    pub(super) fn of(&mut self, uid: &str) -> &mut Counts {
        self.types.entry(uid.to_owned()).or_default()
    }

    /// Counts something that is left out.
    pub(super) fn skip(&mut self, what: impl Into<String>, reason: impl Into<String>) {
        let (what, reason) = (what.into(), reason.into());
        match self.skipped.iter_mut().find(|known| known.what == what && known.reason == reason) {
            Some(known) => known.count += 1,
            None => self.skipped.push(Skipped { what, count: 1, reason }),
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made = self.created_at.as_deref().unwrap_or("at an unknown time");
        let version = self.strapi_version.as_deref().unwrap_or("unknown");
        writeln!(f, "archive made {made} by Strapi {version}")?;
        for uid in &self.schemas {
            writeln!(f, "schema {uid}: new")?;
        }
        for (uid, counts) in &self.types {
            let Counts { added, updated, unchanged, removed } = counts;
            write!(f, "{uid}: {added} added, {updated} updated, {unchanged} unchanged")?;
            if *removed > 0 {
                write!(f, ", {removed} removed")?;
            }
            writeln!(f)?;
        }
        writeln!(f, "links: {}", self.links)?;
        let Files { copied, unchanged, bytes, missing } = &self.files;
        writeln!(f, "files: {copied} copied ({bytes} bytes), {unchanged} unchanged")?;
        for name in missing {
            writeln!(f, "missing file: {name}")?;
        }
        for (what, names) in [
            ("locales", &self.locales),
            ("permissions of roles", &self.permissions),
            ("webhooks", &self.webhooks),
        ] {
            if !names.is_empty() {
                writeln!(f, "{what}: {}", names.join(", "))?;
            }
        }
        for Skipped { what, count, reason } in &self.skipped {
            writeln!(f, "skipped {what} ({count}): {reason}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        let end = if self.dry_run { "dry run: nothing was written" } else { "imported" };
        writeln!(f, "{end}")
    }
}
