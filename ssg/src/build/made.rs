//! Outputs that are made from the whole site, without a template.
//!
//! A page depends on one question about each: what its bytes would be. They are made in full
//! when the first one is asked for, and brought up to date by what changed from then on: an
//! edit costs what it touches, whatever the size of the site.

mod search;
mod sitemap;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::world::World;
use crate::content::Snapshot;
use crate::engine::{ChangeSet, Fingerprint};
use crate::site::{RouteTable, Site, TableChange};

/// Files to write anew; nothing for those that are no more.
type Changed = BTreeMap<Arc<str>, Option<String>>;

/// What is made of one state of the site.
#[derive(Debug, Clone, Default)]
pub(super) struct Everything {
    map: Option<sitemap::Map>,
    search: Option<search::Search>,
    files: BTreeMap<Arc<str>, File>,
}

#[derive(Debug, Clone)]
struct File {
    bytes: Arc<[u8]>,
    fingerprint: Fingerprint,
}

/// What was made for one world, once it was asked for.
#[derive(Debug, Default)]
pub(super) struct Memo(OnceLock<Arc<Everything>>);

/// What changed in a site, as far as its outputs tell of it.
#[derive(Debug)]
struct Touched<'a> {
    /// Pages by output file.
    files: BTreeSet<&'a str>,
    /// Documents with their content types.
    documents: BTreeMap<&'a str, &'a str>,
}

impl Everything {
    fn of(table: &RouteTable, snapshot: &Snapshot) -> Self {
        let site = table.site();
        let mut all = Self::default();
        let (map, search) = rayon::join(
            || site.sitemap.as_ref().map(|settings| sitemap::Map::of(settings, table, snapshot)),
            || site.search.as_ref().map(|settings| search::Search::of(settings, table, snapshot)),
        );
        if let Some((map, files)) = map {
            all.map = Some(map);
            all.take(files);
        }
        if let Some((search, files)) = search {
            all.search = Some(search);
            all.take(files);
        }
        all
    }

    /// Follows a change; returns the files that are others now.
    fn follow(
        &mut self,
        touched: &Touched<'_>,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> BTreeSet<Arc<str>> {
        let site: &Site = table.site();
        let mut changed = Changed::new();
        if let (Some(map), Some(settings)) = (&mut self.map, &site.sitemap) {
            changed.extend(map.follow(touched, settings, table, snapshot));
        }
        if let (Some(search), Some(settings)) = (&mut self.search, &site.search) {
            changed.extend(search.follow(touched, settings, table, snapshot));
        }
        self.take(changed)
    }

    fn take(&mut self, changed: Changed) -> BTreeSet<Arc<str>> {
        let made: Vec<_> = changed
            .into_par_iter()
            .map(|(name, text)| {
                let file = text.map(|text| {
                    let fingerprint = Fingerprint::of_bytes(text.as_bytes());
                    File { bytes: text.into_bytes().into(), fingerprint }
                });
                (name, file)
            })
            .collect();
        let mut differing = BTreeSet::new();
        for (name, file) in made {
            let now = file.as_ref().map(|file| file.fingerprint);
            let before = match file {
                Some(file) => self.files.insert(Arc::clone(&name), file),
                None => self.files.remove(&name),
            };
            if before.map(|file| file.fingerprint) != now {
                differing.insert(name);
            }
        }
        differing
    }
}

impl Memo {
    /// What was made for an earlier state, brought up to date; with the files that differ.
    pub(super) fn after(
        before: Option<Arc<Everything>>,
        planned: &TableChange,
        changes: &ChangeSet,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> (Self, BTreeSet<Arc<str>>) {
        // Nothing is known of what they were: each is asked about.
        let Some(mut all) = before else {
            return (Self::default(), table.made().cloned().collect());
        };
        let files = planned.added.iter().chain(&planned.changed).chain(&planned.removed);
        let replanned = planned.documents.iter();
        let replanned =
            replanned.filter_map(|id| Some((id.as_str(), snapshot.types_with(id).next()?)));
        let documents = changes.documents.iter();
        let documents = documents.map(|(id, change)| (id.as_str(), change.uid.as_str()));
        let touched = Touched {
            files: files.map(String::as_str).collect(),
            documents: replanned.chain(documents).collect(),
        };
        let differing = Arc::make_mut(&mut all).follow(&touched, table, snapshot);
        (Self(OnceLock::from(all)), differing)
    }

    /// What was made, if it was.
    pub(super) fn known(&self) -> Option<Arc<Everything>> {
        self.0.get().cloned()
    }

    fn get(&self, world: &World) -> &Arc<Everything> {
        self.0.get_or_init(|| Arc::new(Everything::of(&world.table, &world.snapshot)))
    }
}

impl World {
    /// All outputs of the whole site, made now if they are not yet; none if there are none.
    pub(super) fn everything_made(&self) -> Option<Arc<Everything>> {
        let any = self.table.made().next().is_some();
        any.then(|| Arc::clone(self.made.get(self)))
    }

    /// The bytes of an output that no template makes.
    pub(super) fn made(&self, file: &str) -> Option<Arc<[u8]>> {
        self.made.get(self).files.get(file).map(|file| Arc::clone(&file.bytes))
    }

    /// The fingerprint of these bytes.
    pub(super) fn made_fingerprint(&self, file: &str) -> Fingerprint {
        let made = self.table.page(file).and_then(|page| page.made.as_ref());
        let found = made.and_then(|_| self.made.get(self).files.get(file));
        found.map_or(Fingerprint::ABSENT, |file| file.fingerprint)
    }
}
