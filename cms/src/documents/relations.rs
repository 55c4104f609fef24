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

use super::work::Work;
use crate::error::AppResult;
use crate::store::links::Target;

pub(crate) use exist::missing;

/// Numeric ids a client named, with their types, and the documents they belong to.
pub(crate) type Targets = HashMap<(String, i64), Target>;

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
    let mut resolver = Resolver { work, source_locale, targets: Targets::new() };
    let resolved = resolver.object(&ty.attributes, map)?;
    Ok((Value::Object(resolved), resolver.targets))
}

struct Resolver<'w, 'c> {
    work: &'w mut Work<'c>,
    source_locale: Option<String>,
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
            AttributeKind::Relation(relation) => self.relation(&relation.target, value),
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

    fn relation(&mut self, target: &str, value: &Value) -> AppResult<Value> {
        match value {
            Value::Array(_) | Value::String(_) | Value::Number(_) => {
                Ok(json!({ "set": self.references(target, value)? }))
            }
            Value::Object(map) if is_reference(map) => {
                Ok(json!({ "set": self.references(target, value)? }))
            }
            Value::Object(map) => self.edit(target, map),
            Value::Null | Value::Bool(_) => Ok(value.clone()),
        }
    }

    fn edit(&mut self, target: &str, map: &Map<String, Value>) -> AppResult<Value> {
        let mut edit = Map::new();
        for word in ["set", "disconnect", "connect"] {
            if let Some(value) = map.get(word).filter(|value| !value.is_null()) {
                edit.insert(word.into(), self.references(target, value)?);
            }
        }
        Ok(edit.into())
    }

    /// A list of `{id, position}`.
    fn references(&mut self, target: &str, value: &Value) -> AppResult<Value> {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        let mut references = Vec::new();
        for item in items.iter().filter(|item| !item.is_null()) {
            references.extend(self.reference(target, item)?);
        }
        Ok(references.into())
    }

    fn reference(&mut self, target: &str, item: &Value) -> AppResult<Option<Value>> {
        let uid = item.get(TYPE).and_then(Value::as_str).unwrap_or(target).to_owned();
        let locale = item.get("locale").and_then(Value::as_str);
        let Some(id) = self.row_id(&uid, item, locale)? else { return Ok(None) };
        let mut reference = Map::from_iter([("id".to_owned(), id)]);
        if let Some(named) = item.get(TYPE) {
            reference.insert(TYPE.into(), named.clone());
        }
        if let Some(Value::Object(position)) = item.get("position") {
            reference.insert("position".into(), self.position(&uid, position, locale)?);
        }
        Ok(Some(reference.into()))
    }

    fn position(
        &mut self,
        uid: &str,
        position: &Map<String, Value>,
        locale: Option<&str>,
    ) -> AppResult<Value> {
        let mut resolved = position.clone();
        for word in ["before", "after"] {
            let Some(neighbour) = position.get(word).filter(|value| !value.is_null()) else {
                continue;
            };
            let id = self.row_id(uid, neighbour, locale)?.unwrap_or(Value::Null);
            resolved.insert(word.into(), id);
        }
        Ok(resolved.into())
    }
}

/// `{id: 1}` or `{documentId: "…"}`
fn is_reference(map: &Map<String, Value>) -> bool {
    map.contains_key("id") || map.contains_key("documentId")
}
