//! Edits nobody made: another value for each kind of attribute, published as the CMS would.

use std::sync::Arc;

use cms_api::builtin::FILE;
use cms_api::change::{Op, SyncItem};
use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::temporal::{format_datetime, parse_datetime};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::content::{Entry, Snapshot};

/// What is put behind a text.
const TEXT: &str = " (changed)";
/// What is put behind a text that stands in URLs.
const SLUG: &str = "-changed";
/// The local part of an address where there was none.
const EMAIL: &str = "changed";
/// A moment for attributes that had none: 2001-09-09T01:46:40.000Z.
const MOMENT: i64 = 1_000_000_000_000;
const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;

/// A document with another value in one attribute, in every locale.
#[derive(Debug)]
pub(super) struct Edit {
    /// By locale, empty for a document that has none.
    pub(super) values: Vec<(String, Value)>,
    pub(super) items: Vec<SyncItem>,
}

/// Whether an attribute's value is part of the document: hidden ones never reach the site,
/// and the inverse side of a relation is stored with the other documents.
pub(super) fn is_editable(attribute: &Attribute) -> bool {
    let inverse =
        matches!(&attribute.kind, AttributeKind::Relation(relation) if !relation.owns_links());
    !attribute.is_hidden() && !inverse
}

/// Another value for one attribute; `None` when there is no other.
pub(super) fn edit(
    snapshot: &Snapshot,
    ty: &ContentType,
    document_id: &str,
    name: &str,
    attribute: &Attribute,
    now: i64,
) -> Option<Edit> {
    let mut edit = Edit { values: Vec::new(), items: Vec::new() };
    for (row, id) in snapshot.translations(&ty.uid, document_id).iter().zip(next_id(snapshot, ty)..)
    {
        let mut data = data(row)?;
        let before = data.get(name).cloned().unwrap_or_default();
        let other = Other { snapshot, document_id };
        let Some(value) = other.value(&attribute.kind, &before) else { continue };
        data.insert(name.to_owned(), value.clone());
        publish(&mut data, ty, id, now);
        edit.values.push((row.locale().unwrap_or_default().to_owned(), value));
        edit.items.push(item(snapshot, row, Op::Upsert, Some(Value::Object(data))));
    }
    (!edit.items.is_empty()).then_some(edit)
}

/// The document disappears in every locale.
pub(super) fn unpublish(snapshot: &Snapshot, uid: &str, document_id: &str) -> Vec<SyncItem> {
    let rows = snapshot.translations(uid, document_id).iter();
    rows.map(|row| item(snapshot, row, Op::Delete, None)).collect()
}

fn data(row: &Entry) -> Option<Map<String, Value>> {
    match serde_json::to_value(row.map()) {
        Ok(Value::Object(data)) => Some(data),
        _ => None,
    }
}

/// What a publish does besides: another row, which comes last by id, at another time. A type
/// without drafts keeps its row.
fn publish(data: &mut Map<String, Value>, ty: &ContentType, id: i64, now: i64) {
    let mut set = |name: &str, value: Value| drop(data.insert(name.to_owned(), value));
    set("updatedAt", format_datetime(now).into());
    if ty.draft_and_publish {
        set("publishedAt", format_datetime(now).into());
        set("id", id.into());
    }
}

fn next_id(snapshot: &Snapshot, ty: &ContentType) -> i64 {
    snapshot.all_entries(&ty.uid).map(|row| row.id()).max().map_or(1, |last| last + 1)
}

fn item(snapshot: &Snapshot, row: &Arc<Entry>, op: Op, data: Option<Value>) -> SyncItem {
    SyncItem {
        seq: snapshot.seq(),
        op,
        uid: row.uid().to_owned(),
        document_id: row.document_id().to_owned(),
        locale: row.locale().map(str::to_owned),
        version: snapshot.seq(),
        published_at: None,
        data,
    }
}

/// Finds other values than the present ones.
struct Other<'a> {
    snapshot: &'a Snapshot,
    document_id: &'a str,
}

impl Other<'_> {
    fn value(&self, kind: &AttributeKind, before: &Value) -> Option<Value> {
        let text = before.as_str();
        Some(match kind {
            AttributeKind::String | AttributeKind::Text | AttributeKind::RichText => {
                format!("{}{TEXT}", text.unwrap_or_default()).into()
            }
            AttributeKind::Uid { .. } => format!("{}{SLUG}", text.unwrap_or_default()).into(),
            AttributeKind::Email => format!("{EMAIL}{}", text.unwrap_or("@example.org")).into(),
            AttributeKind::Integer
            | AttributeKind::BigInteger
            | AttributeKind::Float
            | AttributeKind::Decimal => next_number(before),
            AttributeKind::Boolean => (!before.as_bool().unwrap_or(false)).into(),
            AttributeKind::Date => moved(text.unwrap_or_default(), DAY).get(..10)?.into(),
            AttributeKind::Time => {
                let time = format!("2000-01-01T{}Z", text.unwrap_or_default());
                moved(&time, HOUR).get(11..23)?.into()
            }
            AttributeKind::DateTime | AttributeKind::Timestamp => {
                moved(text.unwrap_or_default(), DAY).into()
            }
            AttributeKind::Enumeration { values } => {
                values.iter().find(|value| Some(value.as_str()) != text)?.as_str().into()
            }
            AttributeKind::Json => with_more(before),
            AttributeKind::Blocks => with_paragraph(before),
            AttributeKind::Media { multiple, .. } => self.links(FILE, *multiple, before)?,
            AttributeKind::Relation(relation) if relation.owns_links() => {
                self.links(&relation.target, relation.kind.is_to_many(), before)?
            }
            AttributeKind::Component { component, repeatable } => {
                let part = || self.part(component, false);
                emptied_or(before, *repeatable, part)?
            }
            AttributeKind::DynamicZone { components } => {
                emptied_or(before, true, || self.part(components.first()?, true))?
            }
            AttributeKind::Relation(_) | AttributeKind::Password => return None,
        })
    }

    /// No links, or one when there are none.
    fn links(&self, target: &str, many: bool, before: &Value) -> Option<Value> {
        emptied_or(before, many, || {
            let mut others = self.snapshot.all_entries(target).map(|row| row.document_id());
            others.find(|id| *id != self.document_id).map(Value::from)
        })
    }

    /// A component with something in every plain attribute.
    fn part(&self, uid: &str, in_zone: bool) -> Option<Value> {
        let attributes: &IndexMap<String, Attribute> =
            &self.snapshot.model().component(uid)?.attributes;
        let mut part = Map::new();
        if in_zone {
            part.insert("__component".to_owned(), uid.into());
        }
        part.insert("id".to_owned(), 1.into());
        for (name, attribute) in attributes.iter().filter(|(_, attribute)| is_editable(attribute)) {
            let scalar = attribute.kind.is_scalar();
            let value = scalar.then(|| self.value(&attribute.kind, &Value::Null)).flatten();
            part.insert(name.clone(), value.unwrap_or_default());
        }
        Some(Value::Object(part))
    }
}

fn emptied_or(before: &Value, many: bool, one: impl FnOnce() -> Option<Value>) -> Option<Value> {
    let is_empty = before.is_null() || before.as_array().is_some_and(Vec::is_empty);
    Some(match (is_empty, many) {
        (false, true) => json!([]),
        (false, false) => Value::Null,
        (true, true) => json!([one()?]),
        (true, false) => one()?,
    })
}

/// One more, as a number or as digits, whichever it was.
fn next_number(before: &Value) -> Value {
    match before {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.saturating_add(1).into(),
            None => (number.as_f64().unwrap_or_default() + 1.0).into(),
        },
        Value::String(digits) => match digits.parse::<i64>() {
            Ok(whole) => whole.saturating_add(1).to_string().into(),
            Err(_) => (digits.parse::<f64>().unwrap_or_default() + 1.0).to_string().into(),
        },
        _ => 1.into(),
    }
}

/// A moment later, or some moment when the text is none.
fn moved(text: &str, by: i64) -> String {
    format_datetime(parse_datetime(text).map_or(MOMENT, |moment| moment.saturating_add(by)))
}

fn with_more(before: &Value) -> Value {
    let mut value = before.clone();
    match &mut value {
        Value::Object(map) => drop(map.insert("changed".to_owned(), (map.len() + 1).into())),
        Value::Array(items) => items.push("changed".into()),
        _ => value = json!({ "changed": true }),
    }
    value
}

fn with_paragraph(before: &Value) -> Value {
    let mut blocks = before.as_array().cloned().unwrap_or_default();
    let text = json!({ "type": "text", "text": TEXT.trim() });
    blocks.push(json!({ "type": "paragraph", "children": [text] }));
    Value::Array(blocks)
}

#[cfg(test)]
mod tests;
