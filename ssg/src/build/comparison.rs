//! A clean build held against the live tree, byte for byte. Nothing is written.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use walkdir::WalkDir;

use super::run::url_of;
use crate::release::ReleaseError;
use crate::release::encoding::original;

/// Characters of a differing line to show; pages are often one long line.
const SHOWN: usize = 160;
/// Of these, how many stand before the first one that differs.
const BEFORE: usize = 40;
/// Stands for what was cut off.
const CUT: char = '…';

/// One file that is not what a clean build makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub url: String,
    /// Below the live tree.
    pub file: String,
    pub what: What,
    /// Of text files, where they begin to differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<FirstLine>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A clean build makes it; it is not live.
    Missing,
    /// It is live; a clean build does not make it.
    Extra,
    Differs,
}

impl What {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Differs => "differs",
        }
    }
}

/// The first line that differs, cut to the place where it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstLine {
    pub line: usize,
    /// Absent where the text has ended.
    pub live: Option<String>,
    pub clean: Option<String>,
}

/// Takes the files of a clean build from many threads.
#[derive(Debug)]
pub(super) struct Comparison {
    live: PathBuf,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    /// Every file a clean build makes.
    pub(super) expected: BTreeSet<String>,
    pub(super) differences: Vec<Difference>,
    /// Live files of which no clean version could be made.
    pub(super) unchecked: Vec<String>,
}

impl Comparison {
    /// With the tree at a path that no link leads through.
    pub(super) fn with(live: PathBuf) -> Self {
        Self { live, found: Mutex::default() }
    }

    pub(super) fn put(&self, file: &str, clean: &[u8]) -> Result<(), ReleaseError> {
        let live = read(&self.live.join(file))?;
        let difference = match &live {
            None => Some(difference(file, What::Missing)),
            Some(live) if live == clean => None,
            Some(live) => {
                Some(Difference { at: first_line(live, clean), ..difference(file, What::Differs) })
            }
        };
        let mut found = self.found();
        found.differences.extend(difference);
        found.expected.insert(file.to_owned());
        Ok(())
    }

    pub(super) fn keep(&self, file: &str) -> Result<(), ReleaseError> {
        if read(&self.live.join(file))?.is_some() {
            let mut found = self.found();
            found.unchecked.push(file.to_owned());
            found.expected.insert(file.to_owned());
        }
        Ok(())
    }

    /// Everything found, what is live and should not be included, in the order of files.
    pub(super) fn finish(self) -> Result<Found, ReleaseError> {
        let mut found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        for entry in WalkDir::new(&self.live) {
            let entry = entry.map_err(|error| {
                let path = error.path().unwrap_or(&self.live).to_owned();
                unreadable(path, error.into())
            })?;
            let relative = entry.path().strip_prefix(&self.live).unwrap_or(entry.path());
            let file = relative.to_string_lossy();
            if !entry.file_type().is_dir() && !found.expected.contains(&*file) {
                let what = extra(&self.live, &found.expected, &file)?;
                found.differences.extend(what.map(|what| difference(&file, what)));
            }
        }
        found.differences.sort_by(|one, other| one.file.cmp(&other.file));
        found.unchecked.sort_unstable();
        Ok(found)
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is wrong with a live file that a clean build does not render: nothing with the
/// compressed copy of one that it does.
fn extra(
    live: &Path,
    expected: &BTreeSet<String>,
    file: &str,
) -> Result<Option<What>, ReleaseError> {
    let original = original(file).filter(|(original, _)| expected.contains(*original));
    let Some((original, encoding)) = original else { return Ok(Some(What::Extra)) };
    let (copy, original) = (read(&live.join(file))?, read(&live.join(original))?);
    let expanded = copy.and_then(|copy| encoding.expand(&copy).ok());
    Ok((expanded != original).then_some(What::Differs))
}

fn difference(file: &str, what: What) -> Difference {
    Difference { url: url_of(file), file: file.to_owned(), what, at: None }
}

/// `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ReleaseError> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | IsADirectory) => Ok(None),
        Err(error) => Err(unreadable(path.to_owned(), error)),
    }
}

fn unreadable(path: PathBuf, source: io::Error) -> ReleaseError {
    ReleaseError::Io { action: "read", path, source }
}

/// `None` unless both are text.
fn first_line(live: &[u8], clean: &[u8]) -> Option<FirstLine> {
    let (live, clean) = (std::str::from_utf8(live).ok()?, std::str::from_utf8(clean).ok()?);
    let (mut lives, mut cleans) = (live.split('\n'), clean.split('\n'));
    for line in 1.. {
        let (live, clean) = (lives.next(), cleans.next());
        if live == clean && live.is_some() {
            continue;
        }
        let same = live.unwrap_or("").chars().zip(clean.unwrap_or("").chars());
        let same = same.take_while(|(one, other)| one == other).count();
        let cut = |text: &str| cut(text, same);
        return Some(FirstLine { line, live: live.map(cut), clean: clean.map(cut) });
    }
    None
}

/// A line around the character at a position.
fn cut(line: &str, at: usize) -> String {
    let from = if line.chars().nth(SHOWN).is_some() { at.saturating_sub(BEFORE) } else { 0 };
    let mut rest = line.chars().skip(from);
    let mut shown: String = (from > 0).then_some(CUT).into_iter().collect();
    shown.extend(rest.by_ref().take(SHOWN));
    shown.extend(rest.next().map(|_| CUT));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(live: &str, clean: &str) -> (usize, Option<String>, Option<String>) {
        let first = first_line(live.as_bytes(), clean.as_bytes()).unwrap();
        (first.line, first.live, first.clean)
    }

    #[test]
    fn the_first_differing_line_is_shown() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(at("a\nb\nc", "a\nx\nc"), (2, text("b"), text("x")));
        assert_eq!(at("a\n", "a"), (2, text(""), None));
        assert_eq!(at("", "ä"), (1, text(""), text("ä")));
        assert_eq!(first_line(b"\xff", b"a"), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_difference() {
        let live = "ä".repeat(1_000);
        let clean = format!("{}b{}", "ä".repeat(500), "ä".repeat(499));
        let (_, live, clean) = at(&live, &clean);
        assert_eq!(live, Some(format!("…{}…", "ä".repeat(SHOWN))));
        let clean = clean.unwrap();
        assert_eq!(clean.chars().position(|char| char == 'b'), Some(BEFORE + 1));
        assert_eq!(clean.chars().count(), SHOWN + 2);
    }
}
