//! Which outputs are made from the whole site, without a template.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::page::{Made, Page};
use super::search::Search;
use super::sitemap::Sitemap;
use super::{Site, public_url};
use crate::engine::Fingerprint;

/// Pages that answer for what is not there.
const FOR_ERRORS: [&str; 3] = ["404.html", "410.html", "500.html"];

/// Everything the settings ask for, given how many pages there are.
pub(super) fn pages(site: &Site, shape: &Shape) -> Vec<Page> {
    let sitemap = site.sitemap.iter().flat_map(|settings| sitemap(site, settings, shape.parts));
    let search = site.search.iter().flat_map(|settings| search(site, settings, shape));
    sitemap.chain(search).collect()
}

/// How many pages the outputs tell of: kept with the route table, page by page, so that nobody
/// walks all pages to know how many files an output has.
#[derive(Debug, Clone, Default)]
pub(super) struct Census {
    /// Pages of the sitemap, by the finest part each could belong to.
    listed: Vec<u32>,
    /// Pages of each document that is searched, by locale.
    searched: BTreeMap<Arc<str>, HashMap<Arc<str>, u32>>,
}

/// Over how many files the outputs are spread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    parts: u64,
    /// By locale.
    search: BTreeMap<Arc<str>, SearchShape>,
}

/// Over how many files a locale's index is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchShape {
    pub words: u64,
    pub results: u64,
}

/// A map has no more parts than this.
const MOST_PARTS: u64 = 4096;
/// Documents whose words share a file, on the average.
const WORDS_PER_FILE: u64 = 16;
/// Results in a file, on the average.
const RESULTS_PER_FILE: u64 = 64;
/// Words are spread by their first two letters: more files would stay empty.
const MOST_FILES: u64 = 1024;

impl SearchShape {
    /// The shape of an index of so many results.
    #[must_use]
    pub fn of(count: u64) -> Self {
        let files =
            |per_file: u64| count.div_ceil(per_file).clamp(1, MOST_FILES).next_power_of_two();
        Self { words: files(WORDS_PER_FILE), results: files(RESULTS_PER_FILE) }
    }
}

impl Shape {
    /// The shape of a locale's index.
    #[must_use]
    pub fn search(&self, locale: &str) -> SearchShape {
        self.search.get(locale).copied().unwrap_or_else(|| SearchShape::of(0))
    }

    /// Into how many files the sitemap is cut.
    #[must_use]
    pub fn parts(&self) -> u64 {
        self.parts.max(1)
    }
}

impl Census {
    pub(super) fn add(&mut self, site: &Site, page: &Page) {
        if site.sitemap.as_ref().is_some_and(|settings| is_listed(site, settings, page)) {
            self.listed.resize(MOST_PARTS as usize, 0);
            if let Some(count) = self.listed.get_mut(finest(&page.file)) {
                *count += 1;
            }
        }
        if let Some(document) = searched_document(site, page) {
            let documents = self.searched.entry(Arc::clone(&page.locale)).or_default();
            *documents.entry(Arc::clone(document)).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, site: &Site, page: &Page) {
        if site.sitemap.as_ref().is_some_and(|settings| is_listed(site, settings, page))
            && let Some(count) = self.listed.get_mut(finest(&page.file))
        {
            *count = count.saturating_sub(1);
        }
        if let Some(document) = searched_document(site, page)
            && let Some(documents) = self.searched.get_mut(&page.locale)
            && let Some(count) = documents.get_mut(document)
        {
            *count -= 1;
            if *count == 0 {
                documents.remove(document);
            }
        }
    }

    pub(super) fn shape(&self, site: &Site) -> Shape {
        let shape = |(locale, documents): (&Arc<str>, &HashMap<Arc<str>, u32>)| {
            (Arc::clone(locale), SearchShape::of(documents.len() as u64))
        };
        Shape {
            parts: site.sitemap.as_ref().map_or(1, |settings| self.parts(settings.per_file)),
            search: self.searched.iter().map(shape).collect(),
        }
    }

    /// How many files the map needs so that none has too many pages. A page's part follows from
    /// its own name, so a new page changes one part.
    fn parts(&self, per_file: u64) -> u64 {
        let fits = |parts: &u64| {
            let mut sizes = vec![0_u64; *parts as usize];
            for (at, count) in self.listed.iter().enumerate() {
                if let Some(size) = sizes.get_mut(at % *parts as usize) {
                    *size += u64::from(*count);
                }
            }
            sizes.iter().all(|size| *size <= per_file)
        };
        let powers = std::iter::successors(Some(1_u64), |parts| Some(parts * 2));
        powers.take_while(|parts| *parts < MOST_PARTS).find(fits).unwrap_or(MOST_PARTS)
    }
}

/// The document a page makes findable, if it is searched.
fn searched_document<'p>(site: &Site, page: &'p Page) -> Option<&'p Arc<str>> {
    let search = site.search.as_ref()?;
    let entry = page.entry.as_ref().filter(|_| page.is_first())?;
    search.source(&entry.uid).map(|_| &entry.document_id)
}

fn search(site: &Site, settings: &Search, shape: &Shape) -> Vec<Page> {
    let page = |path: &str| page(site, "[search]", path, Made::Search);
    let mut pages = vec![page(&format!("{}search.js", settings.path))];
    for locale in &site.locales {
        let shape = shape.search(locale);
        let words = (0..shape.words).map(|part| format!("words-{part}"));
        let results = (0..shape.results).map(|part| format!("results-{part}"));
        let names = words.chain(results).chain(["index".to_owned()]);
        pages.extend(names.map(|name| page(&format!("{}{locale}/{name}.json", settings.path))));
    }
    pages
}

fn sitemap(site: &Site, settings: &Sitemap, parts: u64) -> Vec<Page> {
    let page = |path: &str, made| page(site, "[sitemap]", path, made);
    if parts == 1 {
        return vec![page(&settings.path, Made::Sitemap { part: 0, parts })];
    }
    let stem = settings.path.trim_end_matches(".xml");
    let each = (0..parts).map(|part| page(&part_path(stem, part), Made::Sitemap { part, parts }));
    let index = page(&settings.path, Made::SitemapIndex { parts });
    std::iter::once(index).chain(each).collect()
}

/// Where a part of a map stands: `/sitemap-1.xml`.
#[must_use]
pub fn part_path(stem: &str, part: u64) -> String {
    format!("{stem}-{}.xml", part + 1)
}

/// The part a page belongs to, of a number that is a power of two.
#[must_use]
pub fn part_of(file: &str, parts: u64) -> u64 {
    finest(file) as u64 % parts.max(1)
}

/// The part a page would belong to if there were as many as there can be.
fn finest(file: &str) -> usize {
    let fingerprint = Fingerprint::of_bytes(file.as_bytes());
    let number = fingerprint.as_bytes().iter().take(8);
    let number = number.fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    (number % MOST_PARTS) as usize
}

/// Whether a map tells of a page.
#[must_use]
pub fn is_listed(site: &Site, settings: &Sitemap, page: &Page) -> bool {
    let route = site.routes.get(page.route_index);
    let name = page.file.rsplit('/').next().unwrap_or_default();
    page.format.is_none()
        && page.file.ends_with(".html")
        && !FOR_ERRORS.contains(&name)
        && route.is_some_and(|route| route.in_sitemap)
        && !settings
            .exclude
            .iter()
            .any(|glob| glob.matches(&page.url) || glob.matches(without_locale(site, page)))
}

/// A page's path as it stands in the settings, whatever its locale.
fn without_locale<'p>(site: &Site, page: &'p Page) -> &'p str {
    let rest = page.url.strip_prefix('/').and_then(|url| url.strip_prefix(&*page.locale));
    let rest = rest.filter(|rest| rest.starts_with('/') && !site.is_default_locale(&page.locale));
    rest.unwrap_or(&page.url)
}

fn page(site: &Site, table: &str, path: &str, made: Made) -> Page {
    Page {
        url: public_url::encode(path),
        file: public_url::file(path).into(),
        locale: site.default_locale().into(),
        template: Arc::default(),
        route: table.into(),
        revalidate: None,
        route_index: usize::MAX,
        entry: None,
        list: None,
        group: None,
        title: None,
        format: None,
        formats: Vec::new(),
        made: Some(made),
        alternates: Vec::new(),
    }
}
