//! Going back to a release, and forward again.
//!
//! A rollback pins: what is built later is recorded and waits in the standby
//! tree, and nothing goes live until `unpin`. Going back to the release before
//! the live one is usually the switch alone, since the standby tree shows it.

use std::{fs, path::Path};

use redb::{ReadableTable, WriteTransaction};
use walkdir::WalkDir;

use super::{
    Inner, ReleaseInfo, RolledBack, Store, durable,
    error::{AtPath, ReleaseError, Result},
    history::{
        History, RELEASES, Record, State, Tree, clear_operation, commit, from_json, to_json,
    },
    journal, net, retain, retire, settle, switches,
    tree::link_or_copy,
};

/// Makes `target`, or the release before the live one, live and pins it.
pub(super) fn rollback(store: &Store, target: Option<u64>) -> Result<ReleaseInfo> {
    activate(store, true, None, |state, kept| {
        let live = state.live.as_ref().ok_or(ReleaseError::NothingPublished)?;
        match target {
            Some(id) if kept.contains(&id) => Ok(id),
            Some(id) => Err(ReleaseError::Unknown { id, kept: kept.to_vec() }),
            None => {
                kept.iter().rev().find(|id| **id < live.at).copied().ok_or(ReleaseError::NoPrevious)
            }
        }
    })
}

/// The same by the guard, with the reason on the release it takes back.
pub(super) fn roll_back_sick(
    store: &Store,
    sick: u64,
    to: u64,
    reason: &str,
) -> Result<ReleaseInfo> {
    let rolled_back = RolledBack {
        release: sick,
        to,
        at: jiff::Timestamp::now().to_string(),
        reason: reason.to_owned(),
    };
    activate(store, true, Some(rolled_back), |state, kept| {
        match &state.live {
            Some(live) if live.at == sick && !state.pinned => {}
            _ => return Err(ReleaseError::NotLive { id: sick }),
        }
        if kept.contains(&to) {
            Ok(to)
        } else {
            Err(ReleaseError::Unknown { id: to, kept: kept.to_vec() })
        }
    })
}

/// Keeps the live release live, whatever is built.
pub(super) fn pin(store: &Store) -> Result<ReleaseInfo> {
    activate(store, true, None, |state, _| {
        state.live.as_ref().map(|live| live.at).ok_or(ReleaseError::NothingPublished)
    })
}

/// Lets releases go live again, the newest first of all.
pub(super) fn unpin(store: &Store) -> Result<ReleaseInfo> {
    activate(store, false, None, |state, _| state.newest.ok_or(ReleaseError::NothingPublished))
}

fn activate(
    store: &Store,
    pin: bool,
    by_guard: Option<RolledBack>,
    choose: impl FnOnce(&State, &[u64]) -> Result<u64>,
) -> Result<ReleaseInfo> {
    let inner = &*store.inner;
    {
        let _lock = inner.lock()?;
        let history = inner.open_history()?;
        let mut state = settle::settle(inner, &history)?;
        let target = choose(&state, &history.read()?.kept()?)?;
        let live = state.live.as_ref().map(|live| live.at);
        let moves = live.is_some_and(|live| live != target);
        let mut leaving = Vec::new();
        if moves {
            leaving = retire::between_live_and(inner, &history, &state, target)?;
            bring_standby_to(inner, &history, &mut state, target)?;
            swap(&mut state);
        }
        if moves || state.pinned != pin {
            state.pinned = pin;
            let txn = history.write()?;
            clear_operation(&txn)?;
            if moves {
                switches::note(&txn, live, target)?;
            }
            if let Some(rolled_back) = &by_guard {
                note(&txn, rolled_back)?;
            }
            state.rolled_back = by_guard;
            retire::note(&txn, &leaving, jiff::Timestamp::now().as_second())?;
            retain::drop_old_releases(&txn, &mut state, &inner.settings)?;
            inner.commit(txn, &mut state)?;
            settle::finish(inner, &history.read()?, &state)?;
        }
    }
    store.live()?.ok_or(ReleaseError::NothingPublished)
}

fn note(txn: &WriteTransaction, rolled_back: &RolledBack) -> Result<()> {
    let mut releases = txn.open_table(RELEASES)?;
    let record = releases.get(rolled_back.release)?.map(|bytes| from_json(bytes.value()));
    let Some(mut record) = record.transpose()? else { return Ok(()) };
    let Record { note, .. } = &mut record;
    *note = Some(format!("rolled back to {} by the guard: {}", rolled_back.to, rolled_back.reason));
    releases.insert(rolled_back.release, to_json(&record)?.as_slice())?;
    Ok(())
}

fn bring_standby_to(
    inner: &Inner,
    history: &History,
    state: &mut State,
    target: u64,
) -> Result<()> {
    let standby = ensure_standby(inner, history, state)?;
    let view = history.read()?;
    let net = net::between(&view, standby.at, target)?;
    let steps = journal::steps_along(&view, net, standby.at)?;
    if !steps.is_empty() {
        journal::advance(inner, history, state, &steps, target)?;
    }
    if let Some(standby) = &mut state.standby {
        standby.at = target;
    }
    Ok(())
}

/// The standby tree becomes the live one and the other way round. Only the
/// next commit makes it so.
pub(super) fn swap(state: &mut State) {
    std::mem::swap(&mut state.live, &mut state.standby);
}

/// The tree to change next; made as a copy by hard links of the live one when
/// there is none yet (after the first release) or somebody deleted it. This is
/// the one step whose cost follows the site; `Store::prepare` does it ahead.
pub(super) fn ensure_standby(inner: &Inner, history: &History, state: &mut State) -> Result<Tree> {
    if let Some(standby) = state.standby.as_ref().filter(|_| has_standby(inner, state)) {
        return Ok(standby.clone());
    }
    let live = state.live.clone().ok_or(ReleaseError::NothingPublished)?;
    let standby = Tree { name: state.next_tree.to_string(), at: live.at };
    copy_tree(&inner.layout.tree(&live.name), &inner.layout.tree(&standby.name))?;
    if inner.settings.durable {
        durable::sync_file_system(inner.layout.root())?;
    }
    state.next_tree += 1;
    state.standby = Some(standby.clone());
    let txn = history.write()?;
    clear_operation(&txn)?;
    commit(txn, state)?;
    Ok(standby)
}

pub(super) fn has_standby(inner: &Inner, state: &State) -> bool {
    state.standby.as_ref().is_some_and(|standby| inner.layout.tree(&standby.name).is_dir())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry.map_err(std::io::Error::from).at("read", from)?;
        let below = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let dest = to.join(below);
        if entry.file_type().is_dir() {
            fs::create_dir_all(&dest).at("create folder", &dest)?;
        } else {
            link_or_copy(entry.path(), &dest).at("link", &dest)?;
        }
    }
    Ok(())
}
