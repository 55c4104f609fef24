//! What differs between the revision the pages were made from and the current one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Templates, assets and configuration are few: they are compared by fingerprint and need
/// no entry here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// By document id.
    pub documents: BTreeMap<String, DocumentChange>,
    /// Finer than by type: the watches these changes touch, see [`Footprint::types`].
    ///
    /// [`Footprint::types`]: super::Footprint::types
    pub watches: BTreeSet<String>,
    /// The content model changed: every answer made from content may differ.
    pub model: bool,
    pub routes: RouteChange,
}

/// What the route table says anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteChange {
    /// Perhaps anything: the table was planned in full.
    All,
    /// These output files and documents may have another page or URL.
    Only { files: BTreeSet<String>, documents: BTreeSet<String> },
}

impl RouteChange {
    /// Adds output files that may be others for another reason.
    pub fn add(&mut self, more: impl Iterator<Item = String>) {
        if let Self::Only { files, .. } = self {
            files.extend(more);
        }
    }
}

impl Default for RouteChange {
    fn default() -> Self {
        Self::Only { files: BTreeSet::new(), documents: BTreeSet::new() }
    }
}

/// A document that changed in one or more locales.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentChange {
    pub uid: String,
    /// Top-level attributes that differ; empty when it appeared or disappeared.
    pub fields: BTreeSet<String>,
}

/// Attributes that change with every edit: they say nothing about the edit.
const BOOKKEEPING: [&str; 3] = ["updatedAt", "publishedAt", "id"];

impl ChangeSet {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && !self.model
    }

    /// Notes a row's change from one data object to another; `None` where there is no row.
    pub fn note(
        &mut self,
        uid: &str,
        document_id: &str,
        before: Option<&Value>,
        after: Option<&Value>,
    ) {
        if before == after {
            return;
        }
        let change = self.documents.entry(document_id.to_owned()).or_default();
        change.uid = uid.to_owned();
        if let (Some(Value::Object(before)), Some(Value::Object(after))) = (before, after) {
            change.fields.extend(differing(before, after));
        }
    }
}

fn differing(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let all: Vec<_> =
        names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    let telling: Vec<_> =
        all.iter().filter(|name| !BOOKKEEPING.contains(&name.as_str())).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_edit_names_its_fields_without_the_bookkeeping() {
        let mut changes = ChangeSet::default();
        let before = json!({ "id": 1, "title": "a", "body": "x", "updatedAt": 1 });
        let after = json!({ "id": 2, "title": "b", "body": "x", "updatedAt": 2, "new": null });
        changes.note("t", "d", Some(&before), Some(&after));
        assert_eq!(Vec::from_iter(&changes.documents["d"].fields), ["new", "title"]);
    }

    #[test]
    fn equal_rows_are_no_change_and_a_new_row_is_one() {
        let mut changes = ChangeSet::default();
        let row = json!({ "id": 1 });
        changes.note("t", "d", Some(&row), Some(&row));
        assert!(changes.is_empty());
        changes.note("t", "d", None, Some(&row));
        assert!(changes.documents["d"].fields.is_empty());
    }
}
