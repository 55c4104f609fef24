//! What a client writes into a relation or media attribute, in one shape.
//!
//! Clients name documents by documentId or by row id, alone, in lists, or in
//! `connect`/`disconnect`/`set`. Everything becomes `{set: [{id}]}` or
//! `{connect: [{id, position}], disconnect: [{id}]}` with numeric ids, which is also what
//! error messages show; [`Targets`] leads from those ids back to documents.

pub(crate) mod apply;
pub(crate) mod arrange;
mod exist;
mod lookup;

use std::collections::HashMap;

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::validate::joined;
use super::work::Work;
use crate::error::AppResult;
use crate::store::documents::Identity;

pub(crate) use exist::missing;

/// Numeric ids a client named, with their types, and the rows that have them.
pub(crate) type Targets = HashMap<(String, i64), Identity>;

/// The type of a target, where a relation may lead to several.
const TYPE: &str = "__type";

/// Rewrites every relation and media value of `data` and collects their targets.
///
/// `locale` is the locale the data is written in, when its type has locales.
///
/// # Errors
/// When a documentId leads nowhere.
pub(crate) fn resolve(
    work: &mut Work<'_>,
    ty: &ContentType,
    locale: &str,
    data: &Value,
) -> AppResult<(Value, Targets)> {
    let Value::Object(map) = data else { return Ok((data.clone(), Targets::new())) };
    let source_locale = ty.localized.then(|| locale.to_owned());
    let source_has_drafts = ty.draft_and_publish;
    let mut resolver = Resolver { work, source_locale, source_has_drafts, targets: Targets::new() };
    let resolved = resolver.object(&ty.attributes, map)?;
    Ok((Value::Object(resolved), resolver.targets))
}

struct Resolver<'w, 'c> {
    work: &'w mut Work<'c>,
    source_locale: Option<String>,
    /// Whether the data has a status of its own: a draft, as long as it is being written.
    source_has_drafts: bool,
    targets: Targets,
}

impl Resolver<'_, '_> {
    fn object(
        &mut self,
        attributes: &IndexMap<String, Attribute>,
        map: &Map<String, Value>,
    ) -> AppResult<Map<String, Value>> {
        let mut resolved = Map::new();
        for (key, value) in map {
            let value = match attributes.get(key) {
                Some(attribute) => self.value(attribute, value)?,
                None => value.clone(),
            };
            resolved.insert(key.clone(), value);
        }
        Ok(resolved)
    }

    fn value(&mut self, attribute: &Attribute, value: &Value) -> AppResult<Value> {
        match &attribute.kind {
            AttributeKind::Relation(relation) if relation.kind.is_to_many() => {
                self.relation(&relation.target, value)
            }
            AttributeKind::Relation(relation) => self.relation(&relation.target, &last(value)),
            AttributeKind::Media { .. } => self.relation(builtin::FILE, value),
            AttributeKind::Component { component, .. } => self.parts(Some(component), value),
            AttributeKind::DynamicZone { .. } => self.parts(None, value),
            _ => Ok(value.clone()),
        }
    }

    fn parts(&mut self, component: Option<&str>, value: &Value) -> AppResult<Value> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.parts(component, item)).collect(),
            Value::Object(map) => {
                let uid = component.or_else(|| map.get("__component").and_then(Value::as_str));
                let model = self.work.model;
                match uid.and_then(|uid| model.component(uid)) {
                    Some(part) => Ok(self.object(&part.attributes, map)?.into()),
                    None => Ok(value.clone()),
                }
            }
            other => Ok(other.clone()),
        }
    }

    /// What is neither a name, a list nor an edit stays as it is.
    fn relation(&mut self, target: &str, value: &Value) -> AppResult<Value> {
        match value {
            Value::Array(_) | Value::String(_) | Value::Number(_) => {
                Ok(json!({ "set": self.references(target, value)? }))
            }
            Value::Object(map) if is_reference(map) => {
                Ok(json!({ "set": self.references(target, value)? }))
            }
            Value::Object(map) => self.edit(target, map),
            Value::Null | Value::Bool(_) => {
                self.note(target, value)?;
                Ok(value.clone())
            }
        }
    }

    fn edit(&mut self, target: &str, map: &Map<String, Value>) -> AppResult<Value> {
        let mut edit = map.clone();
        for word in ["set", "disconnect", "connect"] {
            if let Some(value) = map.get(word).filter(|value| is_truthy(value)) {
                edit.insert(word.into(), self.references(target, value)?.into());
            }
        }
        Ok(edit.into())
    }

    /// Lists of lists are one list; what says nothing is left out of them.
    fn references(&mut self, target: &str, value: &Value) -> AppResult<Vec<Value>> {
        match value {
            Value::Array(items) => {
                let mut references = Vec::new();
                for item in
                    items.iter().filter(|item| !matches!(item, Value::Null | Value::Bool(false)))
                {
                    references.extend(self.references(target, item)?);
                }
                Ok(references)
            }
            Value::Object(map) => self.reference(target, map),
            Value::String(text) if !begins_with_number(text) => {
                self.reference(target, &Map::from_iter([("documentId".to_owned(), value.clone())]))
            }
            Value::String(_) | Value::Number(_) => {
                self.numbered(target, Map::from_iter([("id".to_owned(), value.clone())]))
            }
            Value::Null | Value::Bool(_) => {
                self.note(target, value)?;
                Ok(vec![value.clone()])
            }
        }
    }

    /// `{id, position}` for each row of a document that is linked; an object with an id stays
    /// as it is.
    fn reference(&mut self, target: &str, item: &Map<String, Value>) -> AppResult<Vec<Value>> {
        // Only a relation that leads anywhere lets its items say where.
        let named = text(item, TYPE).filter(|_| target.is_empty());
        let uid = named.unwrap_or(target).to_owned();
        let Some(document_id) = item.get("documentId").filter(|id| is_truthy(id)) else {
            // An edit in the place of a name leads nowhere, which messages show resolved.
            return match self.edit(&uid, item)? {
                Value::Object(item) => self.numbered(&uid, item),
                _ => Ok(Vec::new()),
            };
        };
        let version = Version { locale: text(item, "locale"), status: text(item, "status") };
        let ids = self.by_document_id(&uid, &joined(document_id), version)?;
        let mut reference = Map::from_iter([("id".to_owned(), Value::Null)]);
        if let Some(position) = item.get("position").filter(|position| is_truthy(position)) {
            reference.insert("position".into(), self.position(&uid, position, version)?);
        }
        if let Some(named) = named {
            reference.insert(TYPE.into(), named.into());
        }
        let with = |id: i64| {
            let mut reference = reference.clone();
            reference.insert("id".into(), id.into());
            reference.into()
        };
        Ok(ids.into_iter().map(with).collect())
    }

    /// The neighbours of a document named by its documentId are named the same way.
    fn position(&mut self, uid: &str, given: &Value, version: Version<'_>) -> AppResult<Value> {
        let mut position = given.as_object().cloned().unwrap_or_default();
        for word in ["before", "after"] {
            if let Some(name) = position.get(word).filter(|name| is_truthy(name)) {
                let ids = self.by_document_id(uid, &joined(name), version)?;
                position.insert(word.into(), ids.first().copied().into());
            }
        }
        Ok(position.into())
    }

    /// An item that names rows by their numbers; notes the documents they belong to.
    fn numbered(&mut self, uid: &str, item: Map<String, Value>) -> AppResult<Vec<Value>> {
        let neighbours = ["before", "after"].map(|word| item.get("position")?.get(word));
        for name in neighbours.into_iter().chain([item.get("id")]).flatten() {
            self.note(uid, name)?;
        }
        Ok(vec![item.into()])
    }

    /// Notes the document of the row a value names, if there is one.
    fn note(&mut self, uid: &str, name: &Value) -> AppResult<()> {
        row_number(name).map_or(Ok(()), |id| self.by_id(uid, id))
    }
}

/// The version of a document a client names beside it.
#[derive(Debug, Clone, Copy)]
struct Version<'a> {
    locale: Option<&'a str>,
    status: Option<&'a str>,
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An attribute that leads to one document keeps the last of a list.
fn last(value: &Value) -> Value {
    let only = |items: &[Value]| items.last().cloned().into_iter().collect::<Vec<_>>();
    let mut value = value.clone();
    match &mut value {
        Value::Array(items) => *items = only(items),
        Value::Object(map) => {
            if let Some(Value::Array(items)) = map.get_mut("set") {
                *items = only(items);
            }
        }
        _ => {}
    }
    value
}

/// Whether JavaScript takes the value for true.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// Text that begins like a number is taken for a row's number, not for a documentId.
fn begins_with_number(text: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// The row a database finds under this value of a numeric id.
pub(crate) fn row_number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "whole, and no row has a larger number")]
    (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64)
}

/// `{id: 1}` or `{documentId: "…"}`
fn is_reference(map: &Map<String, Value>) -> bool {
    map.contains_key("id") || map.contains_key("documentId")
}
