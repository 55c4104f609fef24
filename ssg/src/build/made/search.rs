//! The search index: files that a small script in the browser reads as far as it needs them.
//!
//! Each locale has its own. Words are spread over files by their first two letters, results
//! over files by their id, so that a search loads a few small files whatever the size of the
//! site, and an edit rewrites those that have the words it brought or took. Everything is named
//! by documents, not by their place in a list: an entry that comes or goes moves no other.

mod index;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use tera::Value as Content;

use super::{Changed, Touched};
use crate::content::{Entry, Snapshot};
use crate::render::{blocks, plain};
use crate::site::search::{Search as Settings, SearchSource};
use crate::site::{Page, RouteTable, public_url};
use index::Index;

/// What a word counts in a title, against one in the text.
const IN_TITLE: u32 = 8;
/// A word that is repeated over and over says no more than this.
const MOST: u32 = 99;
/// Characters of text shown with a result.
const EXCERPT: usize = 160;

/// The script that searches.
const SCRIPT: &str = include_str!("search/search.js");

/// The index of each locale.
#[derive(Debug, Clone)]
pub(super) struct Search(BTreeMap<String, Index>);

/// What is searched of one row, and where it leads.
#[derive(Debug, Clone)]
struct Found {
    row: Arc<Entry>,
    url: String,
    title: String,
    excerpt: String,
}

impl Search {
    pub(super) fn of(
        settings: &Settings,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> (Self, Changed) {
        let mut changed = Changed::new();
        changed.insert(
            public_url::file(&format!("{}search.js", settings.path)).into(),
            Some(SCRIPT.to_owned()),
        );
        let mut documents: BTreeMap<&str, BTreeSet<(&str, &str)>> = BTreeMap::new();
        for page in table.planned().filter(|page| page.is_first()) {
            if let Some(entry) = &page.entry
                && settings.source(&entry.uid).is_some()
            {
                let known = documents.entry(&page.locale).or_default();
                known.insert((&entry.uid, &entry.document_id));
            }
        }
        let mut search = Self(BTreeMap::new());
        for locale in &table.site().locales {
            let documents = documents.remove(locale.as_str()).unwrap_or_default();
            let found: Vec<_> = documents
                .into_par_iter()
                .filter_map(|(uid, id)| {
                    let (found, source) = find(settings, table, snapshot, uid, id, locale)?;
                    let words = found.words(source);
                    Some((id, found, words))
                })
                .collect();
            let index = Index::of(found, table.shape().search(locale));
            index.write(None, &folder(settings, locale), &mut changed);
            search.0.insert(locale.clone(), index);
        }
        (search, changed)
    }

    pub(super) fn follow(
        &mut self,
        touched: &Touched<'_>,
        settings: &Settings,
        table: &RouteTable,
        snapshot: &Snapshot,
    ) -> Changed {
        let mut documents: BTreeMap<&str, &str> = touched.documents.clone();
        for file in &touched.files {
            if let Some(entry) = table.page(file).and_then(|page| page.entry.as_ref()) {
                documents.insert(&entry.document_id, &entry.uid);
            }
        }
        let mut changed = Changed::new();
        for (locale, index) in &mut self.0 {
            let folder = folder(settings, locale);
            let mut dirty = index::Dirty::default();
            for (id, uid) in &documents {
                let Some(source) = settings.source(uid) else { continue };
                let found = find(settings, table, snapshot, uid, id, locale);
                index.set(id, found.map(|(found, _)| found), source, &mut dirty);
            }
            let shape = table.shape().search(locale);
            if index.shape() == shape {
                index.write(Some(&dirty), &folder, &mut changed);
            } else {
                index.names(&folder).for_each(|name| drop(changed.insert(name, None)));
                index.reshape(shape);
                index.write(None, &folder, &mut changed);
            }
        }
        changed
    }
}

/// Where a locale's index stands.
fn folder(settings: &Settings, locale: &str) -> String {
    format!("{}{locale}/", settings.path)
}

/// What leads to a document in a locale: the first of its pages, in the order of files.
fn find<'s>(
    settings: &'s Settings,
    table: &RouteTable,
    snapshot: &Snapshot,
    uid: &str,
    id: &str,
    locale: &str,
) -> Option<(Found, &'s SearchSource)> {
    let source = settings.source(uid)?;
    let fits = |page: &&Page| page.is_first() && *page.locale == *locale;
    let page = table.pages_of_document(uid, id).filter(fits).min_by_key(|page| &page.file)?;
    let row = snapshot.get(uid, id, Some(locale))?;
    Some((Found::of(row, &page.url, source), source))
}

impl Found {
    fn of(row: &Arc<Entry>, url: &str, source: &SearchSource) -> Self {
        let mut texts = source.attributes.iter().map(|name| text(row, name));
        let title = texts.next().unwrap_or_default();
        let shown = texts.find(|text| !text.trim().is_empty());
        Self {
            row: Arc::clone(row),
            url: url.to_owned(),
            title: title.split_whitespace().collect::<Vec<_>>().join(" "),
            excerpt: shown.map(|text| plain::shortened(&text, EXCERPT)).unwrap_or_default(),
        }
    }

    /// Every word with what it counts. Not kept: an index has them all by itself.
    fn words(&self, source: &SearchSource) -> BTreeMap<String, u32> {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for (place, name) in source.attributes.iter().enumerate() {
            let weight = if place == 0 { IN_TITLE } else { 1 };
            for word in words::of(&text(&self.row, name)) {
                let count = counts.entry(word).or_default();
                *count = (*count + weight).min(MOST);
            }
        }
        counts
    }
}

/// The words of any attribute.
fn text(row: &Entry, name: &str) -> String {
    let Some(value) = row.get(name) else { return String::new() };
    text_of(value)
}

fn text_of(value: &Content) -> String {
    match (value.as_str(), value.as_array()) {
        (Some(text), _) => plain::of_markdown(text),
        (None, Some(_)) => blocks::plain(value),
        (None, None) if value.is_none() => String::new(),
        (None, None) => value.to_string(),
    }
}
