//! From an answer of Strapi to a row as the change feed tells it: scalars in schema order,
//! components embedded, relations and media as documentIds.

use cms_api::builtin::FILE;
use cms_api::change::{Op, SyncItem};
use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::populate::Readable;

const DOCUMENT_ID: &str = "documentId";

/// Takes answers apart.
#[derive(Debug)]
pub(super) struct Entries<'a> {
    readable: Readable<'a>,
    /// Files met on the way: the media library as far as content shows it.
    pub(super) files: Vec<SyncItem>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(readable: Readable<'a>) -> Self {
        Self { readable, files: Vec::new() }
    }

    /// The row of an answer; `None` when it is no document. Its place in the sequence is
    /// still to be given.
    pub(super) fn item(&mut self, ty: &ContentType, answer: &Value) -> Option<SyncItem> {
        let from = answer.as_object()?;
        let document_id = from.get(DOCUMENT_ID)?.as_str()?.to_owned();
        let mut data = Map::new();
        take(from, &mut data, ["id", DOCUMENT_ID]);
        scalars(&ty.attributes, from, &mut data);
        take(from, &mut data, ["createdAt", "updatedAt", "publishedAt"]);
        let locale = from.get("locale").and_then(Value::as_str).filter(|_| ty.localized);
        if ty.localized {
            take(from, &mut data, ["locale"]);
        }
        self.linked(&ty.attributes, from, &mut data);
        Some(SyncItem {
            seq: 0,
            op: Op::Upsert,
            uid: ty.uid.clone(),
            document_id,
            locale: locale.map(str::to_owned),
            version: 0,
            published_at: from.get("publishedAt").and_then(Value::as_str).map(str::to_owned),
            data: Some(Value::Object(data)),
        })
    }

    fn linked(
        &mut self,
        attributes: &IndexMap<String, Attribute>,
        from: &Map<String, Value>,
        data: &mut Map<String, Value>,
    ) {
        for (name, attribute) in attributes.iter().filter(|(_, a)| !a.is_hidden()) {
            let value = from.get(name).unwrap_or(&Value::Null);
            let value = match &attribute.kind {
                AttributeKind::Media { multiple, .. } => {
                    self.note_files(value);
                    documents(value, *multiple)
                }
                AttributeKind::Relation(relation) if self.readable.follows(relation) => {
                    documents(value, relation.kind.is_to_many())
                }
                AttributeKind::Component { component, repeatable } => {
                    let parts = each(value).filter_map(|part| self.part(Some(component), part));
                    shaped(parts.collect(), *repeatable)
                }
                AttributeKind::DynamicZone { .. } => {
                    Value::Array(each(value).filter_map(|part| self.part(None, part)).collect())
                }
                _ => continue,
            };
            data.insert(name.clone(), value);
        }
    }

    /// A component; without a uid it is a zone's and names its own.
    fn part(&mut self, uid: Option<&str>, from: &Value) -> Option<Value> {
        let from = from.as_object()?;
        let own = from.get("__component").and_then(Value::as_str);
        let part = self.readable.model.component(uid.or(own)?)?;
        let mut data = Map::new();
        take(from, &mut data, ["id"]);
        scalars(&part.attributes, from, &mut data);
        self.linked(&part.attributes, from, &mut data);
        if uid.is_none() {
            take(from, &mut data, ["__component"]);
        }
        Some(Value::Object(data))
    }

    fn note_files(&mut self, value: &Value) {
        let Some(ty) = self.readable.model.get(FILE) else { return };
        let found: Vec<_> = each(value).filter_map(|file| self.item(ty, file)).collect();
        self.files.extend(found);
    }
}

fn scalars(
    attributes: &IndexMap<String, Attribute>,
    from: &Map<String, Value>,
    data: &mut Map<String, Value>,
) {
    let shown = attributes.iter().filter(|(_, a)| a.kind.is_scalar() && !a.is_hidden());
    shown.for_each(|(name, _)| take(from, data, [name.as_str()]));
}

fn take<const N: usize>(
    from: &Map<String, Value>,
    data: &mut Map<String, Value>,
    names: [&str; N],
) {
    for name in names {
        data.insert(name.to_owned(), from.get(name).cloned().unwrap_or_default());
    }
}

/// One or many, as an attribute holds them.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    let many = value.as_array().map(Vec::as_slice).unwrap_or_default();
    Some(value).filter(|value| value.is_object()).into_iter().chain(many)
}

fn documents(value: &Value, many: bool) -> Value {
    shaped(each(value).filter_map(|one| one.get(DOCUMENT_ID).cloned()).collect(), many)
}

fn shaped(values: Vec<Value>, many: bool) -> Value {
    match many {
        true => Value::Array(values),
        false => values.into_iter().next().unwrap_or_default(),
    }
}

/// Adds the links that the same document shows when it is asked for in another locale: one
/// that is not localized leads to documents of all of them.
pub(super) fn unite(data: &mut Value, other: &Value) {
    match (data, other) {
        (Value::Object(data), Value::Object(other)) => {
            for (name, value) in data {
                other.get(name).into_iter().for_each(|other| unite(value, other));
            }
        }
        (Value::Array(data), Value::Array(other))
            if data.iter().chain(other).all(Value::is_string) =>
        {
            let new: Vec<_> = other.iter().filter(|one| !data.contains(one)).cloned().collect();
            data.extend(new);
        }
        (Value::Array(data), Value::Array(other)) if data.len() == other.len() => {
            data.iter_mut().zip(other).for_each(|(one, other)| unite(one, other));
        }
        (data, other) if data.is_null() => *data = other.clone(),
        _ => {}
    }
}
