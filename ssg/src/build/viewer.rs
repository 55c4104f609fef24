//! Looks at a site that nobody publishes meanwhile: `ssg dev` and `ssg check`.
//!
//! It brings the replica up to date as a build does, and notes what changed for the next
//! build; of the traces of earlier builds it knows nothing.

use std::path::Path;
use std::sync::Arc;

use super::album::Album;
use super::builder::{Builder, Refusal, set_aside};
use super::memory::{Memory, Traces};
use super::report::Failure;
use super::source::{Pulled, Source, SourceError};
use super::view::View;
use super::{BuildError, Paths, lock, pull};
use crate::state::Store;

/// The replica of a site in memory.
pub struct Viewer {
    paths: Paths,
    source: Arc<dyn Source>,
    memory: Option<Memory>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Viewer {
    #[must_use]
    pub fn new(paths: Paths, source: Arc<dyn Source>) -> Self {
        Self { paths, source, memory: None }
    }

    /// Where content and media come from.
    #[must_use]
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.paths.cache
    }

    /// Whether there is content to show without asking anybody.
    ///
    /// # Errors
    /// When the cache cannot be used.
    pub fn has_content(&mut self) -> Result<bool, BuildError> {
        Ok(self.recall()?.has_content())
    }

    /// Where in its source's feed the replica stands, to ask from there.
    ///
    /// # Errors
    /// When the cache cannot be used.
    pub fn cursor(&mut self) -> Result<Option<String>, BuildError> {
        let name = self.source.name();
        let memory = self.recall()?;
        let same = memory.source.as_deref() == Some(name.as_str());
        Ok(memory.cursor.clone().filter(|_| same))
    }

    /// Asks for what changed; whether anything did.
    ///
    /// # Errors
    /// When there is neither a CMS nor a replica, or the cache cannot be used.
    pub fn pull(&mut self) -> Result<bool, BuildError> {
        let cursor = self.cursor()?;
        let answer = self.source.pull(cursor.as_deref());
        self.take(answer, cursor.as_deref())
    }

    /// Takes over what the source answered from a cursor; whether anything changed.
    ///
    /// # Errors
    /// As [`Viewer::pull`].
    pub fn take(
        &mut self,
        answer: Result<Pulled, SourceError>,
        cursor: Option<&str>,
    ) -> Result<bool, BuildError> {
        let _lock = lock(&self.paths.cache)?;
        let mut store = Store::open(&self.paths.cache)?;
        let before = self.memory.as_ref().map(|memory| memory.revision);
        let mut memory = match self.memory.take() {
            Some(memory) if memory.revision == store.revision()? => memory,
            _ => Memory::load(&mut store, Traces::Ignored)?,
        };
        let elsewhere = before != Some(memory.revision);
        if elsewhere && memory.cursor.as_deref() != cursor {
            // Another process pulled meanwhile, and may have come further.
            self.memory = Some(memory);
            return Ok(true);
        }
        let fresh = pull::pull(&mut memory, &*self.source, Some(answer))?;
        let changed = !fresh.touched.is_empty() || fresh.model_changed;
        if !fresh.is_empty() {
            set_aside(&store, &mut memory, fresh)?;
        }
        self.memory = Some(memory);
        Ok(changed || elsewhere)
    }

    /// The site as it is now.
    ///
    /// # Errors
    /// When there is no content, or the cache cannot be used. The inner error: mistakes that
    /// keep the site from being planned.
    pub fn view(&mut self, now: i64) -> Result<Result<View, Vec<Failure>>, BuildError> {
        let paths = self.paths.clone();
        let source = Arc::clone(&self.source);
        let memory = self.recall()?;
        if !memory.has_content() {
            return Err(BuildError::NoContent("there is no replica".to_owned()));
        }
        memory.table = None;
        Ok(match Builder::plan(&paths.site, memory, false, now)? {
            Ok((mut world, ..)) => {
                world.album = Album::new(&memory.pictures, Some(source), Some(&paths.cache));
                Ok(View::of(world))
            }
            Err(Refusal(failures)) => Err(failures),
        })
    }

    fn recall(&mut self) -> Result<&mut Memory, BuildError> {
        if self.memory.is_none() {
            let _lock = lock(&self.paths.cache)?;
            let mut store = Store::open(&self.paths.cache)?;
            self.memory = Some(Memory::load(&mut store, Traces::Ignored)?);
        }
        self.memory.as_mut().ok_or_else(|| BuildError::NoContent("nothing is loaded".to_owned()))
    }
}
