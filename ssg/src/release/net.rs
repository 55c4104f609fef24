//! What differs between two releases, from the changes of those between them.
//!
//! Cost follows the changes, never the site: this is what lets a switch at
//! 100 000 pages take milliseconds. Releases form a line (each build starts
//! from the newest), so the way between any two of them is a range of changes,
//! walked forwards to publish and backwards to roll back.

use std::collections::BTreeMap;

use redb::ReadableTable;

use super::{
    error::{ReleaseError, Result},
    history::{View, changes_of},
    version::{Delta, Version},
};

pub(super) type Net = BTreeMap<String, Delta>;

/// Every path that differs between release `from` and release `to`.
pub(super) fn between(view: &View, from: u64, to: u64) -> Result<Net> {
    let (low, high) = (from.min(to), from.max(to));
    let reachable = view.state()?.reachable_from;
    if low < reachable {
        return Err(ReleaseError::Damaged(format!(
            "the changes after release {low} are gone, the oldest kept are after {reachable}"
        )));
    }
    let deltas = view.deltas()?;
    let mut net = Net::new();
    for release in low + 1..=high {
        for (path, delta) in changes_of(&deltas, release)? {
            net.entry(path).and_modify(|sum| sum.new = delta.new).or_insert(delta);
        }
    }
    net.retain(|_, delta| delta.old != delta.new);
    if from > to {
        net.values_mut().for_each(|delta| std::mem::swap(&mut delta.old, &mut delta.new));
    }
    Ok(net)
}

/// Whether any of the `kept` releases shows `version` of `path`, which the
/// release `at` shows.
pub(super) fn is_needed(
    deltas: &impl ReadableTable<(u64, &'static str), &'static [u8]>,
    kept: &[u64],
    path: &str,
    version: &Version,
    at: u64,
) -> Result<bool> {
    if kept.iter().any(|id| (version.since..=at).contains(id)) {
        return Ok(true);
    }
    let Some(&next) = kept.iter().find(|id| **id > at) else { return Ok(false) };
    for release in at + 1..=next {
        if deltas.get((release, path))?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
