//! The rows of one content type, with the indexes that questions need.
//!
//! All indexes change together, in `put` and `remove`; nothing else writes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use cms_api::content_type::{AttributeKind, ContentType};

use super::entry::{Entry, linked_ids};
use super::ordered::Ordered;

/// Row ids of one locale (`""` when the type is not localized), ascending.
type ById = Ordered<i64, Arc<Entry>>;
/// Rows by the document an attribute names, then by row id.
type ByTarget = Ordered<(Arc<str>, i64), Arc<Entry>>;

#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    documents: Ordered<Arc<str>, Arc<[Arc<Entry>]>>,
    by_locale: BTreeMap<Arc<str>, ById>,
    /// For each attribute that owns links, who names whom.
    by_target: BTreeMap<Arc<str>, ByTarget>,
}

impl Rows {
    pub(crate) fn new(ty: &ContentType) -> Self {
        let owning = ty.attributes.iter().filter(|(_, attribute)| match &attribute.kind {
            AttributeKind::Relation(relation) => relation.owns_links(),
            AttributeKind::Media { .. } => true,
            _ => false,
        });
        let by_target = owning.map(|(name, _)| (Arc::from(name.as_str()), ByTarget::default()));
        Self { by_target: by_target.collect(), ..Self::default() }
    }

    /// All rows of a type at once: as putting one after the other, but sorting once.
    pub(crate) fn filled(ty: &ContentType, mut entries: Vec<Arc<Entry>>) -> Self {
        let mut rows = Self::new(ty);
        entries.sort_by(|a, b| {
            (&a.key().document_id, a.locale()).cmp(&(&b.key().document_id, b.locale()))
        });
        let documents = entries.chunk_by(|a, b| a.document_id() == b.document_id());
        let documents = documents.filter_map(|translations| {
            Some((Arc::clone(&translations.first()?.key().document_id), translations.into()))
        });
        rows.documents = Ordered::from_unsorted(documents.collect());
        let mut by_locale: BTreeMap<Arc<str>, Vec<_>> = BTreeMap::new();
        for entry in &entries {
            let locale = entry.key().locale.clone().unwrap_or_else(|| Arc::from(""));
            by_locale.entry(locale).or_default().push((entry.id(), Arc::clone(entry)));
        }
        let by_locale = by_locale.into_iter();
        rows.by_locale =
            by_locale.map(|(locale, rows)| (locale, Ordered::from_unsorted(rows))).collect();
        for (attribute, index) in &mut rows.by_target {
            let named = entries.iter().flat_map(|entry| {
                let targets = linked_ids(entry.get(attribute));
                targets.map(|target| ((Arc::from(target), entry.id()), Arc::clone(entry)))
            });
            *index = Ordered::from_unsorted(named.collect());
        }
        rows
    }

    /// Every locale of a document, in the order of locale codes.
    pub(crate) fn translations(&self, document_id: &str) -> &[Arc<Entry>] {
        self.documents.get(document_id).map_or(&[], |rows| rows)
    }

    pub(crate) fn get(&self, document_id: &str, locale: Option<&str>) -> Option<&Arc<Entry>> {
        self.translations(document_id).iter().find(|entry| entry.locale() == locale)
    }

    /// Rows of one locale by row id.
    pub(crate) fn of_locale(&self, locale: Option<&str>) -> impl Iterator<Item = &Arc<Entry>> {
        self.by_locale.get(locale.unwrap_or("")).into_iter().flat_map(Ordered::values)
    }

    /// Rows of every locale, by locale and row id.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.by_locale.values().flat_map(Ordered::values)
    }

    /// Rows whose attribute names the document, by row id.
    pub(crate) fn naming<'a>(
        &'a self,
        attribute: &str,
        document_id: &'a str,
    ) -> impl Iterator<Item = &'a Arc<Entry>> {
        let from = (Arc::from(document_id), i64::MIN);
        let hits = self.by_target.get(attribute).map(|index| index.range(&from));
        let hits = hits.into_iter().flatten();
        hits.take_while(move |((target, _), _)| **target == *document_id).map(|(_, entry)| entry)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_locale.values().map(Ordered::len).sum()
    }

    /// Adds or replaces a row; the row it replaces is returned.
    pub(crate) fn put(&mut self, entry: Arc<Entry>) -> Option<Arc<Entry>> {
        let old = self.remove(entry.document_id(), entry.locale());
        let mut rows = self.translations(entry.document_id()).to_vec();
        let at = rows.partition_point(|row| row.locale() < entry.locale());
        rows.insert(at, Arc::clone(&entry));
        self.documents.insert(Arc::clone(&entry.key().document_id), rows.into());
        let locale = entry.key().locale.clone().unwrap_or_else(|| Arc::from(""));
        self.by_locale.entry(locale).or_default().insert(entry.id(), Arc::clone(&entry));
        for (attribute, index) in &mut self.by_target {
            for target in linked_ids(entry.get(attribute)) {
                index.insert((Arc::from(target), entry.id()), Arc::clone(&entry));
            }
        }
        old
    }

    pub(crate) fn remove(&mut self, document_id: &str, locale: Option<&str>) -> Option<Arc<Entry>> {
        let old = Arc::clone(self.get(document_id, locale)?);
        let rest: Vec<_> = self
            .translations(document_id)
            .iter()
            .filter(|row| row.locale() != locale)
            .cloned()
            .collect();
        if rest.is_empty() {
            self.documents.remove(document_id);
        } else {
            self.documents.insert(Arc::clone(&old.key().document_id), rest.into());
        }
        if let Some(rows) = self.by_locale.get_mut(locale.unwrap_or("")) {
            rows.remove(&old.id());
        }
        for (attribute, index) in &mut self.by_target {
            for target in linked_ids(old.get(attribute)) {
                index.remove(&(Arc::from(target), old.id()));
            }
        }
        Some(old)
    }
}

#[cfg(test)]
mod tests {
    use cms_api::content_type::parse_content_type;
    use serde_json::json;

    use super::super::entry::EntryRef;
    use super::*;

    fn entry(id: i64, document: &str, locale: &str, tags: &[&str]) -> Arc<Entry> {
        let key = EntryRef {
            uid: "api::post.post".into(),
            document_id: document.into(),
            locale: Some(locale.into()),
        };
        Arc::new(Entry::new(key, &json!({ "id": id, "tags": tags })).unwrap())
    }

    #[test]
    fn rows_filled_at_once_are_those_put_one_by_one() {
        let schema = json!({
            "kind": "collectionType",
            "info": { "singularName": "post", "pluralName": "posts", "displayName": "Post" },
            "pluginOptions": { "i18n": { "localized": true } },
            "attributes": {
                "tags": { "type": "relation", "relation": "manyToMany", "target": "api::tag.tag" }
            }
        });
        let ty = parse_content_type("api::post.post", &schema).unwrap();
        let entries = vec![
            entry(7, "b", "en", &["sea", "sky"]),
            entry(2, "a", "en", &["sky"]),
            entry(5, "b", "de", &[]),
            entry(9, "c", "de", &["sea"]),
        ];
        let filled = Rows::filled(&ty, entries.clone());
        let mut put = Rows::new(&ty);
        entries.into_iter().for_each(|entry| drop(put.put(entry)));
        assert_eq!(format!("{filled:?}"), format!("{put:?}"));
        assert_eq!(filled.translations("b").len(), 2);
        assert_eq!(filled.naming("tags", "sky").count(), 2);
    }
}
