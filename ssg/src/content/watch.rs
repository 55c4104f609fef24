//! Which questions a change can concern, more finely than by content type.
//!
//! At a hundred thousand articles nearly every page asks something about
//! articles: its neighbours, its part of a list. Asking all of that again for
//! one edited body would cost more than the edit. So an answer's footprint names
//! its type with a condition where it can, a *watch*:
//!
//! - `uid#attribute=target`: rows whose attribute names the target;
//! - `uid~locale~list~document`: rows that come to stand beside a document in a
//!   sorted list;
//! - `uid@locale@list@start@end@total`: rows that move within or into a part of a
//!   sorted list, or change its length.
//!
//! A change says which watches it touches. It may name too many, never too few;
//! documents an answer was made from are in its footprint anyway.

use std::collections::BTreeSet;
use std::sync::Arc;

use cms_api::content_type::AttributeKind;
use cms_api::query::{Filter, Link, QuerySpec, Test};
use serde_json::Value as Json;

use super::entry::{Entry, linked_ids};
use super::snapshot::{Change, Snapshot};
use super::sort::Rank;
use super::view::{View, types_of_filter, types_of_sort};
use crate::engine::Footprint;

/// Follows every text a name can go on with.
const LAST: char = '\u{10ffff}';

/// The first watch of a graph that is not less than a text.
pub type NextWatch<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

impl Snapshot {
    /// The footprint of a part of a sorted list, before its rows are looked at.
    pub(crate) fn footprint_of_part(
        &self,
        uid: &str,
        list: &List<'_>,
        spec: &QuerySpec,
        total: bool,
    ) -> Footprint {
        let mut footprint = conditions(uid, spec);
        if !note_rows(uid, spec, &mut footprint) {
            let end = spec.page.start.saturating_add(spec.page.limit);
            let start = spec.page.start;
            let prefix = list.prefix(uid, '@');
            footprint.content_type(&format!("{prefix}{start}@{end}@{}", u8::from(total)));
        }
        footprint
    }

    /// The footprint of a count: whoever names one of the targets a condition asks for, else
    /// any row of the type.
    pub(crate) fn footprint_of_count(uid: &str, spec: &QuerySpec) -> Footprint {
        let mut footprint = conditions(uid, spec);
        if !note_rows(uid, spec, &mut footprint) {
            footprint.content_type(uid);
        }
        footprint
    }

    /// The footprint of a place beside an entry. An entry that is not in the list itself has
    /// no neighbours that know of it.
    pub(crate) fn footprint_of_place(
        &self,
        uid: &str,
        list: &List<'_>,
        spec: &QuerySpec,
        entry: Option<&Arc<Entry>>,
    ) -> Footprint {
        let mut footprint = conditions(uid, spec);
        match entry.filter(|entry| self.is_listed(uid, spec, entry)) {
            Some(entry) if !footprint.types.contains(uid) => {
                let watch = format!("{}{}", list.prefix(uid, '~'), entry.document_id());
                footprint.content_type(&watch);
            }
            _ => footprint.content_type(uid),
        }
        footprint
    }

    /// The watches that changes touch, in this snapshot, which they led to. `next` walks
    /// through those that anybody has.
    #[must_use]
    pub fn touched_watches(&self, changes: &[Change], next: NextWatch<'_>) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        let uids: BTreeSet<&str> = changes.iter().map(|change| &*change.key.uid).collect();
        for uid in uids {
            let mine: Vec<_> = changes.iter().filter(|change| *change.key.uid == *uid).collect();
            touched.insert(uid.to_owned());
            mine.iter().for_each(|change| self.touch_named(change, &mut touched));
            self.touch_places(uid, &mine, next, &mut touched);
            self.touch_parts(uid, &mine, next, &mut touched);
        }
        touched
    }

    fn touch_named(&self, change: &Change, touched: &mut BTreeSet<String>) {
        let uid = &*change.key.uid;
        let attributes = self.model().get(uid).into_iter().flat_map(|ty| &ty.attributes);
        let owning = attributes.filter(|(_, attribute)| match &attribute.kind {
            AttributeKind::Relation(relation) => relation.owns_links(),
            AttributeKind::Media { .. } => true,
            _ => false,
        });
        for (name, _) in owning {
            for row in [&change.old, &change.new].into_iter().flatten() {
                let watches = linked_ids(row.get(name)).map(|id| format!("{uid}#{name}={id}"));
                touched.extend(watches);
            }
        }
    }

    /// Whoever stands beside a row's new place has a new neighbour. Those beside its old one
    /// had it as their neighbour, so it is in their footprint.
    fn touch_places(
        &self,
        uid: &str,
        changes: &[&Change],
        next: NextWatch<'_>,
        touched: &mut BTreeSet<String>,
    ) {
        self.each_list(uid, '~', next, |prefix, list| {
            let Some((spec, view)) = list else {
                touched.extend(all_of(prefix, next).map(str::to_owned));
                return;
            };
            for row in changes.iter().filter_map(|change| change.new.as_ref()) {
                if self.is_listed(uid, spec, row) {
                    let rank = self.rank(row, &spec.sort, self.asked_locale(&spec.locale));
                    let beside = view.beside(&rank).into_iter().flatten();
                    touched.extend(beside.map(|row| format!("{prefix}{}", row.document_id())));
                }
            }
        });
    }

    fn touch_parts(
        &self,
        uid: &str,
        changes: &[&Change],
        next: NextWatch<'_>,
        touched: &mut BTreeSet<String>,
    ) {
        self.each_list(uid, '@', next, |prefix, list| {
            let moves = list.map(|(spec, view)| self.moves(uid, changes, spec, &view));
            if moves.as_ref().is_some_and(Vec::is_empty) {
                return;
            }
            for watch in all_of(prefix, next) {
                let part = Part::parse(watch.strip_prefix(prefix).unwrap_or_default());
                let concerned = match (&moves, part) {
                    (Some(moves), Some(part)) => moves.iter().any(|step| step.concerns(&part)),
                    _ => true,
                };
                if concerned {
                    touched.insert(watch.to_owned());
                }
            }
        });
    }

    /// How the changes move rows of a list, in positions of the list as it is now.
    fn moves(&self, uid: &str, changes: &[&Change], spec: &QuerySpec, view: &View) -> Vec<Move> {
        let place = |row: &Option<Arc<Entry>>| -> Option<(Rank, usize)> {
            let row = row.as_ref().filter(|row| self.is_listed(uid, spec, row))?;
            let rank = self.rank(row, &spec.sort, self.asked_locale(&spec.locale));
            let position = view.rows.rank(&rank);
            Some((rank, position))
        };
        // Each change is seen from the end of all: the others may have moved its place by one.
        let slack = changes.len().saturating_sub(1);
        let steps = changes.iter().filter_map(|change| {
            let (from, to, resized) = match (place(&change.old), place(&change.new)) {
                (None, None) => return None,
                (Some((old, _)), Some((new, _))) if old == new => return None,
                // Where it stood, the row itself stands after its new place.
                (Some((old, from)), Some((new, to)))
                    if slack == 0 && from == to + usize::from(old > new) =>
                {
                    return None;
                }
                (Some((_, old)), Some((_, new))) => (old.min(new), old.max(new), false),
                (Some((_, at)), None) | (None, Some((_, at))) => (at, usize::MAX, true),
            };
            let (from, to) = (from.saturating_sub(slack), to.saturating_add(slack));
            Some(Move { from, to, resized })
        });
        steps.collect()
    }

    /// Works out the sorted lists that are watched, so that the next change finds them there.
    pub fn prepare_lists(&self, next: NextWatch<'_>) {
        for ty in self.model().types() {
            for kind in ['~', '@'] {
                self.each_list(&ty.uid, kind, next, |_, _| ());
            }
        }
    }

    /// Calls `visit` with each list that is watched this way; `None` when the list cannot be
    /// worked out, so that everything about it must be taken as touched.
    fn each_list(
        &self,
        uid: &str,
        kind: char,
        next: NextWatch<'_>,
        mut visit: impl FnMut(&str, Option<(&QuerySpec, Arc<View>)>),
    ) {
        let start = format!("{uid}{kind}");
        let mut from = start.clone();
        while let Some(watch) = next(&from).filter(|watch| watch.starts_with(&start)) {
            let Some((prefix, list)) = List::parse(watch, &start, kind) else { return };
            let parsed = self.spec(uid, list.locale, list.args).ok();
            let known = parsed.as_ref().and_then(|parsed| {
                let view = self.view_of(uid, &parsed.spec)?;
                Some((&parsed.spec, view))
            });
            visit(prefix, known);
            from = format!("{prefix}{LAST}");
        }
    }
}

/// A sorted list: a locale and the canonical `filters` and `sort`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List<'a> {
    pub(crate) locale: &'a str,
    pub(crate) args: &'a str,
}

impl<'a> List<'a> {
    fn prefix(&self, uid: &str, kind: char) -> String {
        let Self { locale, args } = self;
        format!("{uid}{kind}{locale}{kind}{args}{kind}")
    }

    /// The list of a watch and the watch's beginning up to the list's end.
    fn parse(watch: &'a str, start: &str, kind: char) -> Option<(&'a str, Self)> {
        let fields = if kind == '@' { 3 } else { 1 };
        let ends = watch.rmatch_indices(kind).nth(fields - 1)?.0;
        let prefix = watch.get(..=ends)?;
        let (locale, args) = watch.get(start.len()..ends)?.split_once(kind)?;
        Some((prefix, Self { locale, args }))
    }
}

/// A part of a list, and whether the list's length shows beside it.
#[derive(Debug)]
struct Part {
    start: u64,
    end: u64,
    total: bool,
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('@');
        let mut number = || fields.next()?.parse::<u64>().ok();
        let (start, end) = (number()?, number()?);
        Some(Self { start, end, total: number()? == 1 })
    }
}

/// Rows between two positions that stand elsewhere now.
#[derive(Debug)]
struct Move {
    from: usize,
    to: usize,
    /// The list is longer or shorter.
    resized: bool,
}

impl Move {
    fn concerns(&self, part: &Part) -> bool {
        let position = |at: usize| u64::try_from(at).unwrap_or(u64::MAX);
        let overlaps = position(self.from) < part.end && part.start <= position(self.to);
        overlaps || self.resized && part.total
    }
}

fn all_of<'p, 'a>(
    prefix: &'p str,
    next: NextWatch<'a>,
) -> impl Iterator<Item = &'a str> + use<'p, 'a> {
    let mut at = next(prefix);
    std::iter::from_fn(move || {
        let watch = at.filter(|watch| watch.starts_with(prefix))?;
        at = next(&format!("{watch}\0"));
        Some(watch)
    })
}

/// What the conditions of a query depend on besides the rows of the list.
fn conditions(uid: &str, spec: &QuerySpec) -> Footprint {
    let mut footprint = Footprint::default();
    note_condition(uid, &spec.filter, &mut footprint);
    types_of_sort(uid, &spec.sort, &mut |uid| footprint.content_type(uid));
    footprint
}

/// A target that is asked for by its id matters by itself; of others, any row may.
fn note_condition(uid: &str, filter: &Filter, footprint: &mut Footprint) {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().for_each(|part| note_condition(uid, part, footprint));
        }
        Filter::Through { name, link, filter: inner } => match target_ids(link, inner) {
            Some(ids) => ids.iter().for_each(|id| footprint.document(id)),
            None => {
                let whole = Filter::Through {
                    name: name.clone(),
                    link: link.clone(),
                    filter: inner.clone(),
                };
                types_of_filter(uid, &whole, &mut |uid| footprint.content_type(uid));
            }
        },
        other => types_of_filter(uid, other, &mut |uid| footprint.content_type(uid)),
    }
}

/// Notes which rows can be among those of a query, as far as its conditions tell: any of the
/// type where they look at other rows of it, else those that name the targets asked for. False
/// when they tell nothing.
fn note_rows(uid: &str, spec: &QuerySpec, footprint: &mut Footprint) -> bool {
    if footprint.types.contains(uid) || spec.search.is_some() {
        footprint.content_type(uid);
        return true;
    }
    let Some(named) = named(&spec.filter) else { return false };
    for (attribute, target) in named {
        footprint.content_type(&format!("{uid}#{attribute}={target}"));
    }
    true
}

/// Pairs of attribute and target of which every row that passes has one.
fn named(filter: &Filter) -> Option<Vec<(&str, &str)>> {
    match filter {
        Filter::And(parts) => parts.iter().find_map(named),
        Filter::Or(parts) if !parts.is_empty() => {
            let pairs: Option<Vec<_>> = parts.iter().map(named).collect();
            Some(pairs?.into_iter().flatten().collect())
        }
        Filter::Through { name, link, filter } => {
            let ids = target_ids(link, filter)?;
            Some(ids.into_iter().map(|id| (name.as_str(), id)).collect())
        }
        _ => None,
    }
}

/// The documentIds that are the whole of a condition on targets this side names.
pub(crate) fn target_ids<'a>(link: &Link, filter: &'a Filter) -> Option<Vec<&'a str>> {
    link.owned_target()?;
    match filter {
        Filter::And(parts) => match parts.as_slice() {
            [only] => target_ids(link, only),
            _ => None,
        },
        Filter::Field { name, test: Test::Eq(Json::String(id)), .. } if name == "documentId" => {
            Some(vec![id])
        }
        Filter::Field { name, test: Test::In(ids), .. } if name == "documentId" => {
            ids.iter().map(Json::as_str).collect()
        }
        _ => None,
    }
}

impl Snapshot {
    fn is_listed(&self, uid: &str, spec: &QuerySpec, row: &Arc<Entry>) -> bool {
        self.matches(&self.wanted_by(uid, spec), row)
    }

    /// The whole list as a view; `None` when no more views are kept.
    fn view_of(&self, uid: &str, spec: &QuerySpec) -> Option<Arc<View>> {
        let wanted = self.wanted_by(uid, spec);
        self.remembered().views.get(&wanted, || self.view(&wanted))
    }
}
