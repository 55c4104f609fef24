//! A stage becomes the newest release.
//!
//! Two commits bracket the work: the journal before the standby tree is
//! touched, and the release with the intent to switch once the tree is
//! complete and on disk. Between them a crash leaves the old release, after
//! them the new one. A full build fills a tree of its own and needs the second
//! commit only.

use std::fs;

use redb::WriteTransaction;

use super::{
    Candidate, Gate, Inner, Meta, Outcome, PathChange, Published, Store, Totals, activate,
    difference::{Difference, FileChange},
    durable,
    error::{AtPath, ReleaseError, Result},
    fault::FaultPoint,
    history::{
        DELTAS, FILES, GONE, History, RELEASES, REPORTS, Record, State, Tree, clear_operation,
        commit, to_json,
    },
    journal, net, precompress, refusal, retain, retire, settle,
    stage::{Stage, StageKind, system_time},
    switches,
    tree::{Put, Step, TreeEditor},
    version::Delta,
};

pub(super) fn publish(
    store: &Store,
    stage: &Stage,
    meta: Meta,
    gate: &dyn Gate,
) -> Result<Outcome> {
    let inner = &*store.inner;
    let copies = precompress::ahead(store, stage)?;
    let _lock = inner.lock()?;
    let history = inner.open_history()?;
    let mut state = settle::settle(inner, &history)?;
    if state.newest != stage.base {
        return Err(ReleaseError::Overtaken { base: stage.base, found: state.newest });
    }
    let view = history.read()?;
    let mut difference = Difference::of(stage, &view, refusal::next_id(&state))?;
    precompress::complete(inner, stage, &view, &state, &mut difference, copies)?;
    if difference.changes.is_empty() && state.newest.is_some() {
        return Ok(Outcome::Nothing);
    }
    stamp(&difference, stage.time)?;
    inner.settings.faults.reach(FaultPoint::Staged);
    let leaving = retire::leaving(&difference);
    retire::link(inner, &state, &leaving)?;
    match stage.kind {
        StageKind::Full => install_tree(inner, &history, &mut state, stage, &difference)?,
        StageKind::Changes => {
            difference.check_collisions(&view)?;
            update_standby(inner, &history, &mut state, &difference)?;
        }
    }
    let before = state.newest.map(|id| history.read()?.record(id)).transpose()?.flatten();
    let before = before.and_then(|record| record.totals);
    let findings = gate.objections(&candidate(inner, &state, &difference, before))?;
    if !findings.is_empty() {
        let refused = refusal::refuse(inner, &history, state, &difference, meta, findings)?;
        return Ok(Outcome::Refused(refused));
    }
    inner.settings.faults.reach(FaultPoint::Checked);
    let totals = Totals::after(before, &difference);
    let txn = history.write()?;
    clear_operation(&txn)?;
    retire::note(&txn, &leaving, stage.time)?;
    state.precompressed.clone_from(&stage.precompressed);
    state.copies = state.copies.saturating_add_signed(difference.derived_balance());
    state.refused = None;
    let published = record(inner, txn, &mut state, &difference, stage.time, meta, totals)?;
    settle::finish(inner, &history.read()?, &state)?;
    inner.remember(stage.base, &difference);
    Ok(Outcome::Published(published))
}

/// The tree that would go live: the standby one.
fn candidate(
    inner: &Inner,
    state: &State,
    difference: &Difference,
    before: Option<Totals>,
) -> Candidate {
    let path = |tree: &Option<Tree>| tree.as_ref().map(|tree| inner.layout.tree(&tree.name));
    Candidate {
        tree: path(&state.standby).unwrap_or_default(),
        live: path(&state.live),
        retired: inner.layout.retired(),
        steps: refusal::steps(difference).collect(),
        before,
    }
}

/// Gives the staged files the times that their versions have.
fn stamp(difference: &Difference, written_at: i64) -> Result<()> {
    let arrived = difference.changes.values().filter_map(|change| change.new.as_ref());
    let arrived = arrived.map(|(version, file)| (file, version));
    for (file, version) in arrived.chain(difference.same.iter().map(|(file, old)| (file, old))) {
        if version.mtime != written_at {
            let open = fs::File::options().write(true).open(file);
            open.and_then(|open| open.set_modified(system_time(version.mtime)))
                .at("set the time of", file)?;
        }
    }
    Ok(())
}

/// Brings the standby tree to the newest release and on to the new one.
fn update_standby(
    inner: &Inner,
    history: &History,
    state: &mut State,
    difference: &Difference,
) -> Result<()> {
    let standby = activate::ensure_standby(inner, history, state)?;
    let view = history.read()?;
    let newest = state.newest.unwrap_or(standby.at);
    let mut net = net::between(&view, standby.at, newest)?;
    for (path, change) in &difference.changes {
        let new = change.new.as_ref().map(|(version, _)| *version);
        net.entry(path.clone())
            .and_modify(|delta| delta.new = new)
            .or_insert(Delta { old: change.old, new });
    }
    let mut steps = journal::steps_along(&view, net, standby.at)?;
    for step in &mut steps {
        stage_bytes(step, difference.changes.get(&step.path));
    }
    journal::advance(inner, history, state, &steps, newest)
}

fn stage_bytes(step: &mut Step, change: Option<&FileChange>) {
    if let Some(FileChange { new: Some((_, file)), .. }) = change {
        step.put = Put::Staged(file.clone());
    }
}

/// Moves the staged tree below `trees/`. The tree it will replace gives up the
/// versions that only it shows.
fn install_tree(
    inner: &Inner,
    history: &History,
    state: &mut State,
    stage: &Stage,
    difference: &Difference,
) -> Result<()> {
    let folder = stage.tree_folder();
    fs::create_dir_all(&folder).at("create folder", &folder)?;
    if let (Some(live), Some(standby)) = (&state.live, &state.standby) {
        let view = history.read()?;
        let net = net::between(&view, standby.at, live.at)?;
        let mut editor = TreeEditor::new(&inner.layout, &standby.name, Some(&live.name));
        for step in journal::steps_along(&view, net, standby.at)? {
            if let Some(version) = &step.keep {
                editor.preserve(&step.path, version)?;
            }
        }
    }
    let name = state.next_tree.to_string();
    let tree = inner.layout.tree(&name);
    fs::rename(&folder, &tree).at("place", &tree)?;
    if inner.settings.durable {
        durable::sync_file_system(inner.layout.root())?;
    }
    inner.settings.faults.reach(FaultPoint::TreeMoved);
    state.next_tree += 1;
    state.standby = Some(Tree { name, at: difference.id });
    Ok(())
}

/// Writes the release, and unless pinned the switch to it, into the history.
fn record(
    inner: &Inner,
    txn: WriteTransaction,
    state: &mut State,
    difference: &Difference,
    time: i64,
    meta: Meta,
    totals: Totals,
) -> Result<Published> {
    let id = difference.id;
    let previous = state.newest.replace(id);
    if let Some(standby) = &mut state.standby {
        standby.at = id;
    }
    if !state.pinned {
        let live = state.live.as_ref().map(|live| live.at);
        activate::swap(state);
        switches::note(&txn, live, id)?;
    }
    write_files(&txn, difference, previous.is_some(), time)?;
    let files = file_count(&txn)?.saturating_sub(state.copies);
    let (written, removed) = (difference.written(), difference.removed());
    let record = Record {
        parent: previous,
        created_at: jiff::Timestamp::now().to_string(),
        seq: meta.seq,
        reason: meta.reason,
        rendered: meta.rendered,
        written,
        removed,
        files,
        replaced_bytes: difference.replaced_bytes(),
        totals: Some(totals),
        note: None,
    };
    txn.open_table(RELEASES)?.insert(id, to_json(&record)?.as_slice())?;
    txn.open_table(REPORTS)?.insert(id, to_json(&meta.report)?.as_slice())?;
    retain::drop_old_releases(&txn, state, &inner.settings)?;
    inner.commit(txn, state)?;
    Ok(Published {
        id,
        previous,
        live: !state.pinned,
        pinned: state.pinned,
        written,
        unchanged: files - written,
        removed,
        changes: own_changes(difference),
    })
}

fn write_files(
    txn: &WriteTransaction,
    difference: &Difference,
    has_parent: bool,
    time: i64,
) -> Result<()> {
    let (mut files, mut deltas) = (txn.open_table(FILES)?, txn.open_table(DELTAS)?);
    let mut gone = txn.open_table(GONE)?;
    for (path, change) in &difference.changes {
        let path = path.as_str();
        let new = change.new.as_ref().map(|(version, _)| *version);
        match new {
            Some(version) => {
                files.insert(path, version.encode().as_slice())?;
                gone.remove(path)?;
            }
            None => {
                files.remove(path)?;
                // An earlier time can never be given again.
                if let Some(old) = change.old.filter(|old| old.mtime >= time) {
                    gone.insert(path, old.mtime)?;
                }
            }
        }
        // The first release has no way back, so nothing walks its changes.
        if has_parent {
            let delta = Delta { old: change.old, new };
            deltas.insert((difference.id, path), delta.encode().as_slice())?;
        }
    }
    Ok(())
}

fn file_count(txn: &WriteTransaction) -> Result<u64> {
    use redb::ReadableTableMetadata;
    Ok(txn.open_table(FILES)?.len()?)
}

fn own_changes(difference: &Difference) -> Vec<PathChange> {
    let own = difference.changes.iter().filter(|(_, change)| !change.is_derived());
    own.map(|(path, change)| PathChange::from((path.clone(), change.delta()))).collect()
}

impl Inner {
    /// Commits, and tells tests that the history now names another tree.
    pub(super) fn commit(&self, txn: WriteTransaction, state: &mut State) -> Result<()> {
        commit(txn, state)?;
        self.settings.faults.reach(FaultPoint::Committed);
        Ok(())
    }

    /// Keeps the remembered hashes in step with what was just published.
    fn remember(&self, base: Option<u64>, difference: &Difference) {
        let mut manifest = self.manifest();
        let Some(known) = manifest.as_mut().filter(|known| known.newest == base) else { return };
        for (path, change) in &difference.changes {
            match &change.new {
                Some((version, _)) if !version.derived => {
                    known.hashes.insert(path.as_str().into(), version.hash)
                }
                _ => known.hashes.remove(path.as_str()),
            };
        }
        known.newest = Some(difference.id);
    }
}
