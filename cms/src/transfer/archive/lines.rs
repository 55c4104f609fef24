//! JSON Lines, one at a time, with member and line named in every complaint.

use std::io::{BufRead, Read as _};
use std::path::PathBuf;

use serde::de::DeserializeOwned;

use crate::transfer::Refused;

/// Longest line: no entry is that large, and it has to fit into memory several times.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// A member that was unpacked: its name in the archive and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinesFile {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// A line and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) member: &'a str,
    /// Counted from 1.
    pub(crate) number: usize,
    pub(crate) text: &'a str,
}

impl Line<'_> {
    /// A complaint about this line.
    pub(crate) fn refuse(&self, what: impl std::fmt::Display) -> anyhow::Error {
        Refused::new(format!("{} line {}: {what}", self.member, self.number)).into()
    }

    /// # Errors
    /// When the line is not the JSON that is wanted.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_str(self.text).map_err(|error| self.refuse(error))
    }
}

/// Shows `visit` every line that is not blank, file after file.
///
/// # Errors
/// Those of `visit`; when a file cannot be read or a line is absurdly long or no text.
pub(crate) fn each(
    files: &[LinesFile],
    mut visit: impl FnMut(Line<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for file in files {
        let mut reader = std::io::BufReader::new(std::fs::File::open(&file.path)?);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            if reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
            let here = Line { member: &file.name, number, text: "" };
            if bytes.len() as u64 == MAX_LINE_BYTES {
                return Err(here.refuse("the line is longer than 64 MB"));
            }
            let text = std::str::from_utf8(&bytes).map_err(|error| here.refuse(error))?.trim();
            if !text.is_empty() {
                visit(Line { text, ..here })?;
            }
        }
    }
    Ok(())
}
