//! Forgetting old releases: what nobody can roll back to need not be kept.
//!
//! Dropping a release looks only at what changed between it and the next kept
//! one. A version goes when the last kept release that shows it goes.

use redb::WriteTransaction;

use super::{
    Settings,
    error::Result,
    history::{DELTAS, LEFTOVERS, RELEASES, REPORTS, Record, State, changes_of, records_in},
    net::Net,
    switches,
    version::Version,
};

/// However little room there is, one can go back once.
const FEWEST: usize = 2;

/// Drops what is beyond the number or the room that the settings allow. The
/// live release stays.
pub(super) fn drop_old_releases(
    txn: &WriteTransaction,
    state: &mut State,
    settings: &Settings,
) -> Result<()> {
    let records = records_in(&txn.open_table(RELEASES)?)?;
    let mut kept: Vec<_> = records.iter().map(|(id, _)| *id).collect();
    let live = state.live.as_ref().map(|live| live.at);
    let oldest_first = kept.iter().take(kept.len() - how_many_stay(&records, settings));
    let surplus: Vec<_> = oldest_first.copied().filter(|id| Some(*id) != live).collect();
    for id in surplus {
        kept.retain(|other| *other != id);
        drop_objects(txn, &kept, id)?;
        txn.open_table(RELEASES)?.remove(id)?;
        txn.open_table(REPORTS)?.remove(id)?;
        switches::drop_purges(txn, id)?;
    }
    drop_deltas(txn, state, &kept)
}

/// Counted from the newest. Going back past a release needs the bytes that it
/// replaced, so these are what an older one costs.
fn how_many_stay(records: &[(u64, Record)], settings: &Settings) -> usize {
    let (mut stay, mut bytes) = (0, 0_u64);
    for (_, record) in records.iter().rev() {
        let fits = settings.keep_bytes.is_none_or(|limit| bytes <= limit) || stay < FEWEST;
        if stay >= settings.keep.max(1) || !fits {
            break;
        }
        stay += 1;
        bytes = bytes.saturating_add(record.replaced_bytes);
    }
    stay
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
