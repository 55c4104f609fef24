//! What was read, remembered by fingerprint: enough to tell what differs the next time,
//! without holding the content a second time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cms_api::change::SyncItem;
use serde_json::Value;

use super::ask::Slot;
use crate::build::cursor;

/// A row: type, document, locale.
pub(super) type RowKey = (String, String, Option<String>);
pub(super) type Shelves = BTreeMap<Slot, Arc<Shelf>>;
/// Rows just read, by fingerprint.
pub(super) type Fresh = HashMap<blake3::Hash, SyncItem>;

/// What one listing showed: its documents, and the files they show.
#[derive(Debug, Default)]
pub(super) struct Shelf(BTreeMap<RowKey, Seen>);

/// A row as it was seen. A file is seen in many places, at different times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    updated_at: String,
    hash: [u8; 32],
}

impl Shelf {
    /// Remembers rows; their content goes to `fresh`.
    pub(super) fn fill(items: impl IntoIterator<Item = SyncItem>, fresh: &mut Fresh) -> Self {
        let mut shelf = Self::default();
        for item in items {
            let data = item.data.as_ref();
            let updated_at = data.and_then(|data| data.get("updatedAt")?.as_str());
            let updated_at = updated_at.unwrap_or_default().to_owned();
            let hash = blake3::hash(
                format!("{}\n{:?}\n{}", item.uid, item.locale, data.unwrap_or(&Value::Null))
                    .as_bytes(),
            );
            let seen = Seen { updated_at, hash: *hash.as_bytes() };
            let key = (item.uid.clone(), item.document_id.clone(), item.locale.clone());
            newest(&mut shelf.0, key, seen);
            fresh.insert(hash, item);
        }
        shelf
    }
}

fn newest(rows: &mut BTreeMap<RowKey, Seen>, key: RowKey, seen: Seen) {
    let known = rows.entry(key).or_insert_with(|| seen.clone());
    if *known < seen {
        *known = seen;
    }
}

/// All rows of all shelves; of a file seen in several states the newest one.
pub(super) fn rows(shelves: &Shelves) -> BTreeMap<RowKey, Seen> {
    let mut all = BTreeMap::new();
    for (key, seen) in shelves.values().flat_map(|shelf| &shelf.0) {
        newest(&mut all, key.clone(), seen.clone());
    }
    all
}

/// A fingerprint of all rows.
pub(super) fn digest(rows: &BTreeMap<RowKey, Seen>, beside: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for bytes in beside {
        hasher.update(bytes);
    }
    for ((uid, document_id, locale), seen) in rows {
        let key = format!("{uid}\n{document_id}\n{locale:?}\n");
        hasher.update(key.as_bytes()).update(&seen.hash);
    }
    hasher.finalize().to_hex().to_string()
}

/// Rows that are new or differ, then those that are gone; `None` when the content of a row
/// is not at hand.
pub(super) fn difference(
    old: &BTreeMap<RowKey, Seen>,
    new: &BTreeMap<RowKey, Seen>,
    fresh: &Fresh,
    seq: i64,
) -> Option<Vec<SyncItem>> {
    let mut items = Vec::new();
    for (key, seen) in new {
        if old.get(key).is_none_or(|old| old.hash != seen.hash) {
            let item = fresh.get(&blake3::Hash::from_bytes(seen.hash))?;
            items.push(SyncItem { seq, version: seq, ..item.clone() });
        }
    }
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    items.extend(gone.map(|key| cursor::gone(key.clone(), seq)));
    Some(items)
}
