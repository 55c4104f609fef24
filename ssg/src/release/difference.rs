//! What a stage changes against the newest release.
//!
//! Bytes decide: a file written with the bytes it already has is no change and
//! keeps its time. Only paths the stage mentions are looked at, except in a
//! full build, where an unmentioned path is a removed one.

use std::{collections::BTreeMap, path::PathBuf};

use redb::ReadableTable;

use super::{
    error::{ReleaseError, Result},
    history::{View, version_of},
    public_path,
    stage::{Stage, StageKind, StagedFile},
    version::{Delta, Version},
};

#[derive(Debug)]
pub(super) struct Difference {
    /// The release these changes will make.
    pub(super) id: u64,
    pub(super) changes: BTreeMap<String, FileChange>,
    /// Files of a full build that keep their version, with the staged copy.
    pub(super) same: Vec<(PathBuf, Version)>,
}

#[derive(Debug)]
pub(super) struct FileChange {
    pub(super) old: Option<Version>,
    pub(super) new: Option<(Version, PathBuf)>,
}

impl FileChange {
    pub(super) fn delta(&self) -> Delta {
        Delta { old: self.old, new: self.new.as_ref().map(|(version, _)| *version) }
    }

    pub(super) fn is_derived(&self) -> bool {
        self.delta().is_derived()
    }
}

impl Difference {
    pub(super) fn of(stage: &Stage, view: &View, id: u64) -> Result<Self> {
        let mut difference = Self { id, changes: BTreeMap::new(), same: Vec::new() };
        let (files, gone) = (view.files()?, view.gone()?);
        for (path, staged) in stage.files().iter() {
            let old = files.get(path.as_str())?.map(|old| version_of(old.value())).transpose()?;
            let gone = gone.get(path.as_str())?.map(|time| time.value());
            difference.arrive(stage, path, staged, old, gone);
        }
        match stage.kind {
            StageKind::Full => difference.remove_unmentioned(stage, view)?,
            StageKind::Changes => difference.remove_named(stage, view)?,
        }
        Ok(difference)
    }

    fn arrive(
        &mut self,
        stage: &Stage,
        path: &str,
        staged: &StagedFile,
        old: Option<Version>,
        gone: Option<i64>,
    ) {
        let file = stage.file(path, staged);
        match old {
            Some(old) if old.hash == staged.hash && old.size == staged.size && !old.derived => {
                self.same.push((file, old));
            }
            old => {
                let last = old.map(|old| old.mtime).max(gone);
                let mtime = last.map_or(stage.time, |last| stage.time.max(last + 1));
                let StagedFile { hash, size, .. } = *staged;
                let version = Version { hash, size, mtime, since: self.id, derived: false };
                self.changes
                    .insert(path.to_owned(), FileChange { old, new: Some((version, file)) });
            }
        }
    }

    fn remove_unmentioned(&mut self, stage: &Stage, view: &View) -> Result<()> {
        let staged = stage.files();
        for row in view.files()?.iter()? {
            let (path, version) = row?;
            if !staged.contains_key(path.value()) {
                self.leave(path.value(), version_of(version.value())?);
            }
        }
        Ok(())
    }

    fn remove_named(&mut self, stage: &Stage, view: &View) -> Result<()> {
        let (staged, files) = (stage.files(), view.files()?);
        for path in stage.removed().iter().filter(|path| !staged.contains_key(*path)) {
            if let Some(version) = files.get(path.as_str())? {
                self.leave(path, version_of(version.value())?);
            }
        }
        Ok(())
    }

    /// Compressed copies follow their files, see [`super::precompress`].
    fn leave(&mut self, path: &str, old: Version) {
        if !old.derived {
            self.changes.insert(path.to_owned(), FileChange { old: Some(old), new: None });
        }
    }

    pub(super) fn written(&self) -> u64 {
        self.own().filter(|change| change.new.is_some()).count() as u64
    }

    pub(super) fn removed(&self) -> u64 {
        self.own().filter(|change| change.new.is_none()).count() as u64
    }

    /// Changes of the site itself.
    fn own(&self) -> impl Iterator<Item = &FileChange> {
        self.changes.values().filter(|change| !change.is_derived())
    }

    /// By how many compressed copies there are more, or fewer.
    pub(super) fn derived_balance(&self) -> i64 {
        let derived = |version: Option<Version>| i64::from(version.is_some_and(|v| v.derived));
        let balance = |change: &FileChange| {
            derived(change.new.as_ref().map(|(version, _)| *version)) - derived(change.old)
        };
        self.changes.values().map(balance).sum()
    }

    pub(super) fn replaced_bytes(&self) -> u64 {
        self.changes.values().filter_map(|change| change.old).map(|old| old.size).sum()
    }

    /// A file cannot stand where another file needs a folder.
    pub(super) fn check_collisions(&self, view: &View) -> Result<()> {
        let arrivals = self.changes.iter().filter(|(_, change)| change.new.is_some());
        for (path, _) in arrivals.filter(|(_, change)| change.old.is_none()) {
            if let Some(file) = self.file_above(view, path)? {
                return Err(ReleaseError::Collision { file, below: path.clone() });
            }
            if let Some(below) = self.file_below(view, path)? {
                return Err(ReleaseError::Collision { file: path.clone(), below });
            }
        }
        Ok(())
    }

    fn file_above(&self, view: &View, path: &str) -> Result<Option<String>> {
        let files = view.files()?;
        for folder in public_path::ancestors(path) {
            let stands = match self.changes.get(folder) {
                Some(change) => change.new.is_some(),
                None => files.get(folder)?.is_some(),
            };
            if stands {
                return Ok(Some(folder.to_owned()));
            }
        }
        Ok(None)
    }

    fn file_below(&self, view: &View, path: &str) -> Result<Option<String>> {
        let prefix = format!("{path}/");
        let mut arriving = self.changes.range(prefix.clone()..);
        let arriving = arriving
            .by_ref()
            .take_while(|(below, _)| below.starts_with(&prefix))
            .find(|(_, change)| change.new.is_some());
        if let Some((below, _)) = arriving {
            return Ok(Some(below.clone()));
        }
        for row in view.files()?.range(prefix.as_str()..)? {
            let (below, _) = row?;
            let below = below.value();
            if !below.starts_with(&prefix) {
                break;
            }
            if self.changes.get(below).is_none_or(|change| change.new.is_some()) {
                return Ok(Some(below.to_owned()));
            }
        }
        Ok(None)
    }
}
