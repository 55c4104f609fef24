//! The proof on demand: everything is rendered anew from the replica and held against the
//! live tree. Writes neither below the output folder nor into the state.

use std::collections::BTreeSet;

use serde::Serialize;

use super::album::Album;
use super::apply::Applied;
use super::builder::{Builder, Refusal};
use super::comparison::{Comparison, Difference};
use super::memory::{Memory, Traces};
use super::outputs::Outputs;
use super::report::Failure;
use super::work::Work;
use super::{BuildError, Paths, lock};
use crate::release::{self, ReleaseError};
use crate::state::Store;

/// What a comparison of the live site with a clean build found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Verification {
    /// The release that was looked at.
    pub live: Option<u64>,
    pub newest: Option<u64>,
    /// A rollback is pinned: newer releases wait.
    pub pinned: bool,
    /// The place in the CMS's feed the replica stands at.
    pub seq: i64,
    /// Documents that were pulled since the last build; the site does not show them yet.
    pub pending: usize,
    /// Pages of the site.
    pub pages: u64,
    /// Files that were compared.
    pub compared: usize,
    pub differences: Vec<Difference>,
    /// Mistakes that keep pages from being made anew; what is live of them is not compared.
    pub failed: Vec<Failure>,
    /// Live files that could not be made anew: of failed pages, and media whose copy in the
    /// cache is gone.
    pub unchecked: Vec<String>,
}

impl Verification {
    /// The live site is a clean build of the replica.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty() && self.failed.is_empty()
    }

    /// What a reader of the result should know first.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.live != self.newest {
            let (live, newest) = (self.live.unwrap_or(0), self.newest.unwrap_or(0));
            let why = if self.pinned { "a rollback is pinned" } else { "it is not live yet" };
            notes.push(format!(
                "release {live} is live and {newest} is the newest ({why}): \
                 what changed between them differs"
            ));
        }
        if self.pending > 0 {
            notes.push(format!(
                "documents that were pulled and not built yet: {}; `ssg build` brings the site \
                 up to date",
                self.pending
            ));
        }
        if !self.unchecked.is_empty() {
            notes.push(format!("not compared: {}", self.unchecked.join(", ")));
        }
        notes
    }
}

/// Renders everything from the replica and compares it with what is live.
///
/// # Errors
/// When nothing is published, there is no replica, or a folder cannot be read.
pub fn verify(paths: &Paths) -> Result<Verification, BuildError> {
    let _lock = lock(&paths.cache)?;
    let live = std::fs::canonicalize(paths.out.join("current"))
        .map_err(|_| ReleaseError::NothingPublished)?;
    let status = release::Store::open(&paths.out)?.status()?;
    let mut memory = Memory::load(&mut Store::open(&paths.cache)?, Traces::Ignored)?;
    if !memory.has_content() {
        return Err(BuildError::NoContent("verifying needs a replica".to_owned()));
    }
    memory.forget_traces();
    let mut result = Verification {
        live: status.live.map(|release| release.id),
        newest: status.newest.map(|release| release.id),
        pinned: status.pinned,
        seq: memory.seq,
        pending: pending(&memory),
        ..Verification::default()
    };
    let outputs = Outputs::Live(Comparison::with(live));
    match build(paths, &mut memory, &outputs)? {
        Ok((pages, failed)) => {
            result.pages = pages;
            result.failed = failed;
        }
        Err(Refusal(failed)) => {
            result.failed = failed;
            return Ok(result);
        }
    }
    if let Outputs::Live(comparison) = outputs {
        let found = comparison.finish()?;
        result.compared = found.expected.len() - found.unchecked.len();
        result.differences = found.differences;
        result.unchecked = found.unchecked;
    }
    Ok(result)
}

fn pending(memory: &Memory) -> usize {
    let documents: BTreeSet<_> = memory.touched.keys().map(|row| &row.document_id).collect();
    documents.len()
}

/// A clean build into `outputs`: the number of pages, and what went wrong.
fn build(
    paths: &Paths,
    memory: &mut Memory,
    outputs: &Outputs,
) -> Result<Result<(u64, Vec<Failure>), Refusal>, BuildError> {
    let now = jiff::Timestamp::now().as_second();
    let (mut world, changes, planned) = match Builder::plan(&paths.site, memory, false, now)? {
        Ok(planned) => planned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    world.album = Album::new(&memory.pictures, None, Some(&paths.cache));
    let mut work = Work::find(memory, &world, &changes, &planned, &[], None)?;
    work.take_over(memory);
    let mut applied = Applied::default();
    applied.pages(memory, &world, &work, outputs)?;
    applied.static_files(memory, &world, outputs, false)?;
    applied.media(memory, &changes, None, &paths.cache, outputs, true)?;
    Ok(Ok((world.table.len() as u64, applied.failures(&world.table))))
}
