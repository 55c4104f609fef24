//! What stands around a mistake: lines of the template, the entry by name.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::build::{Failure, View};

/// Lines shown before and after the one that is wrong.
const AROUND: usize = 3;
/// Attributes that tell people which entry it is.
const NAMES: [&str; 5] = ["title", "name", "headline", "label", "slug"];

/// The lines around a mistake, with the line it is in marked.
pub(super) fn around(site: &Path, failure: &Failure) -> Vec<Value> {
    let (Some(file), Some(line)) = (&failure.template, failure.line) else { return Vec::new() };
    // Mistakes found while rendering name the template, those found before its file.
    let text = fs::read_to_string(site.join(file)).or_else(|_| fs::read_to_string(file));
    let text = text.unwrap_or_default();
    let from = line.saturating_sub(AROUND + 1);
    let lines = text.lines().enumerate().skip(from).take(2 * AROUND + 1);
    let shown = lines.map(|(at, text)| {
        let number = at + 1;
        let sign = if number == line { '>' } else { ' ' };
        json!({ "text": format!("{sign} {number:>4} | {text}"), "hit": number == line })
    });
    shown.collect()
}

/// `documentId (uid, "title")`
pub(super) fn entry(view: &View, document_id: &str) -> String {
    let content = view.content();
    let Some(uid) = content.types_with(document_id).next() else { return document_id.to_owned() };
    let row = content.translations(uid, document_id).first();
    let name = row.and_then(|row| NAMES.iter().find_map(|name| row.get(name)?.as_str()));
    let name = name.map(|name| format!(", “{name}”")).unwrap_or_default();
    format!("{document_id} ({uid}{name})")
}
