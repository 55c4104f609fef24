//! The compressed copies of a release: made when their file changes, taken over when it does
//! not, gone when it goes.
//!
//! Copies belong to the release they stand in, so a switch or a rollback never shows a page
//! with the copy of another one. They bear their file's time: nginx answers with the copy's
//! own, and a validator must not go back. A file that the site itself has under a copy's
//! name is left alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use redb::ReadableTable;

use super::{
    Inner, Store,
    difference::{Difference, FileChange},
    encoding::{self, Encoding},
    error::{AtPath, Result},
    history::{State, View, version_of},
    stage::{Stage, StageKind, write_new},
    tree::{link_or_copy, shows, with_folder},
    version::Version,
};

/// A copy that was written aside.
#[derive(Debug)]
pub(super) struct Copy {
    hash: blake3::Hash,
    size: u64,
    file: PathBuf,
}

/// By the copy's path; none where a copy would not be smaller.
pub(super) type Copies = HashMap<String, Option<Copy>>;

/// A copy to be made.
struct Job {
    path: String,
    encoding: Encoding,
    source: PathBuf,
}

/// Compresses what will most likely be needed before the lock on `dist` is taken: the files
/// that are not as they were.
pub(super) fn ahead(store: &Store, stage: &Stage) -> Result<Copies> {
    if stage.precompressed.is_empty() {
        return Ok(Copies::new());
    }
    let mut jobs = Vec::new();
    for (path, staged) in stage.files().iter() {
        if encoding::is_worth_it(path, staged.size) && store.hash_of(path)? != Some(staged.hash) {
            let source = stage.file(path, staged);
            jobs.extend(stage.precompressed.iter().map(|&encoding| Job {
                path: copy_of(path, encoding),
                encoding,
                source: source.clone(),
            }));
        }
    }
    make(stage, "a", jobs)
}

fn copy_of(path: &str, encoding: Encoding) -> String {
    format!("{path}{}", encoding.suffix())
}

fn make(stage: &Stage, series: &str, jobs: Vec<Job>) -> Result<Copies> {
    let made = jobs.into_par_iter().enumerate().map(|(number, job)| {
        let file = stage.folder.join(format!("{series}{number}"));
        let copy = compress(&job, file, stage.time)?;
        Ok((job.path, copy))
    });
    made.collect()
}

fn compress(job: &Job, file: PathBuf, time: i64) -> Result<Option<Copy>> {
    let bytes = fs::read(&job.source).at("read", &job.source)?;
    let copy = job.encoding.compress(&bytes).at("compress", &job.source)?;
    if copy.len() >= bytes.len() {
        return Ok(None);
    }
    write_new(&file, &copy, time).at("write", &file)?;
    Ok(Some(Copy { hash: blake3::hash(&copy), size: copy.len() as u64, file }))
}

/// Adds the copies to what the stage changes.
pub(super) fn complete(
    inner: &Inner,
    stage: &Stage,
    view: &View,
    state: &State,
    difference: &mut Difference,
    mut copies: Copies,
) -> Result<()> {
    let (before, wanted) = (&state.precompressed, &stage.precompressed);
    if before.is_empty() && wanted.is_empty() {
        return Ok(());
    }
    let newest = [&state.live, &state.standby].into_iter().flatten();
    let newest = newest.into_iter().find(|tree| Some(tree.at) == state.newest);
    let newest = newest.map(|tree| inner.layout.tree(&tree.name));
    let scope = Scope { stage, newest: newest.as_deref(), before, wanted };
    let plans = scope.plans(view, difference)?;
    let missing = plans.iter().filter(|(path, _)| !copies.contains_key(*path));
    let missing = missing.filter_map(|(path, plan)| plan.job(path));
    copies.extend(make(stage, "b", missing.collect())?);
    for (path, plan) in plans {
        scope.carry_out(difference, path, plan, &mut copies)?;
    }
    Ok(())
}

/// What happens to the copy at one path.
struct Plan {
    /// What stands there now: a copy, or a file of the site that leaves.
    old: Option<Version>,
    goal: Goal,
}

enum Goal {
    /// Stays as it is.
    Keep,
    /// Is made from this file, and has its time.
    Make {
        encoding: Encoding,
        source: PathBuf,
        mtime: i64,
    },
    Nothing,
}

impl Plan {
    fn job(&self, path: &str) -> Option<Job> {
        match &self.goal {
            Goal::Make { encoding, source, .. } => {
                Some(Job { path: path.to_owned(), encoding: *encoding, source: source.clone() })
            }
            _ => None,
        }
    }
}

struct Scope<'a> {
    stage: &'a Stage,
    /// The tree of the release before.
    newest: Option<&'a Path>,
    before: &'a BTreeSet<Encoding>,
    wanted: &'a BTreeSet<Encoding>,
}

impl Scope<'_> {
    fn plans(&self, view: &View, difference: &Difference) -> Result<BTreeMap<String, Plan>> {
        let files = view.files()?;
        let version = |path: &str| -> Result<Option<Version>> {
            files.get(path)?.map(|bytes| version_of(bytes.value())).transpose()
        };
        let mut plans = BTreeMap::new();
        for path in self.originals(view, difference)? {
            let now = version(&path)?.filter(|version| !version.derived);
            let change = difference.changes.get(&path);
            for encoding in Encoding::ALL {
                let copy = copy_of(&path, encoding);
                let own = difference.changes.get(&copy);
                let old = version(&copy)?;
                let taken = match own {
                    Some(change) => change.new.is_some(),
                    None => old.is_some_and(|old| !old.derived),
                };
                if !taken {
                    let goal = self.goal(&path, encoding, now, change, old);
                    plans.insert(copy, Plan { old, goal });
                }
            }
        }
        Ok(plans)
    }

    /// The files whose copies may have to be touched.
    fn originals(&self, view: &View, difference: &Difference) -> Result<BTreeSet<String>> {
        let mut paths: BTreeSet<String> = difference.changes.keys().cloned().collect();
        let freed = difference.changes.keys().filter_map(|path| encoding::original(path));
        paths.extend(freed.map(|(path, _)| path.to_owned()));
        if self.stage.kind == StageKind::Full || self.before != self.wanted {
            for row in view.files()?.iter()? {
                let (path, version) = row?;
                if !version_of(version.value())?.derived {
                    paths.insert(path.value().to_owned());
                }
            }
        }
        Ok(paths)
    }

    fn goal(
        &self,
        path: &str,
        encoding: Encoding,
        now: Option<Version>,
        change: Option<&FileChange>,
        old: Option<Version>,
    ) -> Goal {
        let wanted = |version: &Version| {
            self.wanted.contains(&encoding) && encoding::is_worth_it(path, version.size)
        };
        let (version, source) = match change {
            Some(FileChange { new: None, .. }) => return Goal::Nothing,
            Some(FileChange { new: Some((version, source)), .. }) => (*version, source.clone()),
            None => match (now, self.newest) {
                (Some(version), Some(tree)) => (version, tree.join(path)),
                _ => return Goal::Nothing,
            },
        };
        if !wanted(&version) {
            return Goal::Nothing;
        }
        // A copy that is missing though it was wanted was not smaller.
        if change.is_none() && self.before.contains(&encoding) {
            match old {
                None => return Goal::Nothing,
                Some(old) if old.derived && self.stands(path, encoding, &old) => {
                    return Goal::Keep;
                }
                Some(_) => {}
            }
        }
        // A file of the site that stood here may have a later time.
        let mtime = old
            .filter(|old| !old.derived)
            .map_or(version.mtime, |old| version.mtime.max(old.mtime + 1));
        Goal::Make { encoding, source, mtime }
    }

    fn stands(&self, path: &str, encoding: Encoding, copy: &Version) -> bool {
        self.newest.is_some_and(|tree| shows(&tree.join(copy_of(path, encoding)), copy))
    }

    fn carry_out(
        &self,
        difference: &mut Difference,
        path: String,
        plan: Plan,
        copies: &mut Copies,
    ) -> Result<()> {
        let new = match plan.goal {
            Goal::Keep => return self.take_over(&path),
            Goal::Nothing => None,
            Goal::Make { mtime, .. } => copies.remove(&path).flatten().map(|copy| {
                let since = difference.id;
                let Copy { hash, size, file } = copy;
                (Version { hash, size, mtime, since, derived: true }, file)
            }),
        };
        if let (Some(old), Some((version, _))) = (&plan.old, &new)
            && (Version { since: old.since, ..*version }) == *old
        {
            return self.take_over(&path);
        }
        let new = match new {
            Some((version, file)) if self.stage.kind == StageKind::Full => {
                let dest = self.stage.tree_folder().join(&path);
                with_folder(&dest, |dest| fs::rename(&file, dest)).at("place", &dest)?;
                Some((version, dest))
            }
            new => new,
        };
        if plan.old.is_some() || new.is_some() {
            difference.changes.insert(path, FileChange { old: plan.old, new });
        }
        Ok(())
    }

    /// A full tree needs the copy as well; the standby tree has it.
    fn take_over(&self, path: &str) -> Result<()> {
        let (StageKind::Full, Some(newest)) = (self.stage.kind, self.newest) else { return Ok(()) };
        let (source, dest) = (newest.join(path), self.stage.tree_folder().join(path));
        with_folder(&dest, |dest| link_or_copy(&source, dest)).at("link", &dest)
    }
}
