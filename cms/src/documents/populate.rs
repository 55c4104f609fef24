//! Filling in relations, media, components and zones.
//!
//! Works on all rows of a level at once: one statement per populated attribute, whatever the
//! number of rows. Components are in the rows already; the database is asked again only to
//! filter or sort them.

mod follow;

use std::collections::HashMap;
use std::rc::Rc;

use cms_api::builtin;
use cms_api::content_type::{Component, ContentType};
use cms_api::query::{Link, Populate};

use super::arrival::{self, Arrival};
use super::cards::Desk;
use super::shape;
use super::stored::{self, Stored};
use crate::store::find::{self, Linked, Parents, Row, Scope, Selection};
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
    pub(super) data: Stored,
    /// What was populated, as JSON text.
    pub(super) filled: Vec<(String, String)>,
}

impl Holder {
    pub(super) fn document(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            row: row.id,
            number: row.number,
            document_id: row.document_id,
            locale: row.locale,
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: row.published_at,
            component: 0,
            data: Stored::read(row.data.0)?,
            filled: Vec::new(),
        })
    }

    /// A component in the document of `holder`.
    pub(super) fn component(holder: &Self, data: Stored) -> Self {
        let component = data.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
        let locale = holder.locale.clone();
        Self { row: holder.row, locale, component, data, ..Self::default() }
    }

    /// Sets what an attribute shows, as JSON text.
    pub(super) fn fill(&mut self, name: &str, text: String) {
        match self.filled.iter_mut().find(|(filled, _)| filled == name) {
            Some((_, filled)) => *filled = text,
            None => self.filled.push((name.to_owned(), text)),
        }
    }
}

/// Up to so many holders are asked which links they have before they are asked for these.
const FEW_HOLDERS: usize = 4;
/// That takes one question, which must spare more than one.
const SEVERAL_LINKS: usize = 3;

/// A row and the component in it that a link is held by (0: the document itself).
type Slot = (i64, i64);
/// Entries as JSON text, each with the slot it was reached from.
type Targets = Vec<(Slot, Rc<str>)>;
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
    pub(super) cards: Option<Desk<'a>>,
}

impl<'a> Filler<'a> {
    pub(super) fn fill_documents(
        &mut self,
        ty: &'a ContentType,
        holders: &mut [Holder],
        populate: &[Populate],
    ) -> Result<(), StoreError> {
        self.fill(Level { ty, path: "" }, holders, populate).map(drop)
    }

    fn fill(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        populate: &[Populate],
    ) -> Result<Arrival, StoreError> {
        if holders.is_empty() {
            return Ok(Arrival::default());
        }
        let mut arrivals = Vec::with_capacity(populate.len());
        let mut followed = self.follow(level, holders, populate)?;
        let used = match followed.is_empty() {
            true => self.paths_in_use(holders, populate)?,
            false => None,
        };
        for wanted in populate {
            if let Some((shown, arrival)) = followed.remove(wanted.key()) {
                let shown = holders.iter_mut().zip(shown);
                shown.for_each(|(holder, text)| holder.fill(wanted.key(), text));
                arrivals.push((wanted.key(), arrival));
                continue;
            }
            if let Some(used) = &used
                && is_forward(&wanted.link)
                && !used.contains(&level.path_of(&wanted.name))
            {
                let nothing = nothing(wanted);
                holders.iter_mut().for_each(|holder| holder.fill(wanted.key(), nothing.clone()));
                arrivals.push((wanted.key(), linked_arrival(wanted, true, 0)));
                continue;
            }
            let arrival = match &wanted.link {
                Link::Relation { target, many, .. } => {
                    let target = self.scope.model.get(target);
                    self.fill_linked(level, holders, wanted, target, *many)?
                }
                Link::Media { many } => {
                    let target = self.scope.model.get(builtin::FILE);
                    self.fill_linked(level, holders, wanted, target, *many)?
                }
                Link::Localizations => {
                    self.fill_linked(level, holders, wanted, Some(level.ty), true)?
                }
                Link::Component { component, repeatable } => {
                    let part = self.scope.model.component(component);
                    self.fill_component(level, holders, wanted, part, *repeatable)?
                }
                Link::DynamicZone { components } => {
                    self.fill_zone(level, holders, wanted, components)?
                }
            };
            arrivals.push((wanted.key(), arrival));
        }
        Ok(arrival::arrange(holders, &arrivals))
    }

    /// Which links there are at all, where asking that may spare several other questions: most
    /// entries use few of their relations, a page of them uses nearly all.
    fn paths_in_use(
        &mut self,
        holders: &[Holder],
        populate: &[Populate],
    ) -> Result<Option<Vec<String>>, StoreError> {
        let forward = populate.iter().filter(|wanted| is_forward(&wanted.link)).count();
        if holders.len() > FEW_HOLDERS || forward < SEVERAL_LINKS {
            return Ok(None);
        }
        let ids: Vec<_> = holders.iter().map(|holder| holder.row).collect();
        find::paths(self.conn, self.scope, &ids).map(Some)
    }

    fn fill_linked(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        target: Option<&'a ContentType>,
        many: bool,
    ) -> Result<Arrival, StoreError> {
        let ids = sources(holders);
        let path = level.path_of(&wanted.name);
        let parents = Parents { ty: level.ty, ids: &ids, path: &path };
        let linked = find::linked(self.conn, self.scope, parents, wanted)?;
        let linked = match wanted.part {
            Some(part) => linked.cut(part),
            None => linked,
        };
        let mut found: HashMap<Slot, Vec<Rc<str>>> = HashMap::new();
        // Strapi counts relations and components only.
        let count = wanted.count && matches!(wanted.link, Link::Relation { .. });
        let is_empty = linked.rows.is_empty();
        let mut below = Arrival::default();
        if count {
            for (slot, _) in linked.links {
                found.entry(slot).or_default().push("".into());
            }
        } else if let Some(ty) = target {
            let (entries, arrival) = self.entries(ty, linked, wanted)?;
            below = arrival;
            for (slot, entry) in entries {
                found.entry(slot).or_default().push(entry);
            }
        }
        for holder in holders {
            let entries = found.remove(&(holder.row, holder.component)).unwrap_or_default();
            holder.fill(wanted.key(), gather(&entries, count, many));
        }
        Ok(linked_arrival(wanted, is_empty, below))
    }

    /// Fills in and shapes targets, each with the slot it was reached from. A target that was
    /// reached several times looks the same each time.
    fn entries(
        &mut self,
        ty: &'a ContentType,
        linked: Linked,
        wanted: &Populate,
    ) -> Result<(Targets, Arrival), StoreError> {
        let targets: Result<Vec<_>, _> = linked.rows.into_iter().map(Holder::document).collect();
        let mut targets = targets?;
        let below = self.fill(Level { ty, path: "" }, &mut targets, &wanted.populate)?;
        let fields = wanted.fields.as_deref();
        let entries: Vec<Rc<str>> =
            targets.into_iter().map(|target| shape::document(ty, &target, fields).into()).collect();
        let links = linked.links.into_iter();
        Ok((links.map(|(slot, place)| (slot, Rc::clone(&entries[place]))).collect(), below))
    }

    fn fill_component(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        part: Option<&'a Component>,
        repeatable: bool,
    ) -> Result<Arrival, StoreError> {
        let Some(part) = part else { return Ok(Arrival::default()) };
        let mut owned = Vec::new();
        for (at, holder) in holders.iter().enumerate() {
            let items = stored::objects(holder.data.get(&wanted.name))?.into_iter();
            owned.extend(items.map(|item| (at, Holder::component(holder, item))));
        }
        let path = level.path_of(&wanted.name);
        let owned = self.select(level.ty, &path, owned, wanted)?;
        let is_empty = owned.is_empty();
        let (entries, below) = self.components(level.ty, &path, owned, wanted, part, false)?;
        let mut found: HashMap<usize, Vec<String>> = HashMap::new();
        for (at, entry) in entries {
            found.entry(at).or_default().push(entry);
        }
        for (at, holder) in holders.iter_mut().enumerate() {
            let entries = found.remove(&at).unwrap_or_default();
            holder.fill(wanted.key(), gather(&entries, wanted.count, repeatable));
        }
        Ok(linked_arrival(wanted, is_empty, below))
    }

    /// Zone items keep their order; those of components that were not asked for are left out.
    fn fill_zone(
        &mut self,
        level: Level<'a, '_>,
        holders: &mut [Holder],
        wanted: &Populate,
        components: &[String],
    ) -> Result<Arrival, StoreError> {
        let path = level.path_of(&wanted.name);
        let mut zones: Vec<Vec<Option<String>>> = Vec::with_capacity(holders.len());
        let mut by_part: HashMap<String, Vec<(Spot, Holder)>> = HashMap::new();
        for (at, holder) in holders.iter().enumerate() {
            let items = stored::objects(holder.data.get(&wanted.name))?;
            zones.push(vec![None; items.len()]);
            for (position, item) in items.into_iter().enumerate() {
                let owned = by_part.entry(component_uid(&item).to_owned()).or_default();
                owned.push(((at, position), Holder::component(holder, item)));
            }
        }
        let is_empty = by_part.is_empty();
        let mut below = Arrival::default();
        // A draft may hold others than the listed ones.
        let beside: Vec<String> =
            by_part.keys().filter(|uid| !components.contains(uid)).cloned().collect();
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
            let (entries, arrival) =
                self.components(level.ty, &path, owned, options, part, true)?;
            below = below.max(arrival);
            for ((at, position), entry) in entries {
                zones[at][position] = Some(entry);
            }
        }
        for (holder, zone) in holders.iter_mut().zip(zones) {
            let items: Vec<_> = zone.into_iter().flatten().collect();
            holder.fill(wanted.key(), gather(&items, false, true));
        }
        let nested = wanted.on.is_some() || !wanted.populate.is_empty();
        Ok(arrival::of_zone(nested, is_empty, below))
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
        let selection = Selection {
            ty,
            path,
            components: owned.iter().map(|(_, item)| (item.row, item.data.text())).collect(),
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
    ) -> Result<(Vec<(K, String)>, Arrival), StoreError> {
        let (keys, mut items): (Vec<_>, Vec<_>) = owned.into_iter().unzip();
        let below = self.fill(Level { ty, path }, &mut items, &wanted.populate)?;
        let fields = wanted.fields.as_deref();
        let entries = items.iter().map(|item| shape::component(part, item, fields, in_zone));
        Ok((keys.into_iter().zip(entries).collect(), below))
    }
}

/// The rows that the holders are or are in.
fn sources(holders: &[Holder]) -> Vec<i64> {
    let mut ids: Vec<_> = holders.iter().map(|holder| holder.row).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn linked_arrival(wanted: &Populate, is_empty: bool, below: Arrival) -> Arrival {
    arrival::of_linked(!wanted.populate.is_empty(), is_empty, below)
}

/// Whether the links are the holder's own, found by their path.
fn is_forward(link: &Link) -> bool {
    link.owned_target().is_some()
}

/// What an attribute shows that leads nowhere.
fn nothing(wanted: &Populate) -> String {
    let (count, many) = match &wanted.link {
        Link::Relation { many, .. } => (wanted.count, *many),
        Link::Media { many } => (false, *many),
        _ => (false, true),
    };
    gather(&[] as &[&str], count, many)
}

/// The component that an item of a zone says it is.
pub(super) fn component_uid(item: &Stored) -> &str {
    item.get("__component").unwrap_or_default().trim_matches('"')
}

/// What an attribute shows, as JSON text: a number of entries, a list, or one.
pub(super) fn gather(entries: &[impl AsRef<str>], count: bool, many: bool) -> String {
    match (count, many) {
        (true, _) => format!("{{\"count\":{}}}", entries.len()),
        (false, true) => list(entries),
        (false, false) => entries.first().map_or("null", AsRef::as_ref).to_owned(),
    }
}

/// A JSON list of JSON texts.
pub(super) fn list(entries: &[impl AsRef<str>]) -> String {
    let length: usize = entries.iter().map(|entry| entry.as_ref().len() + 1).sum();
    let mut text = String::with_capacity(length + 2);
    text.push('[');
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(entry.as_ref());
    }
    text.push(']');
    text
}
