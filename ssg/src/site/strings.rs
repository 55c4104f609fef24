//! Words of the interface: `[strings.<locale>]` in site.toml, and a file for each locale in
//! `i18n/`, which is the same.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::toml_reader::{Source, table_to_json};
use super::{Site, SiteError};

/// The folder for files of words, in the templates folder.
pub const FOLDER: &str = "i18n";
/// The table in site.toml, and in `site`.
pub const TABLE: &str = "strings";

/// Puts the words of all files where those of site.toml are.
pub(super) fn add(site: &mut Site, templates: &Path) -> Vec<SiteError> {
    let mut errors = Vec::new();
    for (locale, path) in files(&templates.join(FOLDER)) {
        let file = path.display().to_string();
        let mut complain = |message: String| {
            errors.push(SiteError { file: file.clone(), line: 1, message });
        };
        if !site.locales.contains(&locale) {
            let known = site.locales.join("`, `");
            complain(format!("`{locale}` is no locale of the site; there are `{known}`"));
            continue;
        }
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                complain(format!("cannot be read: {error}"));
                continue;
            }
        };
        let mut source = Source::new(&file, &text);
        let words = source.parse().map(|root| table_to_json(&root));
        let found = std::mem::take(&mut source.errors);
        errors.extend(found);
        if let Some(Value::Object(words)) = words {
            let all = site.tables.entry(TABLE).or_insert_with(|| Value::Object(Map::new()));
            let Some(all) = all.as_object_mut() else { continue };
            let own = all.entry(&locale).or_insert_with(|| Value::Object(Map::new()));
            for key in merge(own, words, "") {
                let message =
                    format!("`{key}` stands in `[{TABLE}.{locale}]` of site.toml as well");
                errors.push(SiteError { file: file.clone(), line: 1, message });
            }
        }
    }
    errors
}

/// Files by locale.
fn files(folder: &Path) -> BTreeMap<String, std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let words = paths.filter(|path| path.extension().is_some_and(|name| name == "toml"));
    words.filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path))).collect()
}

/// Adds words to a table; returns the keys that were there.
fn merge(table: &mut Value, words: Map<String, Value>, prefix: &str) -> Vec<String> {
    let Some(table) = table.as_object_mut() else { return vec![prefix.to_owned()] };
    let mut twice = Vec::new();
    for (key, value) in words {
        let name = format!("{prefix}{key}");
        match (table.get_mut(&key), value) {
            (Some(own @ Value::Object(_)), Value::Object(words)) => {
                twice.extend(merge(own, words, &format!("{name}.")));
            }
            (Some(_), _) => twice.push(name),
            (None, value) => drop(table.insert(key, value)),
        }
    }
    twice
}

/// Every key with words, by its dotted path: a table with plural forms is one.
#[must_use]
pub fn keys(table: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    walk(table.unwrap_or(&Value::Null), "", &mut found);
    found
}

fn walk(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.contains_key("other") => {
            for (key, inner) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(inner, &path, found);
            }
        }
        Value::Null => {}
        _ => found.push(path.to_owned()),
    }
}
