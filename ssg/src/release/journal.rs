//! Moving the standby tree from one release to another, so that a crash in
//! between can be undone.
//!
//! Before the first path is touched, the journal names all of them. Undoing
//! means: make those paths show what the live tree shows, which is complete by
//! definition. So no step of the move needs to be repeatable or reversible by
//! itself, and cost follows the number of paths, never the site.

use std::path::Path;

use super::{
    Inner,
    error::Result,
    fault::FaultPoint,
    history::{History, JOURNAL, State, View, clear_operation, commit},
    net::{self, Net},
    tree::{Put, Step, TreeEditor},
    version::Version,
};

/// The steps that bring the standby tree along `net`, from the release `at`.
pub(super) fn steps_along(view: &View, net: Net, at: u64) -> Result<Vec<Step>> {
    let (deltas, kept) = (view.deltas()?, view.kept()?);
    net.into_iter()
        .map(|(path, delta)| {
            let keep = match delta.old {
                Some(old) if net::is_needed(&deltas, &kept, &path, &old, at)? => Some(old),
                _ => None,
            };
            Ok(Step { path, keep, put: delta.new.map_or(Put::Nothing, Put::Kept) })
        })
        .collect()
}

/// Journals the steps, then takes them. The standby tree shows `target`
/// afterwards, which the caller must commit together with its own facts.
pub(super) fn advance(
    inner: &Inner,
    history: &History,
    state: &mut State,
    steps: &[Step],
    target: u64,
) -> Result<()> {
    let Some(standby) = state.standby.clone() else { return Ok(()) };
    begin(history, state, steps)?;
    let faults = &inner.settings.faults;
    faults.reach(FaultPoint::Journaled);
    let live = state.live.as_ref().map(|live| live.name.as_str());
    let mut editor = TreeEditor::new(&inner.layout, &standby.name, live);
    editor.apply(steps, target, || faults.reach(FaultPoint::Applying))?;
    if inner.settings.durable {
        std::mem::take(&mut editor.unsynced).sync(inner.layout.root())?;
    }
    faults.reach(FaultPoint::Applied);
    Ok(())
}

fn begin(history: &History, state: &mut State, steps: &[Step]) -> Result<()> {
    let txn = history.write()?;
    clear_operation(&txn)?;
    {
        let mut journal = txn.open_table(JOURNAL)?;
        for step in steps {
            let keep = step.keep.map(|version| version.encode());
            let keep: &[u8] = keep.as_ref().map_or(&[], |bytes| bytes.as_slice());
            journal.insert(step.path.as_str(), keep)?;
        }
    }
    commit(txn, state)
}

/// Makes every journaled path of the standby tree show what the live tree
/// shows. Versions that would be lost are kept first, as the steps would have.
pub(super) fn undo(inner: &Inner, history: &History, state: &mut State) -> Result<()> {
    let view = history.read()?;
    let mut paths = view.journal()?;
    let (Some(live), Some(standby)) = (state.live.clone(), state.standby.clone()) else {
        return forget(history, state);
    };
    paths.extend(kept_along(&view, standby.at, live.at)?);
    let live_tree = inner.layout.tree(&live.name);
    let mut editor = TreeEditor::new(&inner.layout, &standby.name, Some(&live.name));
    for (path, keep) in &paths {
        inner.settings.faults.reach(FaultPoint::Undoing);
        if let Some(version) = keep {
            editor.preserve(path, version)?;
        }
        if !is_file(&live_tree.join(path)) {
            editor.remove(path)?;
        }
    }
    editor.prune()?;
    for (path, _) in &paths {
        let source = live_tree.join(path);
        if is_file(&source) {
            inner.settings.faults.reach(FaultPoint::Undoing);
            editor.link_in(&source, path)?;
        }
    }
    if inner.settings.durable {
        std::mem::take(&mut editor.unsynced).sync(inner.layout.root())?;
    }
    if let Some(standby) = &mut state.standby {
        standby.at = live.at;
    }
    forget(history, state)
}

/// Behind a pin the standby tree is ahead of the live one: then other paths
/// differ as well, which the journal need not name.
fn kept_along(view: &View, from: u64, to: u64) -> Result<Vec<(String, Option<Version>)>> {
    let steps = steps_along(view, net::between(view, from, to)?, from)?;
    Ok(steps.into_iter().map(|step| (step.path, step.keep)).collect())
}

fn forget(history: &History, state: &mut State) -> Result<()> {
    let txn = history.write()?;
    clear_operation(&txn)?;
    commit(txn, state)
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_file())
}
