//! What is not translated: documents without a row in a locale of the site, and words of the
//! interface.

use std::collections::BTreeSet;

use serde::Serialize;

use super::inputs::Inputs;
use super::memory::{Memory, Traces};
use super::report::Failure;
use super::{BuildError, Paths, lock};
use crate::site::Site;
use crate::site::strings::{TABLE, keys};
use crate::state::Store;

/// Everything that is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Translations {
    /// Of content types with translations that have pages.
    pub documents: Vec<MissingDocument>,
    pub strings: Vec<MissingString>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingDocument {
    pub uid: String,
    pub document_id: String,
    /// What people know it by, if its type has a title or a name.
    pub title: Option<String>,
    pub missing: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingString {
    pub key: String,
    pub missing: Vec<String>,
}

/// Attributes that name a document.
const NAMES: [&str; 3] = ["title", "name", "slug"];

/// Looks through the replica and the words of the site.
///
/// # Errors
/// When there is no replica or the cache cannot be used; the inner error lists mistakes in
/// the site.
pub fn translations(paths: &Paths) -> Result<Result<Translations, Vec<Failure>>, BuildError> {
    let _lock = lock(&paths.cache)?;
    let memory = Memory::load(&mut Store::open(&paths.cache)?, Traces::Ignored)?;
    if !memory.has_content() {
        return Err(BuildError::NoContent("missing translations are found in the replica".into()));
    }
    let inputs = match Inputs::load(&paths.site)? {
        Ok(inputs) => inputs,
        Err(failures) => return Ok(Err(failures)),
    };
    Ok(Ok(Translations {
        documents: documents(&inputs.site, &memory),
        strings: strings(&inputs.site),
    }))
}

fn documents(site: &Site, memory: &Memory) -> Vec<MissingDocument> {
    let snapshot = &memory.snapshot;
    let uids: BTreeSet<_> = site.routes.iter().filter_map(|route| route.each.as_ref()).collect();
    let mut found = Vec::new();
    for uid in uids.into_iter().filter(|uid| snapshot.is_localized(uid)) {
        let ids: BTreeSet<&str> = snapshot.all_entries(uid).map(|row| row.document_id()).collect();
        for id in ids {
            let rows = snapshot.translations(uid, id);
            let has = |locale: &String| rows.iter().any(|row| row.locale() == Some(locale));
            let missing: Vec<_> =
                site.locales.iter().filter(|locale| !has(locale)).cloned().collect();
            if missing.is_empty() {
                continue;
            }
            let named = rows.first().and_then(|row| {
                NAMES.iter().find_map(|name| row.get(name)?.as_str().map(str::to_owned))
            });
            let (uid, document_id) = (uid.to_string(), id.to_owned());
            found.push(MissingDocument { uid, document_id, title: named, missing });
        }
    }
    found
}

fn strings(site: &Site) -> Vec<MissingString> {
    let words = site.tables.get(TABLE);
    let of = |locale: &String| -> BTreeSet<String> {
        keys(words.and_then(|words| words.get(locale))).into_iter().collect()
    };
    let known: Vec<_> = site.locales.iter().map(|locale| (locale, of(locale))).collect();
    let all: BTreeSet<&String> = known.iter().flat_map(|(_, keys)| keys).collect();
    all.into_iter()
        .filter_map(|key| {
            let without = known.iter().filter(|(_, keys)| !keys.contains(key));
            let missing: Vec<_> = without.map(|(locale, _)| (*locale).clone()).collect();
            (!missing.is_empty()).then(|| MissingString { key: key.clone(), missing })
        })
        .collect()
}
