//! Filling in relations, media, components and zones.
//!
//! Works on all rows of a level at once: one statement per populated attribute, whatever the
//! number of rows. Components are in the rows already; the database is asked again only to
//! filter or sort them.

use std::collections::HashMap;

use cms_api::builtin;
use cms_api::content_type::{Component, ContentType};
use cms_api::query::{Link, Populate};
use serde_json::{Map, Value, json};

use super::shape;
use crate::store::find::{self, Parents, Row, Scope, Selection};
use crate::store::{Conn, StoreError};

/// A document or a component on its way into an answer.
#[derive(Debug, Default)]
pub(super) struct Holder {
    /// The row of the document, also for what is inside it.
    pub(super) row: i64,
    /// The id clients see.
    pub(super) number: i64,
    pub(super) document_id: String,
    pub(super) locale: String,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) published_at: Option<i64>,
    /// 0 for documents.
    pub(super) component: i64,
    /// As stored.
    pub(super) data: Map<String, Value>,
    /// What was populated.
    pub(super) filled: Map<String, Value>,
}

impl Holder {
    pub(super) fn document(row: Row) -> Result<Self, StoreError> {
        let data = serde_json::from_str(&row.data.0).map_err(StoreError::unreadable)?;
        Ok(Self {
            row: row.id,
            number: row.number,
            document_id: row.document_id,
            locale: row.locale,
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: row.published_at,
            component: 0,
            data,
            filled: Map::new(),
        })
    }

    pub(super) fn component(row: i64, data: Map<String, Value>) -> Self {
        let component = data.get("id").and_then(Value::as_i64).unwrap_or_default();
        Self { row, component, data, ..Self::default() }
    }
}

/// An item of a zone: the holder it is in, and its place in the zone.
type Spot = (usize, usize);

/// Where holders stand: documents of a type, or components on a path inside them.
#[derive(Debug, Clone, Copy)]
struct Level<'a, 'p> {
    ty: &'a ContentType,
    /// Names of attributes from the document to the components; empty for documents.
    path: &'p str,
}

impl Level<'_, '_> {
    fn path_of(self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Fills in holders within one transaction.
pub(super) struct Filler<'a> {
    pub(super) conn: &'a mut Conn,
    pub(super) scope: Scope<'a>,
}

impl<'a> Filler<'a> {
    pub(super) fn fill_documents(
        &mut self,
        ty: &'a ContentType,
        holders: &mut [Holder],
        populate: &[Populate],
    ) -> Result<(), StoreError> {
        self.fill(Level { ty, path: "" }, holders, populate)
    }

    fn fill(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        populate: &[Populate],
    ) -> Result<(), StoreError> {
        if holders.is_empty() {
            return Ok(());
        }
        for wanted in populate {
            match &wanted.link {
                Link::Relation { target, many, .. } => {
                    let target = self.scope.model.get(target);
                    self.fill_linked(level, holders, wanted, target, *many)?;
                }
                Link::Media { many } => {
                    let target = self.scope.model.get(builtin::FILE);
                    self.fill_linked(level, holders, wanted, target, *many)?;
                }
                Link::Localizations => {
                    self.fill_linked(level, holders, wanted, Some(level.ty), true)?;
                }
                Link::Component { component, repeatable } => {
                    let part = self.scope.model.component(component);
                    self.fill_component(level, holders, wanted, part, *repeatable)?;
                }
                Link::DynamicZone { components } => {
                    self.fill_zone(level, holders, wanted, components)?;
                }
            }
        }
        Ok(())
    }

    fn fill_linked(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        target: Option<&'a ContentType>,
        many: bool,
    ) -> Result<(), StoreError> {
        let mut ids: Vec<_> = holders.iter().map(|holder| holder.row).collect();
        ids.sort_unstable();
        ids.dedup();
        let path = level.path_of(&wanted.name);
        let parents = Parents { ty: level.ty, ids: &ids, path: &path };
        let rows = find::linked(self.conn, self.scope, parents, wanted)?;
        let slots: Vec<_> = rows.iter().map(|row| (row.parent, row.component)).collect();
        let mut found: HashMap<(i64, i64), Vec<Value>> = HashMap::new();
        // Strapi counts relations and components only.
        let count = wanted.count && matches!(wanted.link, Link::Relation { .. });
        if count {
            for slot in slots {
                found.entry(slot).or_default().push(Value::Null);
            }
        } else if let Some(ty) = target {
            let mut targets =
                rows.into_iter().map(Holder::document).collect::<Result<Vec<_>, _>>()?;
            self.fill(Level { ty, path: "" }, &mut targets, &wanted.populate)?;
            for (slot, target) in slots.into_iter().zip(targets) {
                let entry = shape::document(ty, target, wanted.fields.as_deref());
                found.entry(slot).or_default().push(entry);
            }
        }
        for holder in holders {
            let entries = found.remove(&(holder.row, holder.component)).unwrap_or_default();
            holder.filled.insert(wanted.name.clone(), gather(entries, count, many));
        }
        Ok(())
    }

    fn fill_component(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        part: Option<&'a Component>,
        repeatable: bool,
    ) -> Result<(), StoreError> {
        let Some(part) = part else { return Ok(()) };
        let mut owned = Vec::new();
        for (at, holder) in holders.iter_mut().enumerate() {
            let items = objects(holder.data.get(&wanted.name));
            owned.extend(items.map(|item| (at, Holder::component(holder.row, item))));
        }
        let path = level.path_of(&wanted.name);
        let owned = self.select(level.ty, &path, owned, wanted)?;
        let mut found: HashMap<usize, Vec<Value>> = HashMap::new();
        for (at, entry) in self.components(level.ty, &path, owned, wanted, part, false)? {
            found.entry(at).or_default().push(entry);
        }
        for (at, holder) in holders.iter_mut().enumerate() {
            let entries = found.remove(&at).unwrap_or_default();
            holder.filled.insert(wanted.name.clone(), gather(entries, wanted.count, repeatable));
        }
        Ok(())
    }

    /// Zone items keep their order; those of components that were not asked for are left out.
    fn fill_zone(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        components: &[String],
    ) -> Result<(), StoreError> {
        let path = level.path_of(&wanted.name);
        let mut zones: Vec<Vec<Option<Value>>> = Vec::with_capacity(holders.len());
        let mut by_part: HashMap<String, Vec<(Spot, Holder)>> = HashMap::new();
        for (at, holder) in holders.iter_mut().enumerate() {
            let items: Vec<_> = objects(holder.data.get(&wanted.name)).collect();
            zones.push(vec![None; items.len()]);
            for (position, item) in items.into_iter().enumerate() {
                let uid = item.get("__component").and_then(Value::as_str).unwrap_or_default();
                let owned = by_part.entry(uid.to_owned()).or_default();
                owned.push(((at, position), Holder::component(holder.row, item)));
            }
        }
        // Without a choice of components, those a draft holds beside the listed ones are shown.
        let beside: Vec<String> = match wanted.on {
            None => by_part.keys().filter(|uid| !components.contains(uid)).cloned().collect(),
            Some(_) => Vec::new(),
        };
        for uid in components.iter().chain(&beside) {
            let plain = Populate::plain(uid, wanted.link.clone());
            let options = match &wanted.on {
                None => &plain,
                Some(on) => match on.iter().find(|(asked, _)| asked == uid) {
                    Some((_, options)) => options,
                    None => continue,
                },
            };
            let (Some(owned), Some(part)) = (by_part.remove(uid), self.scope.model.component(uid))
            else {
                continue;
            };
            let owned = self.select(level.ty, &path, owned, options)?;
            for ((at, position), entry) in
                self.components(level.ty, &path, owned, options, part, true)?
            {
                zones[at][position] = Some(entry);
            }
        }
        for (holder, zone) in holders.iter_mut().zip(zones) {
            let items = zone.into_iter().flatten().collect();
            holder.filled.insert(wanted.name.clone(), Value::Array(items));
        }
        Ok(())
    }

    /// Components that pass the filter, in the order of the sort keys.
    fn select<K>(
        &mut self,
        ty: &'a ContentType,
        path: &str,
        owned: Vec<(K, Holder)>,
        wanted: &Populate,
    ) -> Result<Vec<(K, Holder)>, StoreError> {
        if owned.is_empty() || (wanted.filter.is_always() && wanted.sort.is_empty()) {
            return Ok(owned);
        }
        let objects: Vec<_> =
            owned.iter().map(|(_, item)| (item.row, Value::Object(item.data.clone()))).collect();
        let selection = Selection {
            ty,
            path,
            components: objects.iter().map(|(row, object)| (*row, object)).collect(),
            filter: &wanted.filter,
            sort: &wanted.sort,
        };
        let selected = find::select_components(self.conn, self.scope, &selection)?;
        let mut by_id: HashMap<_, _> = owned
            .into_iter()
            .map(|(key, item)| ((item.row, item.component), (key, item)))
            .collect();
        Ok(selected.into_iter().filter_map(|slot| by_id.remove(&slot)).collect())
    }

    /// Fills in and shapes components of one kind.
    fn components<K>(
        &mut self,
        ty: &'a ContentType,
        path: &str,
        owned: Vec<(K, Holder)>,
        wanted: &Populate,
        part: &'a Component,
        in_zone: bool,
    ) -> Result<Vec<(K, Value)>, StoreError> {
        let (keys, mut items): (Vec<_>, Vec<_>) = owned.into_iter().unzip();
        self.fill(Level { ty, path }, &mut items, &wanted.populate)?;
        let fields = wanted.fields.as_deref();
        let entries = items.into_iter().map(|item| shape::component(part, item, fields, in_zone));
        Ok(keys.into_iter().zip(entries).collect())
    }
}

/// The components an attribute holds.
fn objects(value: Option<&Value>) -> impl Iterator<Item = Map<String, Value>> {
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    items.iter().filter_map(|item| item.as_object().cloned())
}

/// What an attribute shows: a number of entries, a list, or one.
fn gather(mut entries: Vec<Value>, count: bool, many: bool) -> Value {
    match (count, many) {
        (true, _) => json!({ "count": entries.len() }),
        (false, true) => Value::Array(entries),
        (false, false) if entries.is_empty() => Value::Null,
        (false, false) => entries.swap_remove(0),
    }
}
