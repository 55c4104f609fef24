//! From the values of an archive to the JSON a row holds.
//!
//! Passwords are hashes already and JSON is JSON already, so neither goes through what the
//! REST API does to them. Components keep the number they have here when they stand at the
//! same place as before, else the number they bring; two at one path never share a number,
//! since links tell them apart by it.

use std::collections::{BTreeMap, HashMap, HashSet};

use cms_api::content_type::{Attribute, AttributeKind};
use cms_api::model::ContentModel;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::documents::coerce;
use crate::documents::relations::apply::target_uid;

/// A component of the archive and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) uid: String,
    /// Its number in the archive.
    pub(super) theirs: i64,
    /// Its number here.
    pub(super) ours: i64,
    /// Names of attributes from the document to it.
    pub(super) path: String,
}

/// Builds the data of one row.
pub(super) struct Builder<'a> {
    model: &'a ContentModel,
    left_out: &'a HashSet<(String, String)>,
    used: HashMap<String, HashSet<i64>>,
    highest: i64,
    pub(super) placed: Vec<Placed>,
    /// Values without an attribute, by owner and name.
    pub(super) unknown: BTreeMap<(String, String), usize>,
}

/// Where the walk stands.
#[derive(Debug, Clone, Copy)]
struct Here<'p> {
    /// The type or component that owns the attributes.
    uid: &'p str,
    path: &'p str,
}

impl<'a> Builder<'a> {
    pub(super) fn new(model: &'a ContentModel, left_out: &'a HashSet<(String, String)>) -> Self {
        Self {
            model,
            left_out,
            used: HashMap::new(),
            highest: 0,
            placed: Vec::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// `before` is what the row holds now.
    ///
    /// # Errors
    /// What is wrong with which attribute.
    pub(super) fn document(
        &mut self,
        uid: &str,
        attributes: &IndexMap<String, Attribute>,
        given: Map<String, Value>,
        before: Option<&Map<String, Value>>,
    ) -> Result<Map<String, Value>, String> {
        self.object(Here { uid, path: "" }, attributes, given, before)
    }

    /// The highest number of a component.
    pub(super) fn highest(&self) -> i64 {
        self.highest
    }

    fn object(
        &mut self,
        here: Here<'_>,
        attributes: &IndexMap<String, Attribute>,
        mut given: Map<String, Value>,
        before: Option<&Map<String, Value>>,
    ) -> Result<Map<String, Value>, String> {
        let mut data = Map::new();
        for (name, attribute) in attributes {
            let value = given.swap_remove(name).unwrap_or(Value::Null);
            let left_out = self.left_out.contains(&(here.uid.to_owned(), name.clone()));
            if target_uid(attribute).is_some() {
                continue;
            }
            let value = if left_out { Value::Null } else { value };
            let path = match here.path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            let before = before.and_then(|before| before.get(name));
            let stored = match &attribute.kind {
                AttributeKind::Component { component, repeatable } => {
                    self.parts(&path, Some(component), value, before, *repeatable)?
                }
                AttributeKind::DynamicZone { .. } => {
                    self.parts(&path, None, value, before, true)?
                }
                kind => scalar(kind, value).map_err(|what| format!("`{path}` {what}"))?,
            };
            data.insert(name.clone(), stored);
        }
        for (name, _) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            *self.unknown.entry((here.uid.to_owned(), name)).or_default() += 1;
        }
        Ok(data)
    }

    fn parts(
        &mut self,
        path: &str,
        component: Option<&str>,
        value: Value,
        before: Option<&Value>,
        several: bool,
    ) -> Result<Value, String> {
        let old = |at: usize| match before {
            Some(Value::Array(items)) => items.get(at).and_then(Value::as_object),
            other => other.and_then(Value::as_object),
        };
        match value {
            Value::Null if several => Ok(Value::Array(Vec::new())),
            Value::Null => Ok(Value::Null),
            Value::Array(items) if several => {
                let mut parts = Vec::new();
                for (at, item) in items.into_iter().enumerate() {
                    let Value::Object(item) = item else {
                        return Err(format!("`{path}` holds something that is no component"));
                    };
                    parts.push(self.part(path, component, item, old(at))?);
                }
                Ok(parts.into())
            }
            Value::Object(item) if !several => self.part(path, component, item, old(0)),
            _ => Err(format!("`{path}` is no {}", if several { "list" } else { "component" })),
        }
    }

    fn part(
        &mut self,
        path: &str,
        component: Option<&str>,
        mut given: Map<String, Value>,
        before: Option<&Map<String, Value>>,
    ) -> Result<Value, String> {
        let named = given.swap_remove("__component");
        let own = named.as_ref().and_then(Value::as_str);
        let uid = component.or(own).ok_or_else(|| format!("`{path}` names no component"))?;
        let model = self.model;
        let part = model
            .component(uid)
            .ok_or_else(|| format!("`{path}` holds a `{uid}`, a component that does not exist"))?;
        let number = |map: &Map<String, Value>| map.get("id").and_then(Value::as_i64);
        let theirs = number(&given);
        given.swap_remove("id");
        let same_kind = |old: &&Map<String, Value>| {
            component.is_some() || old.get("__component").and_then(Value::as_str) == own
        };
        let before = before.filter(same_kind);
        let ours = self.number(path, before.and_then(number), theirs);
        if let Some(theirs) = theirs {
            let (uid, path) = (uid.to_owned(), path.to_owned());
            self.placed.push(Placed { uid, theirs, ours, path });
        }
        let here = Here { uid, path };
        let fields = self.object(here, &part.attributes, given, before)?;
        let mut data = Map::from_iter([("id".to_owned(), Value::from(ours))]);
        if component.is_none() {
            data.insert("__component".into(), uid.into());
        }
        data.extend(fields.into_iter().filter(|(key, _)| key != "id" && key != "__component"));
        Ok(data.into())
    }

    fn number(&mut self, path: &str, kept: Option<i64>, theirs: Option<i64>) -> i64 {
        let used = self.used.entry(path.to_owned()).or_default();
        let free = |id: &i64| *id > 0 && !used.contains(id);
        let fresh = || (self.highest + 1..).find(|id| free(id)).unwrap_or(1);
        let chosen = [kept, theirs].into_iter().flatten().find(|id| free(id));
        let number = chosen.unwrap_or_else(fresh);
        used.insert(number);
        self.highest = self.highest.max(number).max(theirs.unwrap_or_default());
        number
    }
}

/// The stored form of an archive's value.
fn scalar(kind: &AttributeKind, value: Value) -> Result<Value, String> {
    use AttributeKind as Kind;
    if value.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Json | Kind::Blocks => Ok(value),
        Kind::Boolean => match value.as_i64() {
            // Some databases have no truth values.
            Some(number @ 0..=1) => Ok((number == 1).into()),
            _ if value.is_boolean() => Ok(value),
            _ => Err(format!("is `{value}`, not true or false")),
        },
        Kind::Integer | Kind::Float | Kind::Decimal => {
            let parsed = value.as_str().and_then(|text| serde_json::from_str(text).ok());
            let number = parsed.unwrap_or(value);
            if !number.is_number() {
                return Err(format!("is `{number}`, not a number"));
            }
            coerce::scalar(kind, number).map_err(|error| format!("is unusable: {error}"))
        }
        Kind::BigInteger | Kind::Date | Kind::Time | Kind::DateTime | Kind::Timestamp => {
            let shown = value.to_string();
            coerce::scalar(kind, value).map_err(|error| format!("is {shown}: {error}"))
        }
        _ if value.is_string() => Ok(value),
        _ => Err(format!("is `{value}`, not text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_taken_as_they_are_stored() {
        use AttributeKind as Kind;
        let hash = json!("$2a$10$abc");
        assert_eq!(scalar(&Kind::Password, hash.clone()), Ok(hash));
        assert_eq!(scalar(&Kind::Json, json!("12")), Ok(json!("12")));
        assert_eq!(scalar(&Kind::Boolean, json!(1)), Ok(json!(true)));
        assert_eq!(scalar(&Kind::Decimal, json!("3.50")), Ok(json!(3.5)));
        assert_eq!(
            scalar(&Kind::BigInteger, json!("9007199254740993")).unwrap(),
            "9007199254740993"
        );
        for (kind, wrong) in [
            (Kind::String, json!(1)),
            (Kind::Boolean, json!("yes")),
            (Kind::Integer, json!("x")),
            (Kind::Date, json!("soon")),
        ] {
            assert!(scalar(&kind, wrong).is_err(), "{kind:?}");
        }
    }
}
