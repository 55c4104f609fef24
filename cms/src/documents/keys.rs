//! Keys a client may not send: unknown ones, and those the server sets.

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Set by the server; naming them is an error.
const SYSTEM: [&str; 5] = ["createdAt", "updatedAt", "createdBy", "updatedBy", "localizations"];
/// Every document has them; their value in a body does not count.
const IGNORED: [&str; 2] = ["locale", "publishedAt"];
const IDENTITY: [&str; 2] = ["id", "documentId"];
/// How a relation is edited.
const RELATION_WORDS: [&str; 4] = ["connect", "disconnect", "set", "options"];

/// Refuses the first key that may not be written.
///
/// `may_see` says whether the caller may read documents of a type: relations to others
/// cannot be written.
///
/// # Errors
/// `Invalid key …`, naming the key and where it stands.
pub(crate) fn check(
    model: &ContentModel,
    ty: &ContentType,
    data: &Value,
    may_see: &dyn Fn(&str) -> bool,
) -> Result<(), ApiError> {
    let map = match data {
        Value::Object(map) => map,
        Value::Array(items) => {
            return items.iter().try_for_each(|item| check(model, ty, item, may_see));
        }
        _ => return Ok(()),
    };
    if let Some(key) = IDENTITY.iter().find(|key| map.contains_key(**key)) {
        return Err(invalid(key, None, None));
    }
    for (key, _) in map.iter() {
        let fixed = ty.attributes.get(key).is_some_and(|attribute| !attribute.writable);
        let is_system = SYSTEM.contains(&key.as_str()) && !ty.attributes.contains_key(key);
        if fixed || is_system {
            return Err(invalid(key, Some(json!(key)), None));
        }
    }
    let walk = Walk { model, may_see };
    for (key, value) in map {
        match ty.attributes.get(key) {
            Some(attribute) => walk.value(attribute, key, value)?,
            None if IGNORED.contains(&key.as_str()) => {}
            None => return Err(invalid(key, Some(Value::Null), None)),
        }
    }
    walk.relations(&ty.attributes, map, "")
}

/// Checks one object of a list, or a value that is one.
type CheckObject<'a> = dyn Fn(&Map<String, Value>) -> Result<(), ApiError> + 'a;

struct Walk<'a> {
    model: &'a ContentModel,
    may_see: &'a dyn Fn(&str) -> bool,
}

impl Walk<'_> {
    fn value(&self, attribute: &Attribute, path: &str, value: &Value) -> Result<(), ApiError> {
        match &attribute.kind {
            AttributeKind::Component { component, .. } => {
                let attributes = self.model.component(component).map(|part| &part.attributes);
                self.items(value, path, &|map| self.object(attributes, map, path, &IDENTITY))
            }
            AttributeKind::DynamicZone { .. } => self.zone(path, value),
            AttributeKind::Relation(relation) => {
                self.items(value, path, &|map| self.reference(&relation.target, map, path))
            }
            AttributeKind::Media { .. } => {
                let target = cms_api::builtin::FILE;
                self.items(value, path, &|map| self.reference(target, map, path))
            }
            _ => Ok(()),
        }
    }

    /// A list inside a list is looked at as an object whose keys are its indexes.
    fn items(&self, value: &Value, path: &str, check: &CheckObject<'_>) -> Result<(), ApiError> {
        for item in items(value) {
            match item {
                Value::Object(map) => check(map)?,
                Value::Array(inner) if !inner.is_empty() => {
                    return Err(invalid("0", Some(json!(path)), Some(path)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Only lists are zones.
    fn zone(&self, path: &str, value: &Value) -> Result<(), ApiError> {
        for map in value.as_array().into_iter().flatten().filter_map(Value::as_object) {
            let uid = map.get("__component").and_then(Value::as_str);
            if let Some(part) = uid.and_then(|uid| self.model.component(uid)) {
                let also = ["id", "documentId", "__component"];
                self.object(Some(&part.attributes), map, path, &also)?;
            }
        }
        Ok(())
    }

    fn object(
        &self,
        attributes: Option<&IndexMap<String, Attribute>>,
        map: &Map<String, Value>,
        path: &str,
        also: &[&str],
    ) -> Result<(), ApiError> {
        for (key, value) in map {
            match attributes.and_then(|attributes| attributes.get(key)) {
                Some(attribute) => self.value(attribute, &format!("{path}.{key}"), value)?,
                None if also.contains(&key.as_str()) => {}
                None => return Err(invalid(key, Some(json!(path)), Some(path))),
            }
        }
        Ok(())
    }

    /// An object that names a document may also hold the target's own attributes, and they
    /// theirs.
    fn reference(
        &self,
        target: &str,
        map: &Map<String, Value>,
        path: &str,
    ) -> Result<(), ApiError> {
        let attributes = self.model.get(target).map(|ty| &ty.attributes);
        for (key, value) in map {
            if let Some(attribute) = attributes.and_then(|attributes| attributes.get(key)) {
                self.value(attribute, &format!("{path}.{key}"), value)?;
                continue;
            }
            let key = key.as_str();
            let known = IDENTITY.contains(&key)
                || RELATION_WORDS.contains(&key)
                || IGNORED.contains(&key)
                || SYSTEM.contains(&key)
                || key == "__type";
            if !known {
                return Err(invalid(key, Some(json!(path)), Some(path)));
            }
        }
        Ok(())
    }

    fn relations(
        &self,
        attributes: &IndexMap<String, Attribute>,
        map: &Map<String, Value>,
        above: &str,
    ) -> Result<(), ApiError> {
        for (key, value) in map {
            let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
            match attributes.get(key).map(|attribute| &attribute.kind) {
                Some(AttributeKind::Relation(relation)) => {
                    let hidden = !relation.target.is_empty() && !(self.may_see)(&relation.target);
                    if hidden {
                        let at = (!above.is_empty()).then_some(path.as_str());
                        return Err(invalid(key, Some(json!(path)), at));
                    }
                }
                Some(AttributeKind::Component { component, .. }) => {
                    self.relations_below(Some(component), value, &path)?;
                }
                Some(AttributeKind::DynamicZone { .. }) => {
                    self.relations_below(None, value, &path)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn relations_below(
        &self,
        component: Option<&str>,
        value: &Value,
        path: &str,
    ) -> Result<(), ApiError> {
        for item in items(value) {
            let uid = component.or_else(|| item.get("__component").and_then(Value::as_str));
            let part = uid.and_then(|uid| self.model.component(uid));
            if let (Some(part), Value::Object(map)) = (part, item) {
                self.relations(&part.attributes, map, path)?;
            }
        }
        Ok(())
    }
}

/// The items of a list, or the value alone.
fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        other => std::slice::from_ref(other),
    }
}

fn invalid(key: &str, path: Option<Value>, at: Option<&str>) -> ApiError {
    let message = match at.filter(|at| *at != key) {
        Some(at) => format!("Invalid key {key} at {at}"),
        None => format!("Invalid key {key}"),
    };
    let mut details = Map::from_iter([("key".to_owned(), json!(key))]);
    if let Some(path) = path {
        details.insert("path".into(), path);
    }
    details.insert("source".into(), json!("body"));
    ApiError::validation(message).with_details(details.into())
}
