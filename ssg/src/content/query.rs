//! Answers a question about the documents of one type: which, and in which order.
//!
//! Several ways lead to an answer, cheapest first: rows that an index names (a
//! documentId, a relation to a known document), the first rows of a kept order
//! that pass, a kept view of the whole answer. The way taken never shows.

use std::sync::Arc;

use cms_api::query::{Filter, Locale, Publication, QuerySpec, SortKey, Status};

use super::entry::Entry;
use super::follow::Place;
use super::narrow::MAX_NAMED;
use super::snapshot::Snapshot;
use super::view::{View, Wanted};

/// Rows of a sorted list that are tried one by one before the whole answer is worked out and
/// kept.
const MAX_WALK: usize = 4096;

/// The rows of a page of an answer, and how many there are in all.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub rows: Vec<Arc<Entry>>,
    pub total: usize,
}

impl Snapshot {
    /// Answers a query as REST does. A replica holds published documents only, so a
    /// question about drafts finds nothing.
    #[must_use]
    pub fn find(&self, uid: &str, spec: &QuerySpec) -> Found {
        self.find_named(uid, spec, None)
    }

    /// The same for a list whose [`Wanted::name`] is known.
    pub(crate) fn find_named(
        &self,
        uid: &str,
        spec: &QuerySpec,
        named: Option<&Arc<str>>,
    ) -> Found {
        if spec.status == Status::Draft || !holds_here(spec.publication) {
            return Found::default();
        }
        let wanted = self.wanted_by(uid, spec);
        let wanted = Wanted { named, ..wanted };
        let start = usize::try_from(spec.page.start).unwrap_or(usize::MAX);
        let limit = usize::try_from(spec.page.limit).unwrap_or(usize::MAX);
        if let Some(text) = &spec.search {
            let rows = self.searched(&wanted, text);
            return page(&rows, start, limit);
        }
        match self.ordered(&wanted) {
            Ordering::Rows(rows) => page(&rows, start, limit),
            Ordering::View(view) => {
                Found { total: view.rows.len(), rows: part(&view, start, limit) }
            }
        }
    }

    /// The rows [`Snapshot::find`] finds, for those who do not need the total.
    #[must_use]
    pub fn find_rows(&self, uid: &str, spec: &QuerySpec) -> Vec<Arc<Entry>> {
        self.find_rows_named(uid, spec, None)
    }

    /// The same for a list whose [`Wanted::name`] is known.
    pub(crate) fn find_rows_named(
        &self,
        uid: &str,
        spec: &QuerySpec,
        named: Option<&Arc<str>>,
    ) -> Vec<Arc<Entry>> {
        let limit = usize::try_from(spec.page.limit).unwrap_or(usize::MAX);
        let start = usize::try_from(spec.page.start).unwrap_or(usize::MAX);
        let plain = spec.status == Status::Published
            && holds_here(spec.publication)
            && spec.search.is_none();
        let Some(end) = start.checked_add(limit).filter(|end| plain && *end < MAX_WALK) else {
            return self.find_named(uid, spec, named).rows;
        };
        let wanted = self.wanted_by(uid, spec);
        match self.first(&Wanted { named, ..wanted }, end) {
            Some(rows) => rows.into_iter().skip(start).collect(),
            None => self.find_named(uid, spec, named).rows,
        }
    }

    /// How many rows match.
    #[must_use]
    pub fn count(&self, uid: &str, spec: &QuerySpec) -> usize {
        let wanted = self.wanted(uid, &spec.locale, &spec.filter, &[]);
        if spec.search.is_some() || spec.status == Status::Draft || wanted.filter.is_always() {
            return self.find(uid, &QuerySpec { sort: Vec::new(), ..spec.clone() }).total;
        }
        if let Some(rows) = self.exactly_named(&wanted) {
            return rows.count();
        }
        match self.named_by(&wanted) {
            Some(rows) => rows.iter().filter(|row| self.matches(&wanted, row)).count(),
            None => self.scan(&wanted).filter(|row| self.matches(&wanted, row)).count(),
        }
    }

    /// The first `end` rows, when a look at some of the sorted list is enough to know them.
    fn first(&self, wanted: &Wanted<'_>, end: usize) -> Option<Vec<Arc<Entry>>> {
        if wanted.filter.is_always()
            || self.exactly_named(wanted).is_some()
            || self.remembered().views.has(wanted)
            || self.remembered().lists.get(&wanted.name()).is_some()
            || self.named_by(wanted).is_some()
        {
            return None;
        }
        let view = self.everything(wanted)?;
        let mut rows = Vec::with_capacity(end);
        let tried = view.rows.values().take(MAX_WALK);
        rows.extend(tried.filter(|row| self.matches(wanted, row)).take(end).cloned());
        (rows.len() == end || view.rows.len() <= MAX_WALK).then_some(rows)
    }

    /// The entry before (`-1`) or after (`+1`) a row in a sorted list. The row itself need
    /// not pass the filter: its place is where it would stand.
    #[must_use]
    pub fn neighbour(
        &self,
        entry: &Arc<Entry>,
        filter: &Filter,
        sort: &[SortKey],
        locale: &Locale,
        named: Option<&Arc<str>>,
        forward: bool,
    ) -> Option<Arc<Entry>> {
        let wanted = self.wanted(entry.uid(), locale, filter, sort);
        let wanted = Wanted { named, ..wanted };
        let rank = self.rank(entry, sort, wanted.asked);
        let view = match self.ordered(&wanted) {
            Ordering::View(view) => view,
            Ordering::Rows(rows) => Arc::new(View::new(self, &wanted, rows.to_vec())),
        };
        let [before, after] = view.beside(&rank);
        if forward { after } else { before }.cloned()
    }

    /// The locale a question is about where one must be chosen.
    pub(crate) fn asked_locale<'a>(&'a self, locale: &'a Locale) -> &'a str {
        match locale {
            Locale::Code(code) => code,
            Locale::Default | Locale::All => self.default_locale(),
        }
    }

    /// The list behind a query.
    pub(crate) fn wanted_by<'a>(&'a self, uid: &'a str, spec: &'a QuerySpec) -> Wanted<'a> {
        self.wanted(uid, &spec.locale, &spec.filter, &spec.sort)
    }

    pub(crate) fn wanted<'a>(
        &'a self,
        uid: &'a str,
        locale: &'a Locale,
        filter: &'a Filter,
        sort: &'a [SortKey],
    ) -> Wanted<'a> {
        let locales = match locale {
            _ if !self.is_localized(uid) => None,
            Locale::Default => Some(vec![self.default_locale()]),
            Locale::Code(code) => Some(vec![code.as_str()]),
            Locale::All => None,
        };
        Wanted { uid, locales, asked: self.asked_locale(locale), filter, sort, named: None }
    }

    fn ordered(&self, wanted: &Wanted<'_>) -> Ordering {
        if !self.remembered().views.has(wanted) {
            let name = wanted.name();
            if let Some(known) = self.remembered().lists.get(&name) {
                return Ordering::Rows(known);
            }
            if let Some(rows) = self.few(wanted) {
                let rows: Arc<[_]> = rows.into();
                self.remembered().lists.put(name, Arc::clone(&rows), 1 + rows.len());
                return Ordering::Rows(rows);
            }
        }
        match self.remembered().views.get(wanted, || self.view(wanted)) {
            Some(view) => Ordering::View(view),
            None => {
                let rows = self.scan(wanted).filter(|row| self.matches(wanted, row));
                Ordering::Rows(self.sorted(wanted, rows).into())
            }
        }
    }

    /// The whole answer in order, when an index names its rows and they are few.
    fn few(&self, wanted: &Wanted<'_>) -> Option<Vec<Arc<Entry>>> {
        if let Some(rows) = self.exactly_named(wanted) {
            let rows: Vec<_> = rows.take(MAX_NAMED + 1).collect();
            return (rows.len() <= MAX_NAMED).then(|| self.sorted(wanted, rows.into_iter()));
        }
        let rows = self.named_by(wanted)?;
        Some(self.sorted(wanted, rows.iter().filter(|row| self.matches(wanted, row))))
    }

    /// The same list without its filter; `None` when no more views are kept.
    pub(crate) fn everything(&self, wanted: &Wanted<'_>) -> Option<Arc<View>> {
        let always = Filter::default();
        let all = Wanted { filter: &always, named: None, ..wanted.clone() };
        self.remembered().views.get(&all, || self.view(&all))
    }

    /// The whole answer, whatever it takes.
    pub(crate) fn view(&self, wanted: &Wanted<'_>) -> View {
        let rows = match self.exactly_named(wanted) {
            Some(rows) => rows.cloned().collect(),
            None => self.scan(wanted).filter(|row| self.matches(wanted, row)).cloned().collect(),
        };
        View::new(self, wanted, rows)
    }

    fn sorted<'a>(
        &self,
        wanted: &Wanted<'_>,
        rows: impl Iterator<Item = &'a Arc<Entry>>,
    ) -> Vec<Arc<Entry>> {
        let mut ranked: Vec<_> =
            rows.map(|row| (self.rank(row, wanted.sort, wanted.asked), row)).collect();
        ranked.sort_by(|a, b| a.0.cmp(&b.0));
        ranked.into_iter().map(|(_, row)| Arc::clone(row)).collect()
    }

    pub(crate) fn scan<'a>(
        &'a self,
        wanted: &Wanted<'a>,
    ) -> Box<dyn Iterator<Item = &'a Arc<Entry>> + 'a> {
        match wanted.locales.clone() {
            None => Box::new(self.all_entries(wanted.uid)),
            Some(locales) => {
                let uid = wanted.uid;
                Box::new(locales.into_iter().flat_map(move |locale| self.entries(uid, locale)))
            }
        }
    }

    pub(crate) fn matches(&self, wanted: &Wanted<'_>, row: &Arc<Entry>) -> bool {
        wanted.wants_locale(row.locale())
            && self.passes(&Place::entry(row, wanted.asked), wanted.filter)
    }
}

enum Ordering {
    Rows(Arc<[Arc<Entry>]>),
    View(Arc<View>),
}

/// Whether published documents as a replica has them are what a publication filter asks for.
/// It knows of no drafts, and takes every document for one with a draft that says the same.
fn holds_here(wanted: Option<Publication>) -> bool {
    !matches!(
        wanted,
        Some(
            Publication::NeverPublished
                | Publication::NeverPublishedDocument
                | Publication::PublishedWithoutDraft
                | Publication::Modified
        )
    )
}

fn page(rows: &[Arc<Entry>], start: usize, limit: usize) -> Found {
    let total = rows.len();
    Found { rows: rows.iter().skip(start).take(limit).cloned().collect(), total }
}

fn part(view: &View, start: usize, limit: usize) -> Vec<Arc<Entry>> {
    view.rows.at_rank(start).take(limit).map(|(_, row)| Arc::clone(row)).collect()
}

/// All rows that pass the filter and `also`, in order.
pub(crate) fn ascending_by_rank(
    snapshot: &Snapshot,
    wanted: &Wanted<'_>,
    also: impl Fn(&&Arc<Entry>) -> bool,
) -> Vec<Arc<Entry>> {
    let rows = snapshot.scan(wanted).filter(|row| snapshot.matches(wanted, row));
    snapshot.sorted(wanted, rows.filter(also))
}
