//! Relations and media that are shown as they stand: no filter, no order of their own.
//!
//! Most are. The links of all such attributes are read at once, then the documents of each
//! type they lead to, each document once, however many rows and attributes lead to it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use cms_api::content_type::ContentType;
use cms_api::query::{Link, Part, Populate, Status};

use super::{Filler, Holder, Level, Slot, gather, linked_arrival, sources};
use crate::documents::arrival::Arrival;
use crate::documents::cards::{Desk, Which};
use crate::documents::shape;
use crate::store::StoreError;
use crate::store::find::{self, Held};

/// Fewer attributes than this are read as others are: links and documents in one statement.
const WORTH_IT: usize = 2;

/// What some attributes show, as JSON text for every holder, and when it arrives.
pub(super) type Shown<'p> = HashMap<&'p str, (Vec<String>, Arrival)>;
/// Entries as JSON text, each in the place of its key.
type Entries = Vec<Option<Arc<str>>>;

/// The locale of a row, and its document. A type has one such row in a status.
type Key<'k> = (&'k str, &'k str);

/// Attributes that lead to one type and show it the same way.
struct Bundle<'a, 'p> {
    ty: &'a ContentType,
    attributes: Vec<&'p Populate>,
}

impl<'a> Filler<'a> {
    /// What those attributes show that can be followed together.
    pub(super) fn follow<'p>(
        &mut self,
        level: Level<'a, '_>,
        holders: &[Holder],
        populate: &'p [Populate],
    ) -> Result<Shown<'p>, StoreError> {
        let mut bundles: Vec<Bundle<'a, 'p>> = Vec::new();
        for wanted in populate {
            let Some(ty) = self.plain_target(wanted) else { continue };
            match bundles.iter_mut().find(|bundle| bundle.takes(ty, wanted)) {
                Some(bundle) => bundle.attributes.push(wanted),
                None => bundles.push(Bundle { ty, attributes: vec![wanted] }),
            }
        }
        let attributes = || bundles.iter().flat_map(|bundle| &bundle.attributes);
        if attributes().count() < WORTH_IT {
            return Ok(Shown::new());
        }
        let paths: Vec<_> = attributes().map(|wanted| level.path_of(&wanted.name)).collect();
        let held = find::held(self.conn, self.scope, &sources(holders), &paths)?;
        let mut slots: HashMap<Slot, usize> = HashMap::with_capacity(holders.len());
        for (at, holder) in holders.iter().enumerate() {
            slots.entry((holder.row, holder.component)).or_insert(at);
        }
        let (mut shown, mut paths) = (Shown::new(), paths.iter());
        for bundle in &bundles {
            let mut targets = Targets::default();
            let mut places = Vec::with_capacity(bundle.attributes.len());
            for (wanted, path) in bundle.attributes.iter().zip(paths.by_ref()) {
                let held = || held.iter().filter(|link| link.path == *path);
                // Which documents there are is not known yet: a part of many is read by itself.
                if wanted.part.is_some_and(|part| !fits(part, held())) {
                    places.push(None);
                    continue;
                }
                let mut found = vec![Vec::new(); holders.len()];
                for link in held() {
                    let Some(&at) = slots.get(&(link.source, link.component)) else { continue };
                    if let Some(key) = self.key(level.ty, bundle.ty, &holders[at], link) {
                        found[at].push(targets.place(key));
                    }
                }
                places.push(Some(found));
            }
            let (entries, below) = self.entries_of(bundle, &targets)?;
            for (wanted, found) in bundle.attributes.iter().zip(places) {
                let Some(found) = found else { continue };
                let is_empty = !found.iter().flatten().any(|place| entries[*place].is_some());
                let texts = show(wanted, &found, &entries);
                let arrival = linked_arrival(wanted, is_empty, below);
                shown.insert(wanted.key(), (texts, arrival));
            }
        }
        Ok(shown)
    }

    /// The type of the attribute's documents, when its links are the holder's own and are
    /// shown as they stand.
    fn plain_target(&self, wanted: &Populate) -> Option<&'a ContentType> {
        let uid = wanted.link.owned_target()?;
        let plain = wanted.filter.is_always() && wanted.sort.is_empty() && !wanted.count;
        if !plain || self.scope.publication.is_some() {
            return None;
        }
        self.scope.model.get(uid)
    }

    /// Which row a link means: one in the locale of its source, where both types have locales
    /// and it names no other.
    fn key<'k>(
        &self,
        source: &ContentType,
        target: &ContentType,
        holder: &'k Holder,
        link: &'k Held,
    ) -> Option<Key<'k>>
    where
        'a: 'k,
    {
        let locale = match (source.localized, target.localized) {
            (_, false) => "",
            (true, true) if !link.locale.is_empty() => &link.locale,
            (true, true) => &holder.locale,
            (false, true) => self.scope.locale,
        };
        (link.target_uid == target.uid).then_some((locale, link.target.as_str()))
    }

    /// The documents that there are, filled in and shaped, each in the place of its key.
    fn entries_of(
        &mut self,
        bundle: &Bundle<'a, '_>,
        targets: &Targets<'_>,
    ) -> Result<(Entries, Arrival), StoreError> {
        let mut entries = vec![None; targets.keys.len()];
        let nothing_below = Arrival::default();
        let Some(wanted) = bundle.attributes.first() else { return Ok((entries, nothing_below)) };
        // A card does not show what was populated.
        let desk = self.cards.filter(|_| wanted.populate.is_empty());
        if let Some(desk) = desk {
            self.known(desk, bundle.ty, wanted, targets, &mut entries);
        }
        let missing = || targets.keys.iter().zip(&entries).filter(|(_, entry)| entry.is_none());
        let locales: BTreeSet<_> = missing().map(|((locale, _), _)| *locale).collect();
        let ids: Vec<_> = missing().map(|((_, id), _)| *id).collect();
        if ids.is_empty() {
            return Ok((entries, nothing_below));
        }
        let locales: Vec<_> = locales.into_iter().collect();
        let rows = find::documents(self.conn, self.scope, bundle.ty, &locales, &ids)?;
        let (mut places, mut found) = (Vec::new(), Vec::new());
        for row in rows {
            let place = targets.places.get(&(row.locale.as_str(), row.document_id.as_str()));
            // A document that is wanted in one locale comes in all that are.
            if let Some(place) = place.copied().filter(|place| entries[*place].is_none()) {
                places.push(place);
                found.push(Holder::document(row)?);
            }
        }
        let below = self.fill(Level { ty: bundle.ty, path: "" }, &mut found, &wanted.populate)?;
        let fields = wanted.fields.as_deref();
        for (&place, target) in places.iter().zip(&found) {
            entries[place] = Some(shape::document(bundle.ty, target, fields).into());
        }
        if let Some(desk) = desk {
            for locale in locales {
                let made = places.iter().filter(|place| targets.keys[**place].0 == locale);
                let cards = made
                    .filter_map(|place| Some((targets.keys[*place].1, entries[*place].as_ref()?)));
                desk.keep(self.which(bundle.ty, wanted, locale), cards);
            }
        }
        Ok((entries, below))
    }

    /// Takes the cards that there are.
    fn known(
        &self,
        desk: Desk<'_>,
        ty: &ContentType,
        wanted: &Populate,
        targets: &Targets<'_>,
        entries: &mut [Option<Arc<str>>],
    ) {
        let locales: BTreeSet<_> = targets.keys.iter().map(|(locale, _)| *locale).collect();
        for locale in locales {
            let asked = targets.keys.iter().enumerate().filter(|(_, key)| key.0 == locale);
            let (places, ids): (Vec<_>, Vec<_>) = asked.map(|(place, key)| (place, key.1)).unzip();
            let cards = desk.find(self.which(ty, wanted, locale), &ids);
            for (place, card) in places.into_iter().zip(cards) {
                entries[place] = card;
            }
        }
    }

    fn which<'w>(&self, ty: &'w ContentType, wanted: &'w Populate, locale: &'w str) -> Which<'w> {
        let status = if ty.draft_and_publish { self.scope.status } else { Status::Published };
        Which { ty, status: status.as_str(), locale, fields: wanted.fields.as_deref() }
    }
}

/// Whether no holder has more links than it shows.
fn fits<'h>(part: Part, held: impl Iterator<Item = &'h Held>) -> bool {
    let mut counts: HashMap<Slot, u64> = HashMap::new();
    held.for_each(|link| *counts.entry((link.source, link.component)).or_default() += 1);
    counts.values().all(|count| part.holds(*count))
}

impl Bundle<'_, '_> {
    fn takes(&self, ty: &ContentType, wanted: &Populate) -> bool {
        let same =
            |first: &&Populate| first.fields == wanted.fields && first.populate == wanted.populate;
        self.ty.uid == ty.uid && self.attributes.first().is_some_and(same)
    }
}

/// Documents that are led to, each once.
#[derive(Default)]
struct Targets<'k> {
    keys: Vec<Key<'k>>,
    places: HashMap<Key<'k>, usize>,
}

impl<'k> Targets<'k> {
    fn place(&mut self, key: Key<'k>) -> usize {
        *self.places.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.keys.len() - 1
        })
    }
}

/// What an attribute shows on each of the holders, given the places of its entries.
fn show(wanted: &Populate, found: &[Vec<usize>], entries: &[Option<Arc<str>>]) -> Vec<String> {
    let many = match &wanted.link {
        Link::Relation { many, .. } | Link::Media { many } => *many,
        _ => true,
    };
    let text = |places: &Vec<usize>| {
        let texts: Vec<&str> =
            places.iter().filter_map(|place| entries[*place].as_deref()).collect();
        gather(&texts, false, many)
    };
    found.iter().map(text).collect()
}
