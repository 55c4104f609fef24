//! Files on their way into the release, opened only when there is something to write.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::release::{Meta, Published, ReleaseError, Stage, StageKind, Store};

/// Takes files from many threads; files that are already as they should be are left out.
#[derive(Debug)]
pub(super) struct Outputs {
    releases: Store,
    kind: StageKind,
    /// The newest tree, to keep what cannot be made anew.
    newest: Option<PathBuf>,
    stage: Mutex<Option<Arc<Stage>>>,
}

impl Outputs {
    /// `whole`: the files to come are all there are.
    pub(super) fn new(releases: &Store, whole: bool) -> Result<Self, ReleaseError> {
        Ok(Self {
            releases: releases.clone(),
            kind: if whole { StageKind::Full } else { StageKind::Changes },
            newest: if whole { releases.newest_dir()? } else { None },
            stage: Mutex::new(None),
        })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.kind == StageKind::Full
    }

    pub(super) fn put(&self, file: &str, bytes: &[u8]) -> Result<blake3::Hash, ReleaseError> {
        let hash = blake3::hash(bytes);
        if self.is_whole() || self.releases.hash_of(file)? != Some(hash) {
            self.stage()?.put_hashed(file, bytes, hash)?;
        }
        Ok(hash)
    }

    /// Takes a file over from the newest release, if it is there: the last good version of
    /// a page that failed.
    pub(super) fn keep(&self, file: &str) -> Result<(), ReleaseError> {
        if self.is_whole()
            && let Some(newest) = &self.newest
            && let Ok(bytes) = std::fs::read(newest.join(file))
        {
            self.stage()?.put(file, &bytes)?;
        }
        Ok(())
    }

    pub(super) fn remove(&self, file: &str) -> Result<(), ReleaseError> {
        if self.releases.hash_of(file)?.is_some() {
            self.stage()?.remove(file)?;
        }
        Ok(())
    }

    /// Whether the newest release has this file with these bytes.
    pub(super) fn has(&self, file: &str, hash: &[u8; 32]) -> Result<bool, ReleaseError> {
        Ok(self.releases.hash_of(file)?.is_some_and(|found| found.as_bytes() == hash))
    }

    /// Makes the release; `None` when nothing differs from the newest one.
    pub(super) fn publish(self, meta: Meta) -> Result<Option<Published>, ReleaseError> {
        if self.is_whole() {
            self.stage()?;
        }
        let stage = self.stage.into_inner().unwrap_or_else(PoisonError::into_inner);
        match stage.and_then(Arc::into_inner) {
            Some(stage) => stage.publish(meta),
            None => Ok(None),
        }
    }

    fn stage(&self) -> Result<Arc<Stage>, ReleaseError> {
        let mut slot = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stage) = &*slot {
            return Ok(Arc::clone(stage));
        }
        let stage = Arc::new(self.releases.stage(self.kind)?);
        *slot = Some(Arc::clone(&stage));
        Ok(stage)
    }
}
