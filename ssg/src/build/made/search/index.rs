//! The index of one locale: which documents have a word, and what is shown of each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::{Value, json};

use super::super::Changed;
use super::{Found, words};
use crate::engine::Fingerprint;
use crate::site::made::SearchShape;
use crate::site::public_url;
use crate::site::search::SearchSource;

/// The signs that ids are written with, six bits each.
const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Signs of an id, and its bits.
const ID_SIGNS: u32 = 8;
const ID_BITS: u32 = 6 * ID_SIGNS;
/// Bits of what a word counts in a document.
const WEIGHT_BITS: u32 = 8;
/// A word that more documents have says little: those where it counts most are named.
const MOST_NAMED: usize = 2_000;
/// What begins the list of a word that not all documents are named for.
const AND_MORE: &str = "+ ";

/// A document's id and what the word counts in it, in one number: by id in order.
type Place = u64;

#[derive(Debug, Clone)]
pub(super) struct Index {
    shape: SearchShape,
    documents: HashMap<Arc<str>, (u64, Found)>,
    /// By file.
    words: Vec<BTreeMap<Box<str>, Vec<Place>>>,
    results: Vec<BTreeMap<u64, Arc<str>>>,
}

/// Files of an index that are others now.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    words: BTreeSet<usize>,
    results: BTreeSet<usize>,
}

impl Index {
    pub(super) fn of(found: Vec<(&str, Found, BTreeMap<String, u32>)>, shape: SearchShape) -> Self {
        let mut places: HashMap<String, Vec<Place>> = HashMap::new();
        let mut documents = HashMap::new();
        for (document, found, words) in found {
            let id = id_of(document);
            for (word, weight) in words {
                places.entry(word).or_default().push(place(id, weight));
            }
            documents.insert(document.into(), (id, found));
        }
        let places = places.into_iter().map(|(word, mut places)| {
            places.sort_unstable();
            (word.into(), places)
        });
        let mut index = Self { shape, documents, words: Vec::new(), results: Vec::new() };
        index.spread(places.collect());
        index
    }

    pub(super) fn shape(&self) -> SearchShape {
        self.shape
    }

    /// Spreads everything over another number of files.
    pub(super) fn reshape(&mut self, shape: SearchShape) {
        self.shape = shape;
        let words = std::mem::take(&mut self.words).into_iter().flatten();
        self.spread(words.collect());
    }

    fn spread(&mut self, words: Vec<(Box<str>, Vec<Place>)>) {
        self.words = vec![BTreeMap::new(); self.shape.words as usize];
        self.results = vec![BTreeMap::new(); self.shape.results as usize];
        for (word, places) in words {
            let part = self.part_of_word(&word);
            if let Some(part) = self.words.get_mut(part) {
                part.insert(word, places);
            }
        }
        for (document, (id, _)) in &self.documents {
            let part = part_of_id(*id, self.shape.results);
            if let Some(part) = self.results.get_mut(part) {
                part.insert(*id, Arc::clone(document));
            }
        }
    }

    /// Puts what is found of a document in the place of what was; nothing when it is none.
    pub(super) fn set(
        &mut self,
        document: &str,
        found: Option<Found>,
        source: &SearchSource,
        dirty: &mut Dirty,
    ) {
        let before = self.documents.get(document).map(|(_, found)| found);
        if found.is_none() && before.is_none() {
            return;
        }
        let is_same_row = |found: &Found, before: &Found| Arc::ptr_eq(&found.row, &before.row);
        let same_row =
            found.as_ref().zip(before).is_some_and(|(one, other)| is_same_row(one, other));
        if !same_row {
            let words = |found: Option<&Found>| found.map(|found| found.words(source));
            let old = words(before).unwrap_or_default();
            let new = words(found.as_ref()).unwrap_or_default();
            self.exchange(id_of(document), &old, &new, dirty);
        }
        let id = id_of(document);
        let part = part_of_id(id, self.shape.results);
        dirty.results.insert(part);
        let document: Arc<str> = document.into();
        let results = self.results.get_mut(part);
        match (found, results) {
            (Some(found), Some(results)) => {
                results.insert(id, Arc::clone(&document));
                self.documents.insert(document, (id, found));
            }
            (None, Some(results)) => {
                results.remove(&id);
                self.documents.remove(&document);
            }
            (_, None) => {}
        }
    }

    fn exchange(
        &mut self,
        id: u64,
        old: &BTreeMap<String, u32>,
        new: &BTreeMap<String, u32>,
        dirty: &mut Dirty,
    ) {
        let gone = old.iter().filter(|(word, weight)| new.get(*word) != Some(weight));
        let come = new.iter().filter(|(word, weight)| old.get(*word) != Some(weight));
        for (word, weight) in gone {
            let number = self.part_of_word(word);
            let Some(part) = self.words.get_mut(number) else { continue };
            let Some(places) = part.get_mut(word.as_str()) else { continue };
            if let Ok(at) = places.binary_search(&place(id, *weight)) {
                places.remove(at);
            }
            if places.is_empty() {
                part.remove(word.as_str());
            }
            dirty.words.insert(number);
        }
        for (word, weight) in come {
            let number = self.part_of_word(word);
            let Some(part) = self.words.get_mut(number) else { continue };
            let places = part.entry(word.as_str().into()).or_default();
            if let Err(at) = places.binary_search(&place(id, *weight)) {
                places.insert(at, place(id, *weight));
            }
            dirty.words.insert(number);
        }
    }

    fn part_of_word(&self, word: &str) -> usize {
        usize::try_from(words::part_of(word, self.shape.words)).unwrap_or_default()
    }

    /// All files of the index.
    pub(super) fn names(&self, folder: &str) -> impl Iterator<Item = Arc<str>> {
        let words = (0..self.words.len()).map(|part| format!("words-{part}"));
        let results = (0..self.results.len()).map(|part| format!("results-{part}"));
        let names = words.chain(results).chain(["index".to_owned()]);
        names.map(move |name| file(folder, &name))
    }

    /// The files that are dirty, or all.
    pub(super) fn write(&self, dirty: Option<&Dirty>, folder: &str, changed: &mut Changed) {
        let all = || Dirty {
            words: (0..self.words.len()).collect(),
            results: (0..self.results.len()).collect(),
        };
        if dirty.is_none() {
            let SearchShape { words, results } = self.shape;
            let index = json!({ "version": 1, "words": words, "results": results });
            changed.insert(file(folder, "index"), Some(index.to_string()));
        }
        let everything = dirty.is_none().then(all);
        let Some(dirty) = dirty.or(everything.as_ref()) else { return };
        let words = dirty.words.par_iter().filter_map(|number| {
            let part = self.words.get(*number)?.iter();
            let part = part.map(|(word, places)| (word.to_string(), listed(places).into()));
            let text = Value::Object(part.collect()).to_string();
            Some((file(folder, &format!("words-{number}")), Some(text)))
        });
        changed.extend(words.collect::<Vec<_>>());
        for number in &dirty.results {
            let Some(part) = self.results.get(*number) else { continue };
            let shown = part.iter().filter_map(|(id, document)| {
                let (_, found) = self.documents.get(document)?;
                Some((written(*id), json!([found.url, found.title, found.excerpt])))
            });
            let text = Value::Object(shown.collect()).to_string();
            changed.insert(file(folder, &format!("results-{number}")), Some(text));
        }
    }
}

fn file(folder: &str, name: &str) -> Arc<str> {
    public_url::file(&format!("{folder}{name}.json")).into()
}

fn id_of(document: &str) -> u64 {
    let fingerprint = Fingerprint::of_bytes(document.as_bytes());
    let bytes = fingerprint.as_bytes().iter().take(8);
    bytes.fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)) >> (u64::BITS - ID_BITS)
}

fn place(id: u64, weight: u32) -> Place {
    id << WEIGHT_BITS | u64::from(weight)
}

fn parts(place: Place) -> (u64, u64) {
    (place >> WEIGHT_BITS, place & ((1 << WEIGHT_BITS) - 1))
}

/// By the first two signs, as the script does.
fn part_of_id(id: u64, parts: u64) -> usize {
    usize::try_from((id >> (ID_BITS - 12)) % parts.max(1)).unwrap_or_default()
}

fn written(id: u64) -> String {
    let signs = (0..ID_SIGNS).rev().map(|sign| {
        let at = (id >> (6 * sign)) & 63;
        char::from(SIGNS.get(at as usize).copied().unwrap_or(b'A'))
    });
    signs.collect()
}

/// `id weight id weight`: half of what JSON would take.
fn listed(places: &[Place]) -> String {
    let mut named: Vec<(u64, u64)> = places.iter().map(|place| parts(*place)).collect();
    let mut out = String::with_capacity(12 * named.len().min(MOST_NAMED));
    if named.len() > MOST_NAMED {
        named.sort_unstable_by_key(|(id, weight)| (std::cmp::Reverse(*weight), *id));
        named.truncate(MOST_NAMED);
        named.sort_unstable();
        out.push_str(AND_MORE);
    }
    for (at, (id, weight)) in named.into_iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(&written(id));
        out.push(' ');
        out.push_str(&weight.to_string());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_parts() {
        let id = id_of("abc");
        assert_eq!(parts(place(id, 99)), (id, 99));
        assert_eq!(written(id).len(), 8);
        assert_eq!(written((1 << ID_BITS) - 1), "________");
        assert_eq!(part_of_id(1 << (ID_BITS - 6), 4096), 64);
    }

    #[test]
    fn of_a_common_word_those_documents_are_named_where_it_counts_most() {
        let many: Vec<_> =
            (0..3_000).map(|id| place(id, if id == 2_999 { 9 } else { 1 })).collect();
        let text = listed(&many);
        assert!(text.starts_with("+ AAAAAAAA 1 AAAAAAAB 1 "), "{}", &text[..40]);
        assert!(text.ends_with(" 9"));
        assert_eq!(text.split(' ').count(), 1 + 2 * MOST_NAMED);
    }
}
