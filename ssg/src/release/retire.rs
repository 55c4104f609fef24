//! Hashed assets outlive the release that made them.
//!
//! A page that a visitor opened a minute ago still asks for its stylesheet by
//! the old name. An asset that leaves the live tree is linked into `retired/`,
//! where nginx looks second, so the trees themselves stay exactly what a clean
//! build makes.

use redb::{ReadableTable, WriteTransaction};

use super::{
    Inner,
    difference::Difference,
    error::Result,
    history::{History, LEFTOVERS, RETIRED, State},
    layout::HASHED_ASSETS,
    net,
    tree::{link_new, shows},
    version::Version,
};

/// How long they are kept: longer than any browser tab or CDN copy of a page
/// can be expected to live.
const RETIRED_FOR_SECONDS: i64 = 30 * 24 * 60 * 60;

pub(super) type Leaving = Vec<(String, Version)>;

/// The assets that a new release removes.
pub(super) fn leaving(difference: &Difference) -> Leaving {
    let removed = difference.changes.iter().filter(|(_, change)| change.new.is_none());
    let removed = removed.filter(|(path, _)| path.starts_with(HASHED_ASSETS));
    removed.filter_map(|(path, change)| Some((path.clone(), change.old?))).collect()
}

/// Links the assets that a switch to `target` takes from visitors.
pub(super) fn between_live_and(
    inner: &Inner,
    history: &History,
    state: &State,
    target: u64,
) -> Result<Leaving> {
    let Some(live) = &state.live else { return Ok(Leaving::new()) };
    let net = net::between(&history.read()?, live.at, target)?;
    let gone = net
        .into_iter()
        .filter(|(path, delta)| delta.new.is_none() && path.starts_with(HASHED_ASSETS));
    let leaving = gone.filter_map(|(path, delta)| Some((path, delta.old?))).collect();
    link(inner, state, &leaving)?;
    Ok(leaving)
}

/// Links each asset from whichever tree shows it into `retired/`.
pub(super) fn link(inner: &Inner, state: &State, leaving: &Leaving) -> Result<()> {
    let trees = [&state.live, &state.standby].into_iter().flatten();
    let trees: Vec<_> = trees.map(|tree| inner.layout.tree(&tree.name)).collect();
    for (path, version) in leaving {
        let source = trees.iter().map(|tree| tree.join(path)).find(|file| shows(file, version));
        if let Some(source) = source {
            link_new(&source, &inner.layout.retired().join(path))?;
        }
    }
    Ok(())
}

/// Notes when they left, and lets go of those that left long ago.
pub(super) fn note(txn: &WriteTransaction, leaving: &Leaving, now: i64) -> Result<()> {
    let mut retired = txn.open_table(RETIRED)?;
    for (path, _) in leaving {
        retired.insert((now, path.as_str()), ())?;
    }
    let mut leftovers = txn.open_table(LEFTOVERS)?;
    for (time, path) in left_before(&retired, now - RETIRED_FOR_SECONDS)? {
        retired.remove((time, path.as_str()))?;
        if !is_retired(&retired, &path)? {
            leftovers.insert(format!("retired/{path}").as_str(), ())?;
        }
    }
    Ok(())
}

fn left_before(
    retired: &impl ReadableTable<(i64, &'static str), ()>,
    limit: i64,
) -> Result<Vec<(i64, String)>> {
    let rows = retired.range((i64::MIN, "")..(limit, ""))?;
    rows.map(|row| {
        let key = row?.0;
        let (time, path) = key.value();
        Ok((time, path.to_owned()))
    })
    .collect()
}

/// An asset may have come back and left again since.
fn is_retired(retired: &impl ReadableTable<(i64, &'static str), ()>, path: &str) -> Result<bool> {
    for row in retired.iter()? {
        if row?.0.value().1 == path {
            return Ok(true);
        }
    }
    Ok(false)
}
