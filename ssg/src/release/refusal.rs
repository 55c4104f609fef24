//! What stands between a complete tree and its visitors, and what is kept of a release that
//! did not pass.
//!
//! The gate is asked when the tree of the new release is complete on disk and nobody sees it
//! yet. A refusal puts the standby tree back and leaves a row in the history; a crash while
//! the gate is asked is a crash before the switch.

use std::path::PathBuf;

use redb::{ReadableTable, WriteTransaction};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Inner, Meta, Settings,
    difference::Difference,
    error::Result,
    history::{History, REFUSALS, State, View, commit, from_json, to_json},
    journal, settle,
};

/// Something a gate found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check found it: `required`, `pages`, `size`, `links`, `smoke`, `assert`.
    pub check: String,
    pub url: Option<String>,
    pub message: String,
}

impl Finding {
    #[must_use]
    pub fn new(check: &str, url: Option<&str>, message: impl Into<String>) -> Self {
        Self { check: check.to_owned(), url: url.map(str::to_owned), message: message.into() }
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        let url = self.url.as_ref().map_or_else(String::new, |url| format!("{url}: "));
        format!("{}: {url}{}", self.check, self.message)
    }
}

/// Sums over a whole tree, compressed copies left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// HTML files.
    pub pages: u64,
    pub bytes: u64,
}

/// One file that a candidate has otherwise than the release before, with its sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub path: String,
    pub old: Option<u64>,
    pub new: Option<u64>,
}

/// A release whose tree is complete and that nobody sees yet.
#[derive(Debug)]
pub struct Candidate {
    pub tree: PathBuf,
    /// What visitors see now; none before the first release.
    pub live: Option<PathBuf>,
    /// Hashed assets of earlier releases.
    pub retired: PathBuf,
    pub steps: Vec<Step>,
    /// Of the release before; none when it is the first one or too old to have any.
    pub before: Option<Totals>,
}

/// Decides whether a release may go live.
pub trait Gate {
    /// What speaks against it; nothing lets it pass.
    ///
    /// # Errors
    /// When it cannot be told. Nothing goes live then either.
    fn objections(&self, candidate: &Candidate) -> Result<Vec<Finding>>;
}

/// Lets everything pass.
#[derive(Debug)]
pub struct Open;

impl Gate for Open {
    fn objections(&self, _: &Candidate) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}

/// A release that did not go live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// From the same series as the releases'.
    pub id: u64,
    pub parent: Option<u64>,
    pub created_at: String,
    pub seq: u64,
    pub reason: String,
    pub rendered: u64,
    pub written: u64,
    pub removed: u64,
    pub findings: Vec<Finding>,
    pub(super) report: Value,
}

const PAGE: &str = ".html";

impl Totals {
    /// With the changes of a release.
    pub(super) fn after(before: Option<Self>, difference: &Difference) -> Self {
        let mut totals = before.unwrap_or_default();
        for step in steps(difference) {
            let page = u64::from(step.path.ends_with(PAGE));
            totals.pages += if step.new.is_some() { page } else { 0 };
            totals.pages = totals.pages.saturating_sub(if step.old.is_some() { page } else { 0 });
            totals.bytes =
                (totals.bytes + step.new.unwrap_or(0)).saturating_sub(step.old.unwrap_or(0));
        }
        totals
    }
}

pub(super) fn steps(difference: &Difference) -> impl Iterator<Item = Step> {
    let own = difference.changes.iter().filter(|(_, change)| !change.is_derived());
    own.map(|(path, change)| Step {
        path: path.clone(),
        old: change.old.map(|old| old.size),
        new: change.new.as_ref().map(|(new, _)| new.size),
    })
}

/// The number of the next release, or of the next one that is refused.
pub(super) fn next_id(state: &State) -> u64 {
    state.newest.unwrap_or(0).max(state.last_refused) + 1
}

/// Puts everything back as it was, and notes why.
pub(super) fn refuse(
    inner: &Inner,
    history: &History,
    mut state: State,
    difference: &Difference,
    meta: Meta,
    findings: Vec<Finding>,
) -> Result<Refusal> {
    if !history.read()?.journal()?.is_empty() {
        journal::undo(inner, history, &mut state)?;
    }
    let view = history.read()?;
    let mut state = view.state()?;
    let known = state.refused.map(|id| view.refusal(id)).transpose()?.flatten();
    let same = known.filter(|known| known.parent == state.newest && known.findings == findings);
    let refusal = Refusal {
        id: same.map_or(difference.id, |known| known.id),
        parent: state.newest,
        created_at: jiff::Timestamp::now().to_string(),
        seq: meta.seq,
        reason: meta.reason,
        rendered: meta.rendered,
        written: difference.written(),
        removed: difference.removed(),
        findings,
        report: meta.report,
    };
    state.refused = Some(refusal.id);
    state.last_refused = state.last_refused.max(refusal.id);
    let txn = history.write()?;
    put(&txn, &refusal)?;
    drop_old(&txn, &inner.settings)?;
    commit(txn, &mut state)?;
    settle::finish(inner, &history.read()?, &state)?;
    Ok(refusal)
}

pub(super) fn put(txn: &WriteTransaction, refusal: &Refusal) -> Result<()> {
    let bytes = to_json(refusal)?;
    txn.open_table(REFUSALS)?.insert(refusal.id, bytes.as_slice())?;
    Ok(())
}

/// As many are kept as releases are.
fn drop_old(txn: &WriteTransaction, settings: &Settings) -> Result<()> {
    let mut refusals = txn.open_table(REFUSALS)?;
    let ids: Vec<u64> = refusals.iter()?.map(|row| Ok(row?.0.value())).collect::<Result<_>>()?;
    for id in ids.iter().take(ids.len().saturating_sub(settings.keep.max(1))) {
        refusals.remove(id)?;
    }
    Ok(())
}

impl View {
    pub(super) fn refusal(&self, id: u64) -> Result<Option<Refusal>> {
        let Some(refusals) = self.refusals()? else { return Ok(None) };
        refusals.get(id)?.map(|bytes| from_json(bytes.value())).transpose()
    }

    /// Oldest first.
    pub(super) fn all_refusals(&self) -> Result<Vec<Refusal>> {
        let Some(refusals) = self.refusals()? else { return Ok(Vec::new()) };
        refusals.iter()?.map(|row| from_json(row?.1.value())).collect()
    }
}
