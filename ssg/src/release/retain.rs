//! Forgetting old releases: what nobody can roll back to need not be kept.
//!
//! Dropping a release looks only at what changed between it and the next kept
//! one. A version goes when the last kept release that shows it goes.

use redb::{ReadableTable, WriteTransaction};

use super::{
    error::Result,
    history::{DELTAS, LEFTOVERS, RELEASES, REPORTS, State, changes_of},
    net::Net,
    version::Version,
};

/// Drops all but the newest `keep` releases and the live one.
pub(super) fn drop_old_releases(
    txn: &WriteTransaction,
    state: &mut State,
    keep: usize,
) -> Result<()> {
    let mut kept = kept_releases(txn)?;
    let live = state.live.as_ref().map(|live| live.at);
    let surplus: Vec<_> = {
        let oldest_first = kept.iter().take(kept.len().saturating_sub(keep.max(1)));
        oldest_first.copied().filter(|id| Some(*id) != live).collect()
    };
    for id in surplus {
        kept.retain(|other| *other != id);
        drop_objects(txn, &kept, id)?;
        txn.open_table(RELEASES)?.remove(id)?;
        txn.open_table(REPORTS)?.remove(id)?;
    }
    drop_deltas(txn, state, &kept)
}

fn kept_releases(txn: &WriteTransaction) -> Result<Vec<u64>> {
    let releases = txn.open_table(RELEASES)?;
    let rows = releases.iter()?;
    rows.map(|row| Ok(row?.0.value())).collect()
}

/// Versions that `dropped` showed and neither neighbour among `kept` shows.
fn drop_objects(txn: &WriteTransaction, kept: &[u64], dropped: u64) -> Result<()> {
    let Some(&next) = kept.iter().find(|id| **id > dropped) else { return Ok(()) };
    let previous = kept.iter().rev().find(|id| **id < dropped).copied().unwrap_or(0);
    let deltas = txn.open_table(DELTAS)?;
    let mut first = Net::new();
    for release in dropped + 1..=next {
        for (path, delta) in changes_of(&deltas, release)? {
            first.entry(path).or_insert(delta);
        }
    }
    let mut leftovers = txn.open_table(LEFTOVERS)?;
    for (path, delta) in first {
        if let Some(old) = delta.old.filter(|old: &Version| old.since > previous) {
            let object = format!("objects/{}", old.object_name(&path));
            leftovers.insert(object.as_str(), ())?;
        }
    }
    Ok(())
}

/// The way to a release that neither a tree nor the list names is not needed.
fn drop_deltas(txn: &WriteTransaction, state: &mut State, kept: &[u64]) -> Result<()> {
    let trees = [&state.live, &state.standby].into_iter().flatten().map(|tree| tree.at);
    let Some(lowest) = kept.iter().copied().chain(trees).min() else { return Ok(()) };
    if lowest > state.reachable_from {
        let mut deltas = txn.open_table(DELTAS)?;
        deltas.retain_in((state.reachable_from + 1, "")..(lowest + 1, ""), |_, _| false)?;
        state.reachable_from = lowest;
    }
    Ok(())
}
