//! From a row to what its attributes lead to, inside one snapshot.
//!
//! Relations lead to published documents only. Between localized types they stay
//! in the locale of the row; from a row that is not localized they lead to the
//! locale asked for, and backwards to every locale.

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
    /// The locale of the row, `None` when its type is not localized.
    pub(crate) locale: Option<&'a str>,
    /// The locale the question is about.
    pub(crate) asked: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) fn entry(entry: &'a Arc<Entry>, asked: &'a str) -> Self {
        Self { entry: Some(entry), map: entry.map(), locale: entry.locale(), asked }
    }

    /// A component of this place.
    pub(crate) fn part(&self, map: &'a Map) -> Self {
        Self { entry: None, map: Some(map), ..*self }
    }

    pub(crate) fn nothing(asked: &'a str) -> Self {
        Self { entry: None, map: None, locale: None, asked }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.and_then(|map| get(map, name))
    }
}

impl Snapshot {
    /// Entries an attribute leads to, in link order; inverse sides in row order.
    pub(crate) fn targets<'a>(
        &'a self,
        place: &Place<'a>,
        name: &str,
        link: &Link,
    ) -> Vec<&'a Arc<Entry>> {
        match link {
            Link::Relation { target, mapped_by: None, .. } => self.named(target, name, place),
            Link::Media { .. } => self.named(FILE, name, place),
            Link::Relation { target, mapped_by: Some(owner), many } => {
                let found = self.naming(target, owner, place);
                if *many { found } else { found.into_iter().take(1).collect() }
            }
            Link::Localizations => place.entry.map_or_else(Vec::new, |entry| {
                let rows = self.translations(entry.uid(), entry.document_id()).iter();
                let mut rows: Vec<_> = rows.filter(|row| row.locale() != entry.locale()).collect();
                rows.sort_by_key(|row| row.id());
                rows
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
                components(place.get(name)).map(|map| place.part(map)).collect()
            }
            _ => {
                let targets = self.targets(place, name, link).into_iter();
                targets.map(|entry| Place::entry(entry, place.asked)).collect()
            }
        }
    }

    fn named<'a>(&'a self, uid: &str, name: &str, place: &Place<'a>) -> Vec<&'a Arc<Entry>> {
        let locale = place.locale.unwrap_or(place.asked);
        let ids = linked_ids(place.get(name));
        ids.filter_map(|id| self.get(uid, id, Some(locale))).collect()
    }

    fn naming<'a>(&'a self, uid: &str, attribute: &str, place: &Place<'a>) -> Vec<&'a Arc<Entry>> {
        let (Some(entry), Some(rows)) = (place.entry, self.rows(uid)) else { return Vec::new() };
        let localized = self.is_localized(uid);
        rows.naming(attribute, entry.document_id())
            .filter(|row| !localized || place.locale.is_none() || row.locale() == place.locale)
            .collect()
    }
}

/// The objects of a component or zone value.
pub(crate) fn components(value: Option<&Value>) -> impl Iterator<Item = &Map> {
    let one = value.and_then(Value::as_map);
    let many = value.and_then(Value::as_array).unwrap_or_default();
    one.into_iter().chain(many.iter().filter_map(Value::as_map))
}
