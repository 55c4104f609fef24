//! The names of everything in `dist/`.
//!
//! ```text
//! dist/current        → trees/4      what nginx serves
//! dist/standby        → trees/3      the other tree, one release behind
//! dist/trees/N        complete trees of public files
//! dist/objects/       bytes that a kept release needs and no tree shows
//! dist/retired/       hashed assets of earlier releases, for open pages
//! dist/staging/       files being written
//! dist/releases.redb  the history        dist/lock
//! dist/moved          where pages of earlier releases are now
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::error::{AtPath, Result};

/// Files below it carry a hash in their name and outlive their release.
pub(super) const HASHED_ASSETS: &str = "assets/";

#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folders; `dist` itself may not exist yet.
    pub(super) fn create(dist: &Path) -> Result<Self> {
        let root = std::path::absolute(dist).at("resolve", dist)?;
        let layout = Self { root };
        layout.make_folders()?;
        Ok(layout)
    }

    pub(super) fn make_folders(&self) -> Result<()> {
        for folder in [self.trees(), self.objects(), self.retired(), self.staging()] {
            fs::create_dir_all(&folder).at("create folder", &folder)?;
        }
        Ok(())
    }

    /// Deletes the history and the bytes that only it could name.
    pub(super) fn forget_everything(&self) -> Result<()> {
        fs::remove_file(self.history()).at("remove", &self.history())?;
        fs::remove_dir_all(self.objects()).at("remove", &self.objects())?;
        self.make_folders()
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn current(&self) -> PathBuf {
        self.root.join("current")
    }

    pub(super) fn standby(&self) -> PathBuf {
        self.root.join("standby")
    }

    pub(super) fn trees(&self) -> PathBuf {
        self.root.join("trees")
    }

    pub(super) fn tree(&self, name: &str) -> PathBuf {
        self.trees().join(name)
    }

    /// What the links hold: relative, so that `dist` can be moved or mounted elsewhere.
    pub(super) fn link_target(name: &str) -> PathBuf {
        Path::new("trees").join(name)
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    pub(super) fn retired(&self) -> PathBuf {
        self.root.join("retired")
    }

    pub(super) fn staging(&self) -> PathBuf {
        self.root.join("staging")
    }

    pub(super) fn history(&self) -> PathBuf {
        self.root.join("releases.redb")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }
}
