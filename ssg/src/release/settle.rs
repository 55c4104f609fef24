//! Finishing what an earlier operation, of this process or a dead one, began.
//!
//! Every operation starts here. The history is the truth: an open journal is
//! undone, the link follows the history, and what nothing refers to any more
//! is deleted. Doing it twice is harmless, doing it again after our own last
//! commit is skipped.

use std::{fs, io, path::Path, sync::atomic::Ordering};

use super::{
    Inner,
    error::{AtPath, Result},
    fault::FaultPoint,
    history::{History, State, View},
    journal, stage, switch,
    tree::remove_if_there,
};

/// Brings trees, link and history to agree; returns what the history says.
pub(super) fn settle(inner: &Inner, history: &History) -> Result<State> {
    let view = history.read()?;
    let mut state = view.state()?;
    let touched = view.journal()?.len();
    if touched > 0 {
        tracing::warn!(paths = touched, "the last switch was cut short; undoing it");
        journal::undo(inner, history, &mut state)?;
    }
    if !inner.has_settled(&state) {
        finish(inner, &history.read()?, &state)?;
    }
    Ok(state)
}

/// The same without opening the history for writing, when that is enough.
pub(super) fn settle_read_only(inner: &Inner, view: &View) -> Result<Option<State>> {
    if !view.journal()?.is_empty() {
        return Ok(None);
    }
    let state = view.state()?;
    if !inner.has_settled(&state) {
        finish(inner, view, &state)?;
    }
    Ok(Some(state))
}

/// What follows a commit: the switch, then the deletions it allows.
pub(super) fn finish(inner: &Inner, view: &View, state: &State) -> Result<()> {
    if let Some(live) = &state.live {
        switch::to(&inner.layout, &live.name)?;
        inner.settings.faults.reach(FaultPoint::Switched);
    }
    for leftover in view.leftovers()? {
        inner.settings.faults.reach(FaultPoint::Cleaning);
        remove_if_there(&inner.layout.root().join(leftover))?;
    }
    remove_unknown_trees(inner, state)?;
    stage::sweep(&inner.layout)?;
    inner.settled.store(state.generation + 1, Ordering::Release);
    Ok(())
}

impl Inner {
    /// Whether this process finished the last commit itself. 0 stands for
    /// "nothing finished yet", so generations count from 1 here.
    fn has_settled(&self, state: &State) -> bool {
        self.settled.load(Ordering::Acquire) == state.generation + 1
    }
}

/// A full tree that never made it into the history, or has left it.
fn remove_unknown_trees(inner: &Inner, state: &State) -> Result<()> {
    let known: Vec<_> =
        [&state.live, &state.standby].into_iter().flatten().map(|tree| &tree.name).collect();
    let trees = inner.layout.trees();
    for entry in fs::read_dir(&trees).at("read", &trees)? {
        let entry = entry.at("read", &trees)?;
        if !known.iter().any(|name| entry.file_name() == name.as_str()) {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}
