//! From a row to what its attributes lead to, inside one snapshot.
//!
//! Relations lead to published documents only: in the locale of the row for
//! localized targets, to the one row otherwise. A row that is not localized
//! reaches localized targets in the locale of the question.

use std::sync::Arc;

use cms_api::builtin::FILE;
use cms_api::query::Link;
use tera::{Map, Value};

use super::entry::{Entry, linked_ids};
use super::snapshot::Snapshot;
use super::value::get;

/// A row in a question: an entry, a component inside one, or the row of nulls that stands
/// for "nothing there".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) entry: Option<&'a Arc<Entry>>,
    pub(crate) map: Option<&'a Map>,
    /// The locale in which relations are followed from here.
    pub(crate) locale: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn entry(entry: &'a Arc<Entry>, asked: &'a str) -> Self {
        let locale = entry.locale().unwrap_or(asked);
        Self { entry: Some(entry), map: entry.map(), locale }
    }

    pub(crate) fn component(map: &'a Map, locale: &'a str) -> Self {
        Self { entry: None, map: Some(map), locale }
    }

    pub(crate) fn nothing(locale: &'a str) -> Self {
        Self { entry: None, map: None, locale }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.and_then(|map| get(map, name))
    }
}

impl Snapshot {
    /// The published row of a document as seen from a locale.
    #[must_use]
    pub fn resolve(&self, uid: &str, document_id: &str, locale: &str) -> Option<&Arc<Entry>> {
        let locale = self.is_localized(uid).then_some(locale);
        self.rows(uid)?.get(document_id, locale)
    }

    /// Entries an attribute leads to, in link order; inverse sides in row order.
    pub(crate) fn targets<'a>(
        &'a self,
        place: &Place<'a>,
        name: &str,
        link: &Link,
    ) -> Vec<&'a Arc<Entry>> {
        match link {
            Link::Relation { target, mapped_by: None, .. } => {
                self.named(target, place.get(name), place.locale)
            }
            Link::Media { .. } => self.named(FILE, place.get(name), place.locale),
            Link::Relation { target, mapped_by: Some(owner), many } => {
                let found = self.naming(target, owner, place);
                if *many { found } else { found.into_iter().take(1).collect() }
            }
            Link::Localizations => place.entry.map_or_else(Vec::new, |entry| {
                let rows = self.rows(entry.uid());
                let rows = rows.map_or(&[][..], |rows| rows.translations(entry.document_id()));
                rows.iter().filter(|row| row.locale() != entry.locale()).collect()
            }),
            Link::Component { .. } | Link::DynamicZone { .. } => Vec::new(),
        }
    }

    /// Places an attribute leads to, components included.
    pub(crate) fn follow<'a>(
        &'a self,
        place: &Place<'a>,
        name: &str,
        link: &Link,
    ) -> Vec<Place<'a>> {
        match link {
            Link::Component { .. } | Link::DynamicZone { .. } => {
                components(place.get(name)).map(|map| Place::component(map, place.locale)).collect()
            }
            _ => {
                let targets = self.targets(place, name, link).into_iter();
                targets.map(|entry| Place::entry(entry, place.locale)).collect()
            }
        }
    }

    fn named<'a>(&'a self, uid: &str, ids: Option<&'a Value>, locale: &str) -> Vec<&'a Arc<Entry>> {
        linked_ids(ids).filter_map(|id| self.resolve(uid, id, locale)).collect()
    }

    fn naming<'a>(&'a self, uid: &str, attribute: &str, place: &Place<'a>) -> Vec<&'a Arc<Entry>> {
        let (Some(entry), Some(rows)) = (place.entry, self.rows(uid)) else { return Vec::new() };
        let localized = self.is_localized(uid);
        rows.naming(attribute, entry.document_id())
            .filter(|row| !localized || row.locale() == Some(place.locale))
            .collect()
    }
}

/// The objects of a component or zone value.
pub(crate) fn components(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    let one = value.and_then(Value::as_map);
    let many = value.and_then(Value::as_array).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(Value::as_map))
}
