//! One published document in one locale, as the feed delivered it.
//!
//! Relations and media are documentIds here; what they lead to is looked up in
//! the snapshot at the moment of asking, so that no entry ever holds a stale
//! copy of another.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;
use tera::{Map, Value};

use super::value::{from_json, get};

/// The name of a row: which document, in which locale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryRef {
    pub uid: Arc<str>,
    pub document_id: Arc<str>,
    /// `None` for types that are not localized.
    pub locale: Option<Arc<str>>,
}

impl std::fmt::Display for EntryRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.uid, self.document_id)?;
        match &self.locale {
            Some(locale) => write!(f, " ({locale})"),
            None => Ok(()),
        }
    }
}

/// Selections of fields that a row remembers how it looks in. A site links to a tag from
/// thousands of pages, in one or two ways.
const MAX_SELECTIONS: usize = 4;

/// A selection of fields, all of them if there is none, and the row as that shows it.
type Selected = (Option<Box<[String]>>, Value);

/// An immutable row of a snapshot.
#[derive(Debug)]
pub struct Entry {
    key: EntryRef,
    /// The numeric row id: the last sort key of every query.
    id: i64,
    data: Value,
    /// The entry as REST shows it with the first selections of fields it was linked with.
    selected: Mutex<Vec<Selected>>,
}

impl Entry {
    /// # Errors
    /// When `data` is not an object with a numeric `id`, the two things no question can do
    /// without.
    pub fn new(key: EntryRef, data: &Json) -> Result<Self, BadEntry> {
        let bad = |what| BadEntry { key: key.clone(), what };
        if !data.is_object() {
            return Err(bad("its data is not an object"));
        }
        let id =
            data.get("id").and_then(Json::as_i64).ok_or_else(|| bad("it has no numeric id"))?;
        Ok(Self { id, data: from_json(data), selected: Mutex::default(), key })
    }

    /// The same content with nothing derived from the content model remembered.
    pub(crate) fn without_derived(&self) -> Self {
        Self {
            key: self.key.clone(),
            id: self.id,
            data: self.data.clone(),
            selected: Mutex::default(),
        }
    }

    #[must_use]
    pub fn key(&self) -> &EntryRef {
        &self.key
    }

    #[must_use]
    pub fn uid(&self) -> &str {
        &self.key.uid
    }

    #[must_use]
    pub fn document_id(&self) -> &str {
        &self.key.document_id
    }

    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.key.locale.as_deref()
    }

    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// A stored value: a scalar, an embedded component, or the documentIds of a relation.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.map().and_then(|map| get(map, name))
    }

    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let text = |entry: &Self| serde_json::to_string(&entry.data).ok();
        self.data == other.data && text(self) == text(other)
    }

    pub(crate) fn map(&self) -> Option<&Map> {
        self.data.as_map()
    }

    /// The row with these fields alone.
    pub(crate) fn selected(
        &self,
        fields: Option<&[String]>,
        make: impl FnOnce() -> Value,
    ) -> Value {
        let memory = || self.selected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = memory().iter().find(|(known, _)| known.as_deref() == fields) {
            return known.clone();
        }
        let value = make();
        let mut memory = memory();
        if memory.len() < MAX_SELECTIONS {
            memory.push((fields.map(Into::into), value.clone()));
        }
        value
    }
}

/// A row of the feed that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} cannot be used: {what}")]
pub struct BadEntry {
    pub key: EntryRef,
    pub what: &'static str,
}

/// The documentIds a relation or media value names, in link order.
pub(crate) fn linked_ids(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let one = value.and_then(Value::as_str);
    let many = value.and_then(Value::as_array).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}
