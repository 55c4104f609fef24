//! Bringing the replica up to date.

use std::sync::Arc;

use cms_api::change::{Op, SyncItem};
use serde::Serialize;
use serde_json::Value;

use super::BuildError;
use super::memory::Memory;
use super::source::{Pulled, Source, SourceError};
use crate::content::{Change, Edits, Entry, Snapshot, replica};
use crate::engine::ChangeSet;
use crate::state::{ReplicaChange, RowId, Touched};

/// The result of a pull, for `ssg pull`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PullReport {
    pub seq: i64,
    /// Rows that differ now.
    pub changed: usize,
    /// Rows in the replica.
    pub rows: usize,
    /// The CMS did not answer.
    pub stale: bool,
}

/// What a pull changed, still to be stored.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) replica: ReplicaChange,
    /// The rows that differ, as they were before.
    pub(super) touched: Touched,
    pub(super) model_changed: bool,
    pub(super) stale: bool,
}

impl Fresh {
    /// Whether there is nothing to store.
    pub(super) fn is_empty(&self) -> bool {
        let ReplicaChange {
            reset,
            upserts,
            deletes,
            cursor,
            seq: _,
            source,
            locales,
            model,
            unlisted,
        } = &self.replica;
        !reset
            && upserts.is_empty()
            && deletes.is_empty()
            && cursor.is_none()
            && source.is_none()
            && locales.is_none()
            && model.is_none()
            && unlisted.is_none()
    }
}

/// Asks the source and moves the snapshot on. A source that cannot be reached is no error
/// as long as there is a replica.
///
/// `answer`: what the source said, if it was asked already.
pub(super) fn pull(
    memory: &mut Memory,
    source: &dyn Source,
    answer: Option<Result<Pulled, SourceError>>,
) -> Result<Fresh, BuildError> {
    let name = source.name();
    let same = memory.source.as_deref() == Some(name.as_str());
    let cursor = memory.cursor.as_deref().filter(|_| same);
    match answer.unwrap_or_else(|| source.pull(cursor)) {
        Ok(pulled) => take_over(memory, name, pulled),
        Err(SourceError::Unreachable(why) | SourceError::Missing(why)) => {
            if !memory.has_content() {
                return Err(BuildError::NoContent(format!("{name}: {why}")));
            }
            tracing::warn!(cms = name, why, "the CMS cannot be asked; building from the replica");
            Ok(Fresh { stale: true, ..Fresh::default() })
        }
        Err(SourceError::Unauthorized(why)) if memory.has_content() => {
            tracing::error!(
                cms = name,
                why,
                "building from the replica; check SSG_CMS_TOKEN, or SSG_CMS_IDENTIFIER and \
                 SSG_CMS_PASSWORD: `ssg doctor` tries them"
            );
            Ok(Fresh { stale: true, ..Fresh::default() })
        }
        Err(SourceError::Refused(why) | SourceError::Unauthorized(why)) => {
            Err(BuildError::Refused(why))
        }
    }
}

fn take_over(memory: &mut Memory, source: String, pulled: Pulled) -> Result<Fresh, BuildError> {
    let mut items = pulled.items;
    let continues = memory.has_content() && memory.source.as_ref() == Some(&source);
    if items.is_empty() && !pulled.complete && continues {
        // Most polls end here: the stored cursor still leads to the same place.
        memory.cursor = Some(pulled.cursor);
        memory.seq = pulled.seq;
        return Ok(Fresh::default());
    }
    if pulled.complete {
        let gone = unnamed(memory, &items, pulled.seq);
        memory.unlisted.extend(gone.iter().map(row_id));
        items.splice(0..0, gone);
    }
    let applied =
        memory.snapshot.apply(&items).map_err(|error| BuildError::Content(error.to_string()))?;
    let mut replica = replica::change(&items);
    replica.cursor = Some(pulled.cursor.clone());
    replica.seq = Some(pulled.seq);
    replica.source = Some(source.clone());
    replica.unlisted = pulled.complete.then(|| memory.unlisted.clone());
    memory.snapshot = applied.snapshot;
    if !pulled.locales.is_empty() && pulled.locales != memory.snapshot.locales() {
        memory.snapshot = memory.snapshot.with_locales(pulled.locales.clone());
        replica.locales = Some(pulled.locales);
    }
    memory.cursor = Some(pulled.cursor);
    memory.seq = pulled.seq;
    memory.source = Some(source);
    Ok(Fresh {
        replica,
        touched: applied.changes.iter().map(before).collect(),
        model_changed: applied.model_changed,
        stale: false,
    })
}

/// Deletions for the rows that a complete listing does not name.
fn unnamed(memory: &Memory, items: &[SyncItem], seq: i64) -> Vec<SyncItem> {
    let named: std::collections::HashSet<(&str, &str, Option<&str>)> =
        items.iter().map(|item| (&*item.uid, &*item.document_id, item.locale.as_deref())).collect();
    let model = memory.snapshot.model();
    let rows = model.types().flat_map(|ty| memory.snapshot.all_entries(&ty.uid));
    rows.filter(|row| !named.contains(&(row.uid(), row.document_id(), row.locale())))
        .map(|row| SyncItem {
            seq,
            op: Op::Delete,
            uid: row.uid().to_owned(),
            document_id: row.document_id().to_owned(),
            locale: row.locale().map(str::to_owned),
            version: seq,
            published_at: None,
            data: None,
        })
        .collect()
}

fn row_id(item: &SyncItem) -> RowId {
    RowId {
        uid: item.uid.clone(),
        document_id: item.document_id.clone(),
        locale: item.locale.clone().unwrap_or_default(),
    }
}

fn before(change: &Change) -> (RowId, Option<Vec<u8>>) {
    let key = &change.key;
    let id = RowId {
        uid: key.uid.to_string(),
        document_id: key.document_id.to_string(),
        locale: key.locale.as_deref().unwrap_or_default().to_owned(),
    };
    let bytes = change.old.as_ref().and_then(|old| serde_json::to_vec(&old.map()).ok());
    (id, bytes)
}

/// Adds what a pull touched; what was touched before keeps its older bytes.
pub(super) fn remember(memory: &mut Memory, fresh: &Fresh) {
    for (id, bytes) in &fresh.touched {
        memory.touched.entry(id.clone()).or_insert_with(|| bytes.clone());
    }
}

/// Everything that changed since pages were brought up to date.
pub(super) fn changes(memory: &Memory, model_changed: bool) -> (ChangeSet, Edits) {
    let mut changes = ChangeSet { model: model_changed, ..ChangeSet::default() };
    let mut rows = Vec::new();
    for (id, bytes) in &memory.touched {
        let before = bytes.as_ref().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let locale = Some(id.locale.as_str()).filter(|locale| !locale.is_empty());
        let row = memory.snapshot.get(&id.uid, &id.document_id, locale);
        let after = row.and_then(|row| serde_json::to_value(row.map()).ok());
        changes.note(&id.uid, &id.document_id, before.as_ref(), after.as_ref());
        rows.push(row_change(&memory.snapshot, id, before.as_ref()));
    }
    changes.watches = memory.snapshot.touched_watches(&rows, &|from| memory.graph.next_watch(from));
    let edits = if model_changed { Edits::unknown() } else { Edits::of(&rows) };
    (changes, edits)
}

/// A touched row as the snapshot knows it, with what stood there before.
fn row_change(snapshot: &Snapshot, id: &RowId, before: Option<&Value>) -> Change {
    let locale = Some(id.locale.as_str()).filter(|locale| !locale.is_empty());
    let key = snapshot.key(&id.uid, &id.document_id, locale);
    let old = before.and_then(|data| Entry::new(key.clone(), data).ok()).map(Arc::new);
    let new = snapshot.get(&id.uid, &id.document_id, locale).cloned();
    Change { key, old, new }
}
