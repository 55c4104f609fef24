//! From content to a release: pull, plan, mark, verify, render, publish, remember.
//!
//! A [`Builder`] does one build after another. It keeps what it loaded in memory, so that
//! a later build costs what changed; another process may build in between, which it notices
//! by the state's revision. The order of the last two steps is what makes a crash harmless:
//! first the release is switched, then the state is committed. A build repeated after a
//! crash in between finds every file as it should be and writes nothing.
//!
//! ```text
//! Source ─► replica ─► RouteTable ─► mark ─► verify ─► render ─► Stage ─► switch ─► commit
//! ```

mod album;
mod apply;
mod builder;
mod check;
mod cms_source;
mod comparison;
mod contents;
mod crawl;
mod cursor;
mod drafts;
mod error;
mod fields;
mod folder;
mod health;
mod hypothetical;
mod impact;
mod inputs;
mod listing;
mod made;
mod media;
mod memory;
mod moved;
mod outputs;
mod probe;
pub mod problem;
mod pull;
mod report;
mod revalidate;
mod run;
mod scratch;
mod settled;
mod source;
mod static_files;
mod translations;
mod verify;
mod view;
mod viewer;
mod why;
mod work;
mod world;

use std::path::{Path, PathBuf};

use self::inputs::Inputs;
use crate::file_lock::{FileLock, LOCK_WAIT};

pub use builder::Builder;
pub use cms_source::CmsSource;
pub use comparison::{Difference, FirstLine, What};
pub use crawl::Crawl;
pub use drafts::{Drafts, Selection};
pub use error::BuildError;
pub use folder::FolderSource;
pub use impact::{Effect, HINT, Impact, NoImpact, Tried, UNPUBLISH, UrlImpact, WouldFail, impact};
pub use probe::{Phase, Probe};
pub use pull::PullReport;
pub use report::{Action, Failure, FileChange, Phases, Report};
pub use revalidate::Revalidation;
pub use scratch::Scratch;
pub use source::{Pulled, Source, SourceError};
pub use static_files::FOLDER as STATIC_FOLDER;
pub use translations::{MissingDocument, MissingString, Translations, translations};
pub use verify::{Verification, verify};
pub use view::{Shown, Standing, View};
pub use viewer::Viewer;
pub use why::{Cost, EntryName, Explanation, ReadLine, UnknownUrl, why};

/// Which program wrote the traces; those of any other are discarded.
pub const ENGINE: &str = env!("GALLEY_ENGINE");

/// The folders of a site.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Templates, static files and site.toml.
    pub site: PathBuf,
    /// Releases.
    pub out: PathBuf,
    /// What may be lost and rebuilt.
    pub cache: PathBuf,
}

/// What one build should do.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Why, for the release history: `build`, `webhook`, `poll` …
    pub reason: String,
    /// Ask nothing of the CMS.
    pub offline: bool,
    /// Forget what was rendered before.
    pub clean: bool,
    /// Publish nothing when any page fails.
    pub strict: bool,
    /// Publish although the gate objects: somebody has looked at what it found.
    pub accept: bool,
    /// The time pages may show, in Unix seconds; the system's when there is none.
    pub now: Option<i64>,
    /// Render these again whether anything they read changed or not.
    pub revalidate: Vec<Revalidation>,
}

impl Request {
    /// The time of the build, in Unix seconds.
    fn time(&self) -> i64 {
        self.now.unwrap_or_else(|| jiff::Timestamp::now().as_second())
    }
}

/// What is wrong with site.toml, the templates and the rules by themselves, a line each.
pub fn mistakes(site: &Path) -> Result<Vec<String>, BuildError> {
    Ok(failures(site)?.iter().map(problem::line).collect())
}

/// The same, taken apart.
///
/// # Errors
/// When the folder cannot be read.
pub fn failures(site: &Path) -> Result<Vec<Failure>, BuildError> {
    Ok(match Inputs::load(site)? {
        Ok(inputs) => check::named_templates(&inputs),
        Err(failures) => failures,
    })
}

/// The lock of a cache directory: one build at a time.
const LOCK_FILE: &str = "lock";

/// Waits for the cache to be ours.
fn lock(cache: &Path) -> Result<FileLock, BuildError> {
    std::fs::create_dir_all(cache)
        .map_err(|error| BuildError::File { path: cache.to_owned(), error })?;
    Ok(FileLock::exclusive(&cache.join(LOCK_FILE), LOCK_WAIT)?)
}
