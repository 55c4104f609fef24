//! The envelope around every REST answer: `{data, meta}`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::query::{Page, PageStyle};

/// `{"data": …, "meta": {…}}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub data: Value,
    pub meta: Value,
}

impl Envelope {
    /// A single entry.
    #[must_use]
    pub fn single(data: Value) -> Self {
        Self { data, meta: json!({}) }
    }

    /// A list; `total` is known when the count was asked for.
    #[must_use]
    pub fn list(data: Vec<Value>, page: Page, total: Option<u64>) -> Self {
        Self { data: Value::Array(data), meta: json!({ "pagination": pagination(page, total) }) }
    }
}

/// The text of [`Envelope::single`] around an entry that is JSON text already.
#[must_use]
pub fn single(entry: &str) -> String {
    format!("{{\"data\":{entry},\"meta\":{{}}}}")
}

/// The text of [`Envelope::list`] around entries that are JSON text already.
#[must_use]
pub fn list(entries: &[String], page: Page, total: Option<u64>) -> String {
    let meta = json!({ "pagination": pagination(page, total) }).to_string();
    let length: usize = entries.iter().map(|entry| entry.len() + 1).sum();
    let mut text = String::with_capacity(length + meta.len() + FRAME);
    text.push_str("{\"data\":[");
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(entry);
    }
    text.push_str("],\"meta\":");
    text.push_str(&meta);
    text.push('}');
    text
}

/// Room for the keys of an envelope.
const FRAME: usize = 32;

/// `meta.pagination` in the style the query used.
#[must_use]
pub fn pagination(page: Page, total: Option<u64>) -> Value {
    let mut meta = match page.style {
        PageStyle::Page { page: number } => json!({ "page": number, "pageSize": page.limit }),
        PageStyle::Offset => json!({ "start": page.start, "limit": page.limit }),
    };
    if let (Some(total), Some(map)) = (total, meta.as_object_mut()) {
        if matches!(page.style, PageStyle::Page { .. }) {
            map.insert("pageCount".into(), total.div_ceil(page.limit.max(1)).into());
        }
        map.insert("total".into(), total.into());
    }
    meta
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_trees() {
        let entries = [json!({ "a": "é\"\n" }), json!({})];
        let texts: Vec<_> = entries.iter().map(Value::to_string).collect();
        let text_of = |envelope: &Envelope| serde_json::to_string(envelope).unwrap();
        let page = Page::default();
        for count in 0..=2 {
            let tree = Envelope::list(entries[..count].to_vec(), page, Some(7));
            assert_eq!(list(&texts[..count], page, Some(7)), text_of(&tree));
        }
        assert_eq!(single(&texts[0]), text_of(&Envelope::single(entries[0].clone())));
    }
}
