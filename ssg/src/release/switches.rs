//! What visitors stopped seeing, and when: the list that caches in front of the
//! site are brought up to date from.
//!
//! Every switch of the live release is one row, written in the transaction that
//! makes the switch true. A cache has a place in this list; what lies behind it
//! is still to be purged. So a crash between a switch and its purge loses
//! nothing, and purging twice is harmless.

use std::collections::BTreeMap;

use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    FileAction, PathChange, ReleaseError, Store,
    error::Result,
    history::{NOTES, PURGES, SWITCHES, View, from_json, optional, to_json},
    net,
};

/// A cache that has missed more switches than this forgets everything at once.
const KEPT_SWITCHES: u64 = 1000;

/// The live release became another one; from nothing, with the first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Switch {
    from: Option<u64>,
    to: u64,
}

/// What a cache may still show though visitors should not see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// The place in the list that a cache has reached which forgot all this.
    pub upto: u64,
    /// The releases that became live, in order, each once.
    pub releases: Vec<u64>,
    pub what: Forget,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forget {
    /// In path order. A path that left and came back is named once for each.
    Paths(Vec<(String, FileAction)>),
    /// The way from what the cache may hold is not known any more.
    Everything,
}

/// Appends a switch to the transaction that makes it so.
pub(super) fn note(txn: &WriteTransaction, from: Option<u64>, to: u64) -> Result<()> {
    let mut switches = txn.open_table(SWITCHES)?;
    let number = switches.last()?.map_or(1, |(number, _)| number.value() + 1);
    switches.insert(number, to_json(&Switch { from, to })?.as_slice())?;
    switches.retain_in(..number.saturating_sub(KEPT_SWITCHES), |_, _| false)?;
    Ok(())
}

/// Forgets what was noted about the purges of a release that is dropped.
pub(super) fn drop_purges(txn: &WriteTransaction, release: u64) -> Result<()> {
    txn.open_table(PURGES)?.retain_in((release, "")..(release + 1, ""), |_, _| false)?;
    Ok(())
}

impl Store {
    /// The place in the list of switches that visitors are at; 0 before the first.
    pub fn last_switch(&self) -> Result<u64> {
        let last = self.view(|view| {
            let Some(switches) = optional(view.table(SWITCHES))? else { return Ok(0) };
            Ok(switches.last()?.map_or(0, |(number, _)| number.value()))
        })?;
        Ok(last.unwrap_or(0))
    }

    /// What a cache must forget that is at `place` of the list; one without a
    /// place may hold anything. `None`: nothing.
    pub fn outdated_since(&self, place: Option<u64>) -> Result<Option<Outdated>> {
        Ok(self.view(|view| outdated(view, place))?.flatten())
    }

    /// Something besides `dist/current` became another release: a static node did.
    pub fn note_switch(&self, from: Option<u64>, to: u64) -> Result<()> {
        self.write_beside(|txn| note(txn, from, to))
    }

    /// Notes what became of a purge for this release. One that is not kept any more
    /// has nobody to ask for it.
    pub fn note_purge(&self, release: u64, cdn: &str, purge: &impl Serialize) -> Result<()> {
        let bytes = to_json(purge)?;
        self.write_beside(|txn| {
            txn.open_table(PURGES)?.insert((release, cdn), bytes.as_slice())?;
            Ok(())
        })
    }

    /// What became of the purges for a release, by the cache's name.
    pub fn purges(&self, release: u64) -> Result<BTreeMap<String, Value>> {
        let found = self.view(|view| {
            let Some(purges) = optional(view.table(PURGES))? else { return Ok(BTreeMap::new()) };
            let rows = purges.range((release, "")..(release + 1, ""))?;
            rows.map(|row| {
                let (key, bytes) = row?;
                Ok((key.value().1.to_owned(), from_json(bytes.value())?))
            })
            .collect::<Result<_>>()
        })?;
        Ok(found.unwrap_or_default())
    }

    /// A small fact that must share the fate of the history, such as a cache's place.
    pub fn recall<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let found = self.view(|view| {
            let Some(notes) = optional(view.table(NOTES))? else { return Ok(None) };
            notes.get(key)?.map(|bytes| from_json(bytes.value())).transpose()
        })?;
        Ok(found.flatten())
    }

    pub fn remember(&self, key: &str, fact: &impl Serialize) -> Result<()> {
        let bytes = to_json(fact)?;
        self.write_beside(|txn| {
            txn.open_table(NOTES)?.insert(key, bytes.as_slice())?;
            Ok(())
        })
    }

    /// Writes what no tree depends on.
    fn write_beside(&self, write: impl FnOnce(&WriteTransaction) -> Result<()>) -> Result<()> {
        let inner = &*self.inner;
        let _lock = inner.lock()?;
        let history = inner.open_history()?;
        let txn = history.write()?;
        write(&txn)?;
        txn.commit()?;
        Ok(())
    }
}

fn switches_after(view: &View, place: u64) -> Result<Vec<(u64, Switch)>> {
    let Some(switches) = optional(view.table(SWITCHES))? else { return Ok(Vec::new()) };
    let rows = switches.range(place + 1..)?;
    rows.map(|row| {
        let (number, switch) = row?;
        Ok((number.value(), from_json(switch.value())?))
    })
    .collect()
}

fn outdated(view: &View, place: Option<u64>) -> Result<Option<Outdated>> {
    let switches = switches_after(view, place.unwrap_or(0))?;
    let Some(&(upto, _)) = switches.last() else { return Ok(None) };
    let mut releases = Vec::new();
    for (_, switch) in &switches {
        if !releases.contains(&switch.to) {
            releases.push(switch.to);
        }
    }
    let seamless = switches.first().map(|(number, _)| Some(number - 1)) == Some(place);
    let what = if seamless { between(view, &switches)? } else { None };
    Ok(Some(Outdated { upto, releases, what: what.map_or(Forget::Everything, Forget::Paths) }))
}

/// Every path that one of the switches changed; `None` when a way is not known.
fn between(view: &View, switches: &[(u64, Switch)]) -> Result<Option<Vec<(String, FileAction)>>> {
    let mut paths = Vec::new();
    for (_, Switch { from, to }) in switches {
        let Some(from) = *from else { return Ok(None) };
        let net = match net::between(view, from, *to) {
            Err(ReleaseError::Damaged(_)) => return Ok(None),
            net => net?,
        };
        // Nobody asks for a compressed copy by its own name.
        let changes = net.into_iter().filter(|(_, delta)| !delta.is_derived());
        let changes = changes.map(PathChange::from);
        let changes = changes.filter(|change| change.old != change.new);
        paths.extend(changes.map(|change| (change.path, change.action)));
    }
    paths.sort_by(|one, other| (&one.0, one.1 as u8).cmp(&(&other.0, other.1 as u8)));
    paths.dedup();
    Ok(Some(paths))
}
