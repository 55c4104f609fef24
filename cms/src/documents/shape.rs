//! Entries as REST shows them: which keys, in which order.
//!
//! Written as JSON text: values that are stored as JSON are copied as they are.

use cms_api::content_type::{Attribute, Component, ContentType};
use indexmap::IndexMap;

use super::populate::Holder;
use super::stored::Stored;
use crate::clock;

/// A document: keys, scalars in schema order, times, locale, then what was populated.
pub(super) fn document(ty: &ContentType, holder: &Holder, fields: Option<&[String]>) -> String {
    let shown = |name: &str| fields.is_none_or(|fields| fields.iter().any(|field| field == name));
    let mut entry = Entry::begin(holder, holder.number);
    entry.quoted("documentId", &holder.document_id);
    entry.scalars(&ty.attributes, &holder.data, &shown);
    let times = [
        ("createdAt", Some(holder.created_at)),
        ("updatedAt", Some(holder.updated_at)),
        ("publishedAt", holder.published_at),
    ];
    for (name, time) in times.into_iter().filter(|(name, _)| shown(name)) {
        match time {
            Some(millis) => entry.quoted(name, &clock::iso(millis)),
            None => entry.member(name, "null"),
        }
    }
    if ty.localized && shown("locale") {
        entry.quoted("locale", &holder.locale);
    }
    entry.populated(&holder.filled);
    entry.end()
}

/// A component; in a dynamic zone it names itself.
pub(super) fn component(
    part: &Component,
    holder: &Holder,
    fields: Option<&[String]>,
    in_zone: bool,
) -> String {
    let shown = |name: &str| fields.is_none_or(|fields| fields.iter().any(|field| field == name));
    let mut entry = Entry::begin(holder, holder.component);
    entry.scalars(&part.attributes, &holder.data, &shown);
    entry.populated(&holder.filled);
    if in_zone {
        entry.quoted("__component", &part.uid);
    }
    entry.end()
}

/// Room for the keys and times of an entry, beside what is stored.
const FRAME: usize = 256;

/// A JSON object under construction.
struct Entry(String);

impl Entry {
    fn begin(holder: &Holder, id: i64) -> Self {
        let filled: usize = holder.filled.iter().map(|(name, text)| name.len() + text.len()).sum();
        let mut text = String::with_capacity(FRAME + holder.data.text().len() + filled);
        text.push_str("{\"id\":");
        text.push_str(&id.to_string());
        Self(text)
    }

    /// A member whose value is JSON text. Names come from a checked model: they need no escapes.
    fn member(&mut self, name: &str, value: &str) {
        self.0.push_str(",\"");
        self.0.push_str(name);
        self.0.push_str("\":");
        self.0.push_str(value);
    }

    /// A member whose value is a text.
    fn quoted(&mut self, name: &str, value: &str) {
        let plain = value.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        if !plain {
            return self.member(name, &serde_json::Value::from(value).to_string());
        }
        self.0.push_str(",\"");
        self.0.push_str(name);
        self.0.push_str("\":\"");
        self.0.push_str(value);
        self.0.push('"');
    }

    fn scalars(
        &mut self,
        attributes: &IndexMap<String, Attribute>,
        data: &Stored,
        shown: &dyn Fn(&str) -> bool,
    ) {
        let mut next = 0;
        for (name, attribute) in attributes {
            if attribute.kind.is_scalar() && !attribute.is_hidden() && shown(name) {
                self.member(name, data.get_after(name, &mut next).unwrap_or("null"));
            }
        }
    }

    /// What was populated, in the order it arrived in.
    fn populated(&mut self, filled: &[(String, String)]) {
        for (name, value) in filled {
            self.member(name, value);
        }
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
