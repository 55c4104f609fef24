//! The route table: every page of the site, by file and by document.
//!
//! Planned in full once and unit by unit afterwards. Two pages for one file, or a file
//! where another page needs a folder, are mistakes that name both routes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use rayon::prelude::*;

use super::contents::Contents;
use super::made::{self, Census, Shape};
use super::page::Page;
use super::plan::{self, Outline, PlanProblem, Unit};
use super::{Site, SiteError, grouping};
use crate::engine::{ChangeSet, Fingerprint};

/// A route by its position, and the document it is planned for.
type UnitId = (usize, Option<String>);

#[derive(Debug, Clone)]
pub struct RouteTable {
    site: Arc<Site>,
    units: HashMap<UnitId, Unit>,
    /// The unit of each file, and the page's place in it.
    files: BTreeMap<Arc<str>, (UnitId, usize)>,
    /// Units that looked at other documents than their own, or at whole types.
    by_document: HashMap<Arc<str>, BTreeSet<UnitId>>,
    by_type: HashMap<Arc<str>, BTreeSet<UnitId>>,
    /// Units with problems.
    faulty: BTreeSet<UnitId>,
    /// Outputs that are made from the whole site, by file, with what decides which there are.
    made: BTreeMap<Arc<str>, Page>,
    census: Census,
    shape: Shape,
}

/// A page as others name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRef {
    pub url: String,
    pub title: Option<Arc<str>>,
}

impl PageRef {
    #[must_use]
    pub fn of(page: &Page) -> Self {
        Self { url: page.url.clone(), title: page.title.clone() }
    }
}

/// The fingerprint of a list of pages.
#[must_use]
pub fn fingerprint(pages: &[PageRef]) -> Fingerprint {
    let parts = pages.iter().map(|page| (&page.url, page.title.as_deref()));
    Fingerprint::of_json(&parts.collect::<Vec<_>>())
}

/// How the table differs from its former state, by output file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableChange {
    pub added: BTreeSet<String>,
    pub changed: BTreeSet<String>,
    pub removed: BTreeSet<String>,
    /// Documents whose URLs were planned again.
    pub documents: BTreeSet<String>,
}

impl RouteTable {
    /// Plans every route over all content.
    ///
    /// # Errors
    /// Every collision, with the lines of both routes.
    pub fn plan(site: Arc<Site>, contents: &dyn Contents) -> Result<Self, Vec<SiteError>> {
        let ids = all_units(&site, contents);
        let mut table = Self {
            site,
            units: HashMap::new(),
            files: BTreeMap::new(),
            by_document: HashMap::new(),
            by_type: HashMap::new(),
            faulty: BTreeSet::new(),
            made: BTreeMap::new(),
            census: Census::default(),
            shape: Shape::default(),
        };
        let outlines = table.outlines(ids, contents);
        table.enter(outlines)?;
        table.make();
        table.made_collisions(table.made.keys())?;
        Ok(table)
    }

    /// Plans again what a change of content can have touched.
    ///
    /// # Errors
    /// Every collision; the table is then unusable and has to be planned in full.
    pub fn update(
        &mut self,
        changes: &ChangeSet,
        contents: &dyn Contents,
    ) -> Result<TableChange, Vec<SiteError>> {
        let ids: Vec<UnitId> =
            if changes.model { self.every_unit(contents) } else { self.touched(changes) };
        let existing = ids.iter().filter(|id| exists(&self.site, id, contents)).cloned();
        let outlines = self.outlines(existing.collect(), contents);
        let (same, moved): (Vec<_>, Vec<_>) = outlines.into_iter().partition(|(id, outline)| {
            let unit = self.units.get(id);
            unit.is_some_and(|unit| unit.outline.makes_the_pages_of(outline))
        });
        let kept: BTreeSet<UnitId> = same.iter().map(|(id, _)| id.clone()).collect();
        let ids: Vec<UnitId> = ids.into_iter().filter(|id| !kept.contains(id)).collect();
        same.into_iter().for_each(|(id, outline)| self.replace_outline(&id, outline));
        let before = self.pages_of(&ids);
        for id in &ids {
            self.forget(id);
        }
        self.enter(moved)?;
        let after = self.pages_of(&ids);
        let mut change = difference(&before, &after);
        change.documents = ids.into_iter().filter_map(|(_, document)| document).collect();
        let groups = before.values().chain(after.values()).filter_map(|page| page.group.as_ref());
        change.documents.extend(groups.map(|group| group.name.to_string()));
        let added: Vec<Arc<str>> = change.added.iter().map(|file| file.as_str().into()).collect();
        self.made_collisions(added.iter())?;
        if self.census.shape(&self.site) != self.shape {
            let before = std::mem::take(&mut self.made);
            self.make();
            self.made_collisions(self.made.keys())?;
            let made = |pages: &BTreeMap<Arc<str>, Page>| {
                pages.iter().map(|(file, page)| (file.to_string(), page.clone())).collect()
            };
            let made = difference(&made(&before), &made(&self.made));
            change.added.extend(made.added);
            change.changed.extend(made.changed);
            change.removed.extend(made.removed);
        }
        Ok(change)
    }

    /// Plans what is made from the whole site.
    fn make(&mut self) {
        self.shape = self.census.shape(&self.site);
        let pages = made::pages(&self.site, &self.shape);
        self.made = pages.into_iter().map(|page| (Arc::clone(&page.file), page)).collect();
    }

    /// Files of which a page and an output of the whole site both say that they make it.
    fn made_collisions<'f>(
        &self,
        files: impl Iterator<Item = &'f Arc<str>>,
    ) -> Result<(), Vec<SiteError>> {
        let both = files.filter_map(|file| Some((self.made.get(file)?, self.files.get(file)?)));
        let errors = both.map(|(page, (unit, _))| {
            let (wanted, other) = (&page.url, self.describe(unit));
            let message = format!("`{}` wants `{wanted}`, and so does {other}", page.route);
            self.site.error(self.line(unit.0), message)
        });
        let errors: Vec<_> = errors.collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The files that are made from the whole site.
    pub fn made(&self) -> impl Iterator<Item = &Arc<str>> {
        self.made.keys()
    }

    /// Over how many files outputs of the whole site are spread.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The pages of a document, in the order of routes.
    pub fn pages_of_document<'t>(
        &'t self,
        uid: &'t str,
        document_id: &'t str,
    ) -> impl Iterator<Item = &'t Page> {
        let routes = self.site.routes.iter().enumerate();
        let each = routes.filter(move |(_, route)| route.each.as_deref() == Some(uid));
        let units = each
            .filter_map(move |(index, _)| self.units.get(&(index, Some(document_id.to_owned()))));
        units.flat_map(|unit| &unit.pages)
    }

    #[must_use]
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    #[must_use]
    pub fn page(&self, file: &str) -> Option<&Page> {
        match self.files.get(file) {
            Some((unit, at)) => self.units.get(unit)?.pages.get(*at),
            None => self.made.get(file),
        }
    }

    /// Every page in the order of files, then what is made from all of them.
    pub fn pages(&self) -> impl Iterator<Item = &Page> {
        self.planned().chain(self.made.values())
    }

    /// Every page of a route, in the order of files.
    pub fn planned(&self) -> impl Iterator<Item = &Page> {
        self.files.values().filter_map(|(unit, at)| self.units.get(unit)?.pages.get(*at))
    }

    /// The pages in a folder in a locale as readers know them: of lists the first page only.
    #[must_use]
    pub fn listing(&self, below: &str, locale: &str) -> Vec<PageRef> {
        let pages = self.files_below(below).filter(|page| *page.locale == *locale);
        pages.filter(|page| page.is_first()).map(PageRef::of).collect()
    }

    /// Pages whose files are in a folder, given with a slash at its end.
    pub fn files_below(&self, folder: &str) -> impl Iterator<Item = &Page> {
        let from = (Bound::Included(folder), Bound::Unbounded);
        let files = self.files.range::<str, _>(from).map(|(file, _)| file);
        let files = files.take_while(move |file| file.starts_with(folder));
        files.filter_map(|file| self.page(file))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len() + self.made.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.made.is_empty()
    }

    /// Where a document has its page in a locale: at the first route that has one. A
    /// document without locales has the same URL in all of them.
    #[must_use]
    pub fn url_for(&self, document_id: &str, locale: &str) -> Option<&str> {
        if grouping::is_group(document_id) {
            return self.url_for_group(document_id, locale);
        }
        let each = self.site.routes.iter().enumerate().filter(|(_, route)| route.each.is_some());
        let units =
            each.filter_map(|(index, _)| self.units.get(&(index, Some(document_id.to_owned()))));
        let mut pages = units.flat_map(|unit| {
            let first = |page: &&Page| page.list.as_ref().is_none_or(|list| list.number == 1);
            let fits = move |page: &&Page| unit.outline.for_all_locales || *page.locale == *locale;
            unit.pages.iter().filter(first).filter(fits)
        });
        pages.next().map(|page| page.url.as_str())
    }

    /// Where the list of a group stands, of the first route that has one.
    fn url_for_group(&self, name: &str, locale: &str) -> Option<&str> {
        let routes = self.site.routes.iter().enumerate();
        let grouped = routes.filter(|(_, route)| {
            let list = route.paginate.as_ref().filter(|_| route.each.is_none());
            list.is_some_and(|list| list.group.is_some())
        });
        let units = grouped.filter_map(|(index, _)| self.units.get(&(index, None)));
        let mut pages = units.flat_map(|unit| &unit.pages).filter(|page| {
            page.is_first()
                && *page.locale == *locale
                && page.group.as_ref().is_some_and(|group| *group.name == *name)
        });
        pages.next().map(|page| page.url.as_str())
    }

    /// Entries that should have a page and have none.
    pub fn problems(&self) -> Vec<(usize, &PlanProblem)> {
        let mut found: Vec<_> = self
            .faulty
            .iter()
            .filter_map(|id| Some((id.0, self.units.get(id)?)))
            .flat_map(|(route, unit)| {
                unit.outline.problems.iter().map(move |problem| (route, problem))
            })
            .collect();
        found.sort_by_key(|(route, problem)| (*route, &problem.document_id, &problem.locale));
        found
    }

    /// Everything about whole types that planning looked at.
    #[must_use]
    pub fn watches(&self) -> BTreeSet<String> {
        self.by_type.keys().map(|watch| watch.to_string()).collect()
    }

    /// The line in site.toml of a page's route.
    #[must_use]
    pub fn line(&self, route: usize) -> usize {
        self.site.routes.get(route).map_or(1, |route| route.line)
    }

    fn outlines(&self, ids: Vec<UnitId>, contents: &dyn Contents) -> Vec<(UnitId, Outline)> {
        let outline = |id: UnitId| {
            let outline = plan::outline(&self.site, id.0, id.1.as_deref(), contents);
            (id, outline)
        };
        ids.into_par_iter().map(outline).collect()
    }

    /// Takes in units that are not in the table.
    fn enter(&mut self, outlines: Vec<(UnitId, Outline)>) -> Result<(), Vec<SiteError>> {
        let site = Arc::clone(&self.site);
        let spell_out = |(id, outline): (UnitId, Outline)| {
            let pages = plan::pages(&site, id.0, id.1.as_deref(), &outline);
            (id, Unit { outline, pages })
        };
        let units: Vec<(UnitId, Unit)> = outlines.into_par_iter().map(spell_out).collect();
        let mut errors = Vec::new();
        let mut added = Vec::new();
        for (id, unit) in units {
            self.index(&id, &unit.outline);
            for (at, page) in unit.pages.iter().enumerate() {
                self.census.add(&self.site, page);
                match self.files.get(&page.file) {
                    Some((other, _)) => errors.push(self.collision(page, &id, other)),
                    None => {
                        self.files.insert(Arc::clone(&page.file), (id.clone(), at));
                        added.push(Arc::clone(&page.file));
                    }
                }
            }
            self.units.insert(id, unit);
        }
        errors.extend(added.iter().filter_map(|file| self.folder_collision(file)));
        errors.sort_by_key(|error| error.line);
        errors.dedup();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn replace_outline(&mut self, id: &UnitId, outline: Outline) {
        let Some(unit) = self.units.get_mut(id) else { return };
        let before = std::mem::replace(&mut unit.outline, outline.clone());
        self.unindex(id, &before);
        self.index(id, &outline);
    }

    fn index(&mut self, id: &UnitId, outline: &Outline) {
        let documents = outline.footprint.documents.iter();
        for document in documents.filter(|other| id.1.as_deref() != Some(other)) {
            self.by_document.entry(Arc::clone(document)).or_default().insert(id.clone());
        }
        for uid in outline.footprint.types.iter() {
            self.by_type.entry(Arc::clone(uid)).or_default().insert(id.clone());
        }
        if !outline.problems.is_empty() {
            self.faulty.insert(id.clone());
        }
    }

    fn unindex(&mut self, id: &UnitId, outline: &Outline) {
        for document in outline.footprint.documents.iter() {
            if let Some(ids) = self.by_document.get_mut(document) {
                ids.remove(id);
            }
        }
        for uid in outline.footprint.types.iter() {
            if let Some(ids) = self.by_type.get_mut(uid) {
                ids.remove(id);
            }
        }
        self.faulty.remove(id);
    }

    fn forget(&mut self, id: &UnitId) {
        let Some(unit) = self.units.remove(id) else { return };
        for page in &unit.pages {
            self.census.remove(&self.site, page);
            self.files.remove(&page.file);
        }
        self.unindex(id, &unit.outline);
    }

    fn every_unit(&self, contents: &dyn Contents) -> Vec<UnitId> {
        let all: BTreeSet<UnitId> =
            self.units.keys().cloned().chain(all_units(&self.site, contents)).collect();
        all.into_iter().collect()
    }

    fn touched(&self, changes: &ChangeSet) -> Vec<UnitId> {
        let mut ids = BTreeSet::new();
        for (document_id, change) in &changes.documents {
            for (index, route) in self.site.routes.iter().enumerate() {
                if route.each.as_deref() == Some(change.uid.as_str()) {
                    ids.insert((index, Some(document_id.clone())));
                }
            }
            ids.extend(self.by_document.get(document_id.as_str()).into_iter().flatten().cloned());
            ids.extend(self.by_type.get(change.uid.as_str()).into_iter().flatten().cloned());
        }
        for watch in &changes.watches {
            ids.extend(self.by_type.get(watch.as_str()).into_iter().flatten().cloned());
        }
        ids.into_iter().collect()
    }

    fn pages_of(&self, ids: &[UnitId]) -> BTreeMap<String, Page> {
        let pages = ids.iter().filter_map(|id| self.units.get(id)).flat_map(|unit| &unit.pages);
        pages.map(|page| (page.file.to_string(), page.clone())).collect()
    }

    fn collision(&self, page: &Page, id: &UnitId, other: &UnitId) -> SiteError {
        let here = self.describe(id);
        let there = self.describe(other);
        let line = self.line(id.0.max(other.0));
        self.site.error(line, format!("two pages want `{}`: {there} and {here}", page.url))
    }

    fn folder_collision(&self, file: &str) -> Option<SiteError> {
        let folders = file.match_indices('/').map(|(at, _)| file.split_at(at).0);
        let above = folders.into_iter().find(|folder| self.files.contains_key(*folder));
        let inside = format!("{file}/");
        let from = (Bound::Included(inside.as_str()), Bound::Unbounded);
        let below = || self.files.range::<str, _>(from).next().map(|(below, _)| &**below);
        let (file, below) = match above {
            Some(above) => (above, file),
            None => (file, below().filter(|below| below.starts_with(&inside))?),
        };
        let ((one, _), (other, _)) = (self.files.get(file)?, self.files.get(below)?);
        let message = format!(
            "`/{file}` cannot be a file and a folder: {} makes the file, {} makes `/{below}`",
            self.describe(one),
            self.describe(other)
        );
        Some(self.site.error(self.line(one.0.max(other.0)), message))
    }

    fn describe(&self, (index, document): &UnitId) -> String {
        let Some(route) = self.site.routes.get(*index) else { return String::new() };
        let route_text = format!("route `{}` ({}:{})", route.path, self.site.file, route.line);
        match (document, &route.each) {
            (Some(id), Some(uid)) => format!("{route_text} for {uid} {id}"),
            _ => route_text,
        }
    }
}

fn difference(before: &BTreeMap<String, Page>, after: &BTreeMap<String, Page>) -> TableChange {
    let mut change = TableChange::default();
    for (file, page) in after {
        match before.get(file) {
            None => drop(change.added.insert(file.clone())),
            Some(old) if old != page => drop(change.changed.insert(file.clone())),
            Some(_) => {}
        }
    }
    change.removed = before.keys().filter(|file| !after.contains_key(*file)).cloned().collect();
    change
}

fn all_units(site: &Site, contents: &dyn Contents) -> Vec<UnitId> {
    let mut ids = Vec::new();
    for (index, route) in site.routes.iter().enumerate() {
        match &route.each {
            None => ids.push((index, None)),
            Some(uid) => {
                ids.extend(contents.documents(uid).into_iter().map(|id| (index, Some(id))));
            }
        }
    }
    ids
}

fn exists(site: &Site, (index, document): &UnitId, contents: &dyn Contents) -> bool {
    let each = site.routes.get(*index).and_then(|route| route.each.as_ref());
    match (each, document) {
        (Some(uid), Some(id)) => !contents.locales_of(uid, id).is_empty(),
        (None, None) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
