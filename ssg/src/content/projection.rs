//! Entries as REST shows them: the keys asked for, in REST's order, with what
//! `populate` fills in, and note taken of every document looked at.
//!
//! The footprint is what keeps pages exact: it names each document a value was
//! made from, found or not, and each type whose other rows could have been in it.

use std::sync::Arc;

use cms_api::builtin::FILE;
use cms_api::query::{Link, Populate};
use tera::value::Key;
use tera::{Map, Value};

use super::entry::{Entry, linked_ids};
use super::follow::{Place, components};
use super::shape::{STAMPS, Shape};
use super::snapshot::Snapshot;
use super::view::{type_of_link, types_of_filter, types_of_sort};
use crate::engine::Footprint;

/// What to show of an object.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Show<'a> {
    /// `None` is every scalar.
    pub(crate) fields: Option<&'a [String]>,
    pub(crate) populate: &'a [Populate],
}

/// When row ids are shown. Every publish gives a row and its components new ones, so a page
/// that asks for a few fields must not see them: it would change with every edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    /// Always, as REST does.
    Always,
    /// With all fields, or when asked for by name.
    Asked,
}

#[derive(Debug)]
pub(crate) struct Projector<'a> {
    snapshot: &'a Snapshot,
    /// The locale the question is about.
    asked: &'a str,
    ids: Ids,
    /// Whether the entry at hand and its components show their ids.
    with_id: bool,
    footprint: Footprint,
}

impl<'a> Projector<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, asked: &'a str, ids: Ids) -> Self {
        Self { snapshot, asked, ids, with_id: true, footprint: Footprint::default() }
    }

    pub(crate) fn into_footprint(self) -> Footprint {
        self.footprint
    }

    pub(crate) fn entry(&mut self, entry: &'a Arc<Entry>, show: Show<'_>) -> Value {
        self.footprint.share_document(&entry.key().document_id);
        let Some(shape) = self.snapshot.shapes().get(entry.uid()) else { return Value::none() };
        let asked = |fields: &[String]| fields.iter().any(|field| field == "id");
        let with_id = self.ids == Ids::Always || show.fields.is_none_or(asked);
        let outer = std::mem::replace(&mut self.with_id, with_id);
        let value = self.object(&Place::entry(entry, self.asked), shape, show);
        self.with_id = outer;
        value
    }

    fn object(&mut self, place: &Place<'a>, shape: &Shape, show: Show<'_>) -> Value {
        let mut map = scalars(place, shape, show, self.with_id);
        for (key, link) in &shape.links {
            let name = key.as_str().unwrap_or_default();
            if let Some(populate) = show.populate.iter().find(|populate| populate.name == name) {
                map.insert(key.clone(), self.populated(place, link, populate));
            }
        }
        Value::from(map)
    }

    fn populated(&mut self, place: &Place<'a>, link: &Link, populate: &Populate) -> Value {
        match link {
            Link::Component { component, repeatable } => {
                self.component(place, component, *repeatable, link, populate)
            }
            Link::DynamicZone { .. } => self.zone(place, populate),
            _ => self.related(place, link, populate),
        }
    }

    fn component(
        &mut self,
        place: &Place<'a>,
        uid: &str,
        repeatable: bool,
        link: &Link,
        populate: &Populate,
    ) -> Value {
        let Some(shape) = self.snapshot.shapes().get(uid) else { return Value::none() };
        let parts = self.chosen(self.snapshot.follow(place, &populate.name, link), link, populate);
        if populate.count {
            return count(parts.len());
        }
        let show = Show::of(populate);
        let parts: Vec<_> = parts.iter().map(|part| self.object(part, shape, show)).collect();
        list_or_first(parts, repeatable)
    }

    fn zone(&mut self, place: &Place<'a>, populate: &Populate) -> Value {
        let parts = components(place.get(&populate.name));
        if populate.count {
            return count(parts.count());
        }
        let parts = parts.filter_map(|map| {
            let uid = map.get(&Key::Str("__component")).and_then(Value::as_str)?;
            let shown = match &populate.on {
                Some(on) => &on.iter().find(|(listed, _)| listed == uid)?.1,
                None => populate,
            };
            let shape = self.snapshot.shapes().get(uid)?;
            let part = place.part(map);
            let mut object = self.object(&part, shape, Show::of(shown)).into_map()?;
            object.insert(Key::Str("__component"), Value::from(uid));
            Some(Value::from(object))
        });
        Value::from(parts.collect::<Vec<_>>())
    }

    fn related(&mut self, place: &Place<'a>, link: &Link, populate: &Populate) -> Value {
        let followed = self.snapshot.follow(place, &populate.name, link);
        for entry in followed.iter().filter_map(|row| row.entry) {
            self.footprint.share_document(&entry.key().document_id);
        }
        self.note_link(place, link, populate);
        let rows = self.chosen(followed, link, populate);
        if populate.count {
            return count(rows.len());
        }
        let show = Show::of(populate);
        let rows = rows.iter().filter_map(|row| row.entry);
        let shown: Vec<_> = rows.map(|entry| self.linked(entry, show)).collect();
        list_or_first(shown, is_many(link))
    }

    /// An entry that another one links to.
    fn linked(&mut self, entry: &'a Arc<Entry>, show: Show<'_>) -> Value {
        if !show.populate.is_empty() || self.ids != Ids::Asked {
            return self.entry(entry, show);
        }
        // What it looks like follows from the fields alone.
        self.footprint.share_document(&entry.key().document_id);
        entry.selected(show.fields, || self.entry(entry, show))
    }

    /// The places that pass the populate's filter, in its order.
    fn chosen(
        &mut self,
        mut places: Vec<Place<'a>>,
        link: &Link,
        populate: &Populate,
    ) -> Vec<Place<'a>> {
        let here = type_of_link("", link).unwrap_or_default();
        let footprint = &mut self.footprint;
        types_of_filter(here, &populate.filter, &mut |uid| footprint.content_type(uid));
        types_of_sort(here, &populate.sort, &mut |uid| footprint.content_type(uid));
        if !populate.filter.is_always() {
            places.retain(|place| self.snapshot.passes(place, &populate.filter));
        }
        if !populate.sort.is_empty() {
            places.sort_by_cached_key(|place| self.snapshot.rank_of_place(place, &populate.sort));
        }
        places
    }

    /// Every document the link names counts as looked at, published or not; an inverse
    /// side could gain any document of the owning type.
    fn note_link(&mut self, place: &Place<'a>, link: &Link, populate: &Populate) {
        match link {
            Link::Relation { target, mapped_by: Some(_), .. } => {
                self.footprint.content_type(target);
            }
            Link::Relation { .. } | Link::Media { .. } => {
                linked_ids(place.get(&populate.name)).for_each(|id| self.footprint.document(id));
            }
            Link::Localizations | Link::Component { .. } | Link::DynamicZone { .. } => {}
        }
    }
}

impl<'a> Show<'a> {
    fn of(populate: &'a Populate) -> Self {
        Self { fields: populate.fields.as_deref(), populate: &populate.populate }
    }
}

fn scalars(place: &Place<'_>, shape: &Shape, show: Show<'_>, with_id: bool) -> Map {
    let mut map = Map::new();
    let value = |name: &str| place.get(name).cloned().unwrap_or_else(Value::none);
    if with_id {
        map.insert(Key::Str("id"), value("id"));
    }
    if shape.is_type {
        let id = place.entry.map_or_else(Value::none, |entry| entry.document_id().into());
        map.insert(Key::Str("documentId"), id);
    }
    let shown = |name: &str| show.fields.is_none_or(|fields| fields.iter().any(|f| f == name));
    for key in &shape.scalars {
        let name = key.as_str().unwrap_or_default();
        if shown(name) {
            map.insert(key.clone(), value(name));
        }
    }
    if !shape.is_type {
        return map;
    }
    for stamp in STAMPS.into_iter().filter(|stamp| shown(stamp)) {
        map.insert(Key::Str(stamp), value(stamp));
    }
    if shape.localized && shown("locale") {
        let locale = place.entry.and_then(|e| e.locale()).map_or_else(Value::none, Value::from);
        map.insert(Key::Str("locale"), locale);
    }
    map
}

fn is_many(link: &Link) -> bool {
    match link {
        Link::Relation { many, .. } | Link::Media { many } => *many,
        _ => true,
    }
}

fn list_or_first(values: Vec<Value>, list: bool) -> Value {
    if list { Value::from(values) } else { values.into_iter().next().unwrap_or_else(Value::none) }
}

fn count(number: usize) -> Value {
    Value::from(Map::from_iter([(Key::Str("count"), Value::from(number))]))
}

impl Snapshot {
    /// Documents of files, the one type that is never localized and always public.
    #[must_use]
    pub fn file(&self, document_id: &str) -> Option<&Arc<Entry>> {
        self.get(FILE, document_id, None)
    }
}
