//! Where rendered files go: on their way into a release, or beside the live tree to be
//! compared with it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::comparison::Comparison;
use crate::release::{Encoding, Gate, Meta, Outcome, ReleaseError, Stage, StageKind, Store};

/// Takes files from many threads.
#[derive(Debug)]
pub(super) enum Outputs {
    Release(Pending),
    /// Writes nothing.
    Live(Comparison),
    /// Only what pages read and what their bytes' hash is matters.
    Nowhere,
}

impl Outputs {
    /// Into a release. `whole`: the files to come are all there are. `check`: the site's
    /// settings may be others than those of the newest release.
    pub(super) fn new(
        releases: &Store,
        whole: bool,
        check: bool,
        precompress: &BTreeSet<Encoding>,
    ) -> Result<Self, ReleaseError> {
        Ok(Self::Release(Pending {
            resettled: !whole && check && releases.precompressed()? != *precompress,
            precompress: precompress.clone(),
            releases: releases.clone(),
            kind: if whole { StageKind::Full } else { StageKind::Changes },
            newest: if whole { releases.newest_dir()? } else { None },
            stage: Mutex::new(None),
        }))
    }

    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Release(pending) => pending.is_whole(),
            Self::Live(_) | Self::Nowhere => true,
        }
    }

    pub(super) fn put(&self, file: &str, bytes: &[u8]) -> Result<blake3::Hash, ReleaseError> {
        let hash = blake3::hash(bytes);
        match self {
            Self::Release(pending) => pending.put(file, bytes, hash)?,
            Self::Live(comparison) => comparison.put(file, bytes)?,
            Self::Nowhere => {}
        }
        Ok(hash)
    }

    /// Takes a file over as it was published last, if it was: the last good version of a
    /// page that failed.
    pub(super) fn keep(&self, file: &str) -> Result<(), ReleaseError> {
        match self {
            Self::Release(pending) => pending.keep(file),
            Self::Live(comparison) => comparison.keep(file),
            Self::Nowhere => Ok(()),
        }
    }

    pub(super) fn remove(&self, file: &str) -> Result<(), ReleaseError> {
        match self {
            Self::Release(pending) => pending.remove(file),
            Self::Live(_) | Self::Nowhere => Ok(()),
        }
    }

    /// Whether this file is published with these bytes.
    pub(super) fn has(&self, file: &str, hash: &[u8; 32]) -> Result<bool, ReleaseError> {
        match self {
            Self::Release(pending) => pending.has(file, hash),
            Self::Live(_) | Self::Nowhere => Ok(false),
        }
    }

    /// Makes the release, if something differs from the newest one and the gate lets it pass.
    pub(super) fn publish(self, gate: &dyn Gate, meta: Meta) -> Result<Outcome, ReleaseError> {
        match self {
            Self::Release(pending) => pending.publish(gate, meta),
            Self::Live(_) | Self::Nowhere => Ok(Outcome::Nothing),
        }
    }
}

/// A release that is opened only when there is something to write; files that are already
/// as they should be are left out.
#[derive(Debug)]
pub(super) struct Pending {
    releases: Store,
    kind: StageKind,
    /// The newest tree, to keep what cannot be made anew.
    newest: Option<PathBuf>,
    precompress: BTreeSet<Encoding>,
    /// The newest release has other compressed copies: there is something to do even if no
    /// file changes.
    resettled: bool,
    stage: Mutex<Option<Arc<Stage>>>,
}

impl Pending {
    fn is_whole(&self) -> bool {
        self.kind == StageKind::Full
    }

    fn put(&self, file: &str, bytes: &[u8], hash: blake3::Hash) -> Result<(), ReleaseError> {
        if self.is_whole() || self.releases.hash_of(file)? != Some(hash) {
            self.stage()?.put_hashed(file, bytes, hash)?;
        }
        Ok(())
    }

    fn keep(&self, file: &str) -> Result<(), ReleaseError> {
        if self.is_whole()
            && let Some(newest) = &self.newest
            && let Ok(bytes) = std::fs::read(newest.join(file))
        {
            self.stage()?.put(file, &bytes)?;
        }
        Ok(())
    }

    fn remove(&self, file: &str) -> Result<(), ReleaseError> {
        if self.releases.hash_of(file)?.is_some() {
            self.stage()?.remove(file)?;
        }
        Ok(())
    }

    fn has(&self, file: &str, hash: &[u8; 32]) -> Result<bool, ReleaseError> {
        Ok(self.releases.hash_of(file)?.is_some_and(|found| found.as_bytes() == hash))
    }

    fn publish(self, gate: &dyn Gate, meta: Meta) -> Result<Outcome, ReleaseError> {
        if self.is_whole() || self.resettled {
            self.stage()?;
        }
        let stage = self.stage.into_inner().unwrap_or_else(PoisonError::into_inner);
        match stage.and_then(Arc::into_inner) {
            Some(stage) => stage.publish_through(gate, meta),
            None => Ok(Outcome::Nothing),
        }
    }

    fn stage(&self) -> Result<Arc<Stage>, ReleaseError> {
        let mut slot = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stage) = &*slot {
            return Ok(Arc::clone(stage));
        }
        let stage = Arc::new(self.releases.stage(self.kind)?.precompressed(&self.precompress));
        *slot = Some(Arc::clone(&stage));
        Ok(stage)
    }
}
