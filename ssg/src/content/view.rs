//! Sorted lists that are asked for again and again.
//!
//! "All articles, newest first" is asked by every list page, and by every
//! article that links to its neighbours. The answer's order is kept with the
//! snapshot and carried to the next one, where only the changed rows move.
//! A view whose filter or sort looks at a changed type other than its own is
//! dropped and made again when somebody asks.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cms_api::builtin::FILE;
use cms_api::query::{Filter, Link, SortKey};
use foldhash::fast::RandomState;

use super::entry::Entry;
use super::follow::Place;
use super::ordered::Ordered;
use super::snapshot::{Change, Snapshot};
use super::sort::Rank;

/// Rows kept in all views of a snapshot together. Sites need a few views per type and one per
/// long list; a template that asks for a different long list on every page is answered
/// without remembering.
const MAX_ROWS: usize = 4_000_000;

/// Which rows of a type, in which order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted<'a> {
    pub(crate) uid: &'a str,
    /// `None` is every row.
    pub(crate) locales: Option<Vec<&'a str>>,
    /// The locale in which relations of rows without one are followed.
    pub(crate) asked: &'a str,
    pub(crate) filter: &'a Filter,
    pub(crate) sort: &'a [SortKey],
    /// [`Wanted::name`], where it is known.
    pub(crate) named: Option<&'a Arc<str>>,
}

impl Wanted<'_> {
    /// The same for whoever wants the same rows in the same order.
    pub(crate) fn name(&self) -> Arc<str> {
        if let Some(name) = self.named {
            return Arc::clone(name);
        }
        let Self { uid, locales, asked, filter, sort, named: _ } = self;
        format!("{uid} {locales:?} {asked} {filter:?} {sort:?}").into()
    }

    pub(crate) fn wants_locale(&self, locale: Option<&str>) -> bool {
        let Some(wanted) = &self.locales else { return true };
        locale.is_some_and(|locale| wanted.contains(&locale))
    }
}

#[derive(Debug)]
pub(crate) struct View {
    uid: String,
    locales: Option<Vec<String>>,
    asked: String,
    filter: Filter,
    sort: Vec<SortKey>,
    /// Types other rows of which decide about membership or order.
    others: BTreeSet<String>,
    pub(crate) rows: Ordered<Rank, Arc<Entry>>,
}

impl View {
    pub(crate) fn new(snapshot: &Snapshot, wanted: &Wanted<'_>, rows: Vec<Arc<Entry>>) -> Self {
        let ranked =
            rows.into_iter().map(|row| (snapshot.rank(&row, wanted.sort, wanted.asked), row));
        let mut others = BTreeSet::new();
        types_of_filter(wanted.uid, wanted.filter, &mut |uid| {
            others.insert(uid.to_owned());
        });
        types_of_sort(wanted.uid, wanted.sort, &mut |uid| {
            others.insert(uid.to_owned());
        });
        Self {
            uid: wanted.uid.to_owned(),
            locales: wanted
                .locales
                .as_ref()
                .map(|locales| locales.iter().map(ToString::to_string).collect()),
            asked: wanted.asked.to_owned(),
            filter: wanted.filter.clone(),
            sort: wanted.sort.to_vec(),
            others,
            rows: Ordered::from_unsorted(ranked.collect()),
        }
    }

    /// The view in the next snapshot, when following the changed rows is enough.
    fn carried(&self, next: &Snapshot, changes: &[Change]) -> Option<Self> {
        if changes.iter().any(|change| self.others.contains(&*change.key.uid)) {
            return None;
        }
        let mut rows = self.rows.clone();
        for change in changes.iter().filter(|change| self.holds(change)) {
            if let Some(old) = &change.old {
                rows.remove(&next.rank(old, &self.sort, &self.asked));
            }
            if let Some(new) = &change.new
                && next.passes(&Place::entry(new, &self.asked), &self.filter)
            {
                rows.insert(next.rank(new, &self.sort, &self.asked), Arc::clone(new));
            }
        }
        Some(Self {
            uid: self.uid.clone(),
            locales: self.locales.clone(),
            asked: self.asked.clone(),
            filter: self.filter.clone(),
            sort: self.sort.clone(),
            others: self.others.clone(),
            rows,
        })
    }
}

impl View {
    /// The rows before and after a place.
    pub(crate) fn beside(&self, rank: &Rank) -> [Option<&Arc<Entry>>; 2] {
        let before = self.rows.rank(rank).checked_sub(1);
        let before = before.and_then(|at| self.rows.at_rank(at).next());
        let after = self.rows.range(rank).find(|(at, _)| *at > rank);
        [before, after].map(|found| found.map(|(_, row)| row))
    }

    /// Whether the changed row is of the type and in a locale of this view.
    fn holds(&self, change: &Change) -> bool {
        let here = |locales: &Vec<String>| {
            change.key.locale.as_deref().is_some_and(|locale| locales.iter().any(|l| l == locale))
        };
        *change.key.uid == *self.uid && self.locales.as_ref().is_none_or(here)
    }
}

/// A view that may be in the making on another thread.
type Cell = Arc<OnceLock<Arc<View>>>;

#[derive(Debug, Default)]
pub(crate) struct Views {
    cells: Mutex<HashMap<Arc<str>, Cell, RandomState>>,
    /// Rows in all views made so far.
    rows: AtomicUsize,
}

impl Views {
    /// The view, made once however many threads ask; `None` when no more are kept.
    pub(crate) fn get(
        &self,
        wanted: &Wanted<'_>,
        make: impl FnOnce() -> View,
    ) -> Option<Arc<View>> {
        let name = wanted.name();
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            if self.rows.load(Relaxed) >= MAX_ROWS && !cells.contains_key(&name) {
                return None;
            }
            Arc::clone(cells.entry(name).or_default())
        };
        let view = cell.get_or_init(|| {
            let view = make();
            self.rows.fetch_add(view.rows.len(), Relaxed);
            Arc::new(view)
        });
        Some(Arc::clone(view))
    }

    /// Whether the view is there already.
    pub(crate) fn has(&self, wanted: &Wanted<'_>) -> bool {
        let name = wanted.name();
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(&name).is_some_and(|cell| cell.get().is_some())
    }

    /// The views of the next snapshot.
    pub(crate) fn carried(&self, next: &Snapshot, changes: &[Change]) -> Self {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = cells.iter().filter_map(|(name, cell)| {
            let view = cell.get()?.carried(next, changes)?;
            Some((name.clone(), Cell::new(OnceLock::from(Arc::new(view)))))
        });
        let kept: HashMap<_, _, _> = kept.collect();
        let rows = kept.values().filter_map(|cell| cell.get()).map(|view| view.rows.len()).sum();
        Self { cells: Mutex::new(kept), rows: AtomicUsize::new(rows) }
    }
}

/// Calls `found` with every content type a filter on rows of `here` passes through.
pub(crate) fn types_of_filter(here: &str, filter: &Filter, found: &mut dyn FnMut(&str)) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().for_each(|part| types_of_filter(here, part, found));
        }
        Filter::Not(inner) => types_of_filter(here, inner, found),
        Filter::Field { .. } => {}
        Filter::Linked { link, .. } => {
            if let Some(uid) = type_of_link(here, link) {
                found(uid);
            }
        }
        Filter::Through { link, filter, .. } => {
            if let Some(uid) = type_of_link(here, link) {
                found(uid);
            }
            types_of_filter(type_of_link(here, link).unwrap_or(here), filter, found);
        }
    }
}

/// Calls `found` with every content type a sort of rows of `here` passes through.
pub(crate) fn types_of_sort(here: &str, sort: &[SortKey], found: &mut dyn FnMut(&str)) {
    for (_, link) in sort.iter().flat_map(|key| &key.through) {
        if let Some(uid) = type_of_link(here, link) {
            found(uid);
        }
    }
}

/// The type a link leads to; components stay inside their row.
pub(crate) fn type_of_link<'a>(here: &'a str, link: &'a Link) -> Option<&'a str> {
    match link {
        Link::Relation { target, .. } => Some(target),
        Link::Media { .. } => Some(FILE),
        Link::Localizations => Some(here),
        Link::Component { .. } | Link::DynamicZone { .. } => None,
    }
}
