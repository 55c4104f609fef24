//! The replica on disk: the rows of the state store and the snapshot they make.
//!
//! A row's bytes are the entry's JSON as the feed sent it, so that a newer
//! version of this program can read it with new eyes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cms_api::change::{Op, SyncItem};
use cms_api::model::{ContentModel, ModelError};

use super::entry::{BadEntry, Entry};
use super::snapshot::Snapshot;
use crate::state::{Head, ReplicaChange, ReplicaRow, RowId, StateError, Store};

/// A stored replica that cannot be used: it has to be pulled anew.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    #[error("the stored content model is not readable: {0}")]
    ModelText(#[source] serde_json::Error),
    #[error("the stored content model is not valid: {}", .0.first().map_or_else(String::new, ToString::to_string))]
    Model(Vec<ModelError>),
    #[error("the stored row {uid} {document_id} is not readable: {error}")]
    RowText { uid: String, document_id: String, error: serde_json::Error },
    #[error(transparent)]
    Row(#[from] BadEntry),
}

/// The snapshot a store holds; empty before the first pull. Rows are understood on all
/// cores while they are read.
///
/// # Errors
/// When the store cannot be read. The inner error: when the model or a row makes no sense.
pub fn load(store: &Store, head: &Head) -> Result<Result<Snapshot, ReplicaError>, StateError> {
    let empty = match model(head) {
        Ok(model) => Snapshot::new(Arc::new(model), head.locales.clone()),
        Err(error) => return Ok(Err(error)),
    };
    let entries = Mutex::new(Ok(Vec::new()));
    rayon::in_place_scope(|scope| {
        store.rows(|batch| {
            let (empty, entries) = (&empty, &entries);
            scope.spawn(move |_| {
                let found: Result<Vec<_>, _> = batch.iter().map(|row| entry(empty, row)).collect();
                let mut entries = entries.lock().unwrap_or_else(PoisonError::into_inner);
                match (found, &mut *entries) {
                    (Ok(found), Ok(entries)) => entries.extend(found),
                    (Err(error), _) => *entries = Err(error),
                    (Ok(_), Err(_)) => {}
                }
            });
        })
    })?;
    let entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(entries.map(|entries| empty.with_entries(entries, head.seq)))
}

fn model(head: &Head) -> Result<ContentModel, ReplicaError> {
    let Some(bytes) = &head.model else {
        return ContentModel::new([], []).map_err(ReplicaError::Model);
    };
    let json = serde_json::from_slice(bytes).map_err(ReplicaError::ModelText)?;
    ContentModel::from_json(&json).map_err(ReplicaError::Model)
}

/// The entry of a stored row, for the model of the snapshot.
///
/// # Errors
/// When its bytes cannot be read.
pub fn entry(snapshot: &Snapshot, row: &ReplicaRow) -> Result<Entry, ReplicaError> {
    let id = &row.id;
    let json = serde_json::from_slice(&row.json).map_err(|error| ReplicaError::RowText {
        uid: id.uid.clone(),
        document_id: id.document_id.clone(),
        error,
    })?;
    let locale = Some(id.locale.as_str()).filter(|locale| !locale.is_empty());
    Ok(Entry::new(snapshot.key(&id.uid, &id.document_id, locale), &json)?)
}

/// What a batch of the feed changes in the store: the last word on each row.
#[must_use]
pub fn change(items: &[SyncItem]) -> ReplicaChange {
    let mut change = ReplicaChange::default();
    let mut rows = BTreeMap::new();
    for item in items {
        change.seq = change.seq.max(Some(item.seq));
        let bytes = || item.data.as_ref().map(|data| data.to_string().into_bytes());
        match item.op {
            Op::Schema => change.model = bytes().or(change.model),
            Op::Upsert => drop(rows.insert(row_id(item), bytes())),
            Op::Delete => drop(rows.insert(row_id(item), None)),
        }
    }
    for (id, json) in rows {
        match json {
            Some(json) => change.upserts.push(ReplicaRow { id, json }),
            None => change.deletes.push(id),
        }
    }
    change
}

/// The name of an item's row in the store.
#[must_use]
pub fn row_id(item: &SyncItem) -> RowId {
    RowId {
        uid: item.uid.clone(),
        document_id: item.document_id.clone(),
        locale: item.locale.clone().unwrap_or_default(),
    }
}
