//! The site's map for search engines, as sitemaps.org describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Changed, Touched};
use crate::content::Snapshot;
use crate::render::html::{attribute, escape};
use crate::site::made::{is_listed, part_of, part_path};
use crate::site::sitemap::Sitemap;
use crate::site::{Page, RouteTable, public_url};

const OPEN: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n";
const INDEX: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
    <sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";

/// What the map says of each page.
#[derive(Debug, Clone)]
pub(super) struct Map {
    /// By part, in the order of files.
    parts: Vec<Part>,
}

type Part = BTreeMap<Arc<str>, Location>;

#[derive(Debug, Clone)]
struct Location {
    /// The page's `<url>`.
    text: Box<str>,
    /// When its entry was edited last.
    changed: Option<Box<str>>,
}

impl Map {
    pub(super) fn of(
        settings: &Sitemap,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> (Self, Changed) {
        let mut map = Self { parts: vec![Part::new()] };
        let listed = table.planned().filter(|page| is_listed(table.site(), settings, page));
        for page in listed {
            map.enter(page, table, snapshot);
        }
        let mut changed = Changed::new();
        map.reshape(settings, table, &mut changed);
        map.write(0..map.parts.len(), settings, table, &mut changed);
        (map, changed)
    }

    pub(super) fn follow(
        &mut self,
        touched: &Touched<'_>,
        settings: &Sitemap,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> Changed {
        let of_documents =
            touched.documents.iter().flat_map(|(id, uid)| table.pages_of_document(uid, id));
        let files: BTreeSet<&str> =
            of_documents.map(|page| &*page.file).chain(touched.files.iter().copied()).collect();
        let mut dirty = BTreeSet::new();
        for file in files {
            let part = self.part(file);
            let page = table.page(file);
            match page.filter(|page| is_listed(table.site(), settings, page)) {
                Some(page) => self.enter(page, table, snapshot),
                None if self.parts.get_mut(part).and_then(|part| part.remove(file)).is_none() => {
                    continue;
                }
                None => {}
            }
            dirty.insert(part);
        }
        let mut changed = Changed::new();
        if self.reshape(settings, table, &mut changed) {
            dirty = (0..self.parts.len()).collect();
        }
        self.write(dirty.into_iter(), settings, table, &mut changed);
        changed
    }

    fn part(&self, file: &str) -> usize {
        usize::try_from(part_of(file, self.parts.len() as u64)).unwrap_or_default()
    }

    fn enter(&mut self, page: &Page, table: &RouteTable, snapshot: &Snapshot) {
        let location = Location::of(page, &table.site().base_url, snapshot);
        let part = self.part(&page.file);
        if let Some(part) = self.parts.get_mut(part) {
            part.insert(Arc::clone(&page.file), location);
        }
    }

    /// Cuts the map into as many parts as the table says; the files of former parts are gone.
    fn reshape(&mut self, settings: &Sitemap, table: &RouteTable, changed: &mut Changed) -> bool {
        let parts = usize::try_from(table.shape().parts()).unwrap_or(1);
        if parts == self.parts.len() {
            return false;
        }
        changed.extend(self.paths(settings).into_iter().map(|path| (path, None)));
        let all = std::mem::replace(&mut self.parts, vec![Part::new(); parts]);
        for (file, location) in all.into_iter().flatten() {
            let part = self.part(&file);
            if let Some(part) = self.parts.get_mut(part) {
                part.insert(file, location);
            }
        }
        true
    }

    /// The files of the parts.
    fn paths(&self, settings: &Sitemap) -> Vec<Arc<str>> {
        if self.parts.len() == 1 {
            return vec![public_url::file(&settings.path).into()];
        }
        let stem = settings.path.trim_end_matches(".xml");
        let numbers = (0_u64..).take(self.parts.len());
        numbers.map(|number| public_url::file(&part_path(stem, number)).into()).collect()
    }

    fn write(
        &self,
        dirty: impl Iterator<Item = usize>,
        settings: &Sitemap,
        table: &RouteTable,
        changed: &mut Changed,
    ) {
        let paths = self.paths(settings);
        for number in dirty {
            if let (Some(path), Some(part)) = (paths.get(number), self.parts.get(number)) {
                changed.insert(Arc::clone(path), Some(text(part)));
            }
        }
        if paths.len() > 1 && !changed.is_empty() {
            let base = &table.site().base_url;
            let mut index = INDEX.to_owned();
            for (path, part) in paths.iter().zip(&self.parts) {
                let newest = part.values().filter_map(|location| location.changed.as_deref()).max();
                index.push_str("<sitemap>");
                location(base, &public_url::encode(&format!("/{path}")), newest, &mut index);
                index.push_str("</sitemap>\n");
            }
            let path = public_url::file(&settings.path).into();
            changed.insert(path, Some(index + "</sitemapindex>\n"));
        }
    }
}

fn text(part: &Part) -> String {
    let length: usize = part.values().map(|location| location.text.len()).sum();
    let mut text = String::with_capacity(OPEN.len() + length + 16);
    text.push_str(OPEN);
    part.values().for_each(|location| text.push_str(&location.text));
    text.push_str("</urlset>\n");
    text
}

impl Location {
    fn of(page: &Page, base: &str, snapshot: &Snapshot) -> Self {
        let changed = last_change(snapshot, page);
        let mut text = "<url>".to_owned();
        location(base, &page.url, changed.as_deref(), &mut text);
        if page.alternates.len() > 1 {
            for alternate in &page.alternates {
                text.push_str("<xhtml:link rel=\"alternate\"");
                attribute("hreflang", &alternate.locale, &mut text);
                attribute("href", &format!("{base}{}", alternate.url), &mut text);
                text.push_str("/>");
            }
        }
        text.push_str("</url>\n");
        Self { text: text.into(), changed }
    }
}

fn location(base: &str, url: &str, changed: Option<&str>, out: &mut String) {
    out.push_str("<loc>");
    escape(base, out);
    escape(url, out);
    out.push_str("</loc>");
    if let Some(changed) = changed {
        out.push_str("<lastmod>");
        escape(changed, out);
        out.push_str("</lastmod>");
    }
}

/// When the page's entry was edited last; of a list nothing is known.
fn last_change(snapshot: &Snapshot, page: &Page) -> Option<Box<str>> {
    let entry = page.entry.as_ref().filter(|_| page.list.is_none())?;
    let row = snapshot.get(&entry.uid, &entry.document_id, Some(&page.locale))?;
    row.get("updatedAt")?.as_str().map(Into::into)
}
