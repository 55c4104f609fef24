//! Which names a populate may use, before anything is made of it.
//!
//! Strapi walks the whole parameter once for names and once more for what is private. Below
//! an attribute stand options, below an option attributes again; dotted paths have rules of
//! their own where they stand alone.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::query_parse::problem::{Param, join};
use crate::query_parse::shape::{Shape, Target, shape_of};
use crate::query_parse::{MAX_PATH, QueryParser, coerce};
use crate::query_string::MAX_ITEMS;

/// Where in the parameter a value stands.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Every key on the way.
    raw: Option<String>,
    /// Attributes only.
    attribute: Option<String>,
    /// Whether the keys here are options of an attribute.
    options: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    Names,
    Private,
}

impl<'a> QueryParser<'a> {
    /// # Errors
    /// The first name that may not be used.
    pub(in crate::query_parse) fn check_populate(
        &self,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<(), ApiError> {
        self.check_clause(value, shape, &Place::default())
    }

    fn check_clause(&self, value: &Value, shape: Shape<'a>, place: &Place) -> Result<(), ApiError> {
        match dotted(value) {
            Some(texts) => self.check_paths(&texts, shape)?,
            None => self.walk(value, shape, place, Walk::Names)?,
        }
        self.walk(value, shape, place, Walk::Private)
    }

    fn walk(
        &self,
        value: &Value,
        shape: Shape<'a>,
        place: &Place,
        walk: Walk,
    ) -> Result<(), ApiError> {
        match value {
            Value::String(text) if text == "*" => Ok(()),
            Value::String(text) => self.walk_members(&tree_of(&[text]), shape, place, walk),
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                let members = match texts {
                    Some(texts) => tree_of(&texts),
                    None => numbered(items),
                };
                self.walk_members(&members, shape, place, walk)
            }
            Value::Object(members) if is_long_list(members) => Err(too_many(members.len())),
            Value::Object(members) => self.walk_members(members, shape, place, walk),
            _ => Ok(()),
        }
    }

    fn walk_members(
        &self,
        members: &Map<String, Value>,
        shape: Shape<'a>,
        above: &Place,
        walk: Walk,
    ) -> Result<(), ApiError> {
        for (key, value) in members {
            let found = self.find(shape, key);
            let attribute = match found {
                Some(_) => Some(join(above.attribute.as_deref(), key)),
                None => above.attribute.clone(),
            };
            let raw = Some(join(above.raw.as_deref(), key));
            let place = Place { raw, attribute, options: above.options };
            match walk {
                Walk::Private if found.as_ref().is_some_and(|found| found.private) => {
                    return Err(place.invalid(key));
                }
                Walk::Private => {}
                Walk::Names => self.check_name(key, value, shape, &place)?,
            }
            let option = matches!(key.as_str(), "sort" | "filters" | "fields");
            if option && (found.is_none() || place.options) {
                continue;
            }
            match found.map(|found| found.target) {
                None => self.walk_option(key, value, shape, &place, walk)?,
                Some(Target::Link { shape, .. }) if !value.is_null() => {
                    self.walk(value, shape, &place.below(), walk)?;
                }
                Some(Target::Zone(_)) => {
                    if let Some(on) = value.get("on").filter(|on| coerce::truthy(on)) {
                        let on = Map::from_iter([("on".to_owned(), on.clone())]);
                        self.walk_members(&on, shape, &place.below(), walk)?;
                    }
                }
                Some(Target::Beyond) => {
                    if let Some(on @ Value::Object(_)) = value.get("on") {
                        let on = Map::from_iter([("on".to_owned(), on.clone())]);
                        self.walk_members(&on, shape, &place.below(), walk)?;
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// What stands below `populate` and `on`.
    fn walk_option(
        &self,
        key: &str,
        value: &Value,
        shape: Shape<'a>,
        place: &Place,
        walk: Walk,
    ) -> Result<(), ApiError> {
        match (key, value) {
            ("populate", value) => {
                self.walk(value, shape, &Place { options: false, ..place.clone() }, walk)
            }
            ("on", Value::Object(fragments)) => {
                for (uid, options) in fragments {
                    let Some(shape) = shape_of(self.model, uid) else { continue };
                    let raw = place.raw.as_deref().unwrap_or_default();
                    let place = Place { raw: Some(format!("{raw}[{uid}]")), ..place.clone() };
                    self.walk(options, shape, &place, walk)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// One key: an attribute that can be populated, or an option and what it says.
    fn check_name(
        &self,
        key: &str,
        value: &Value,
        shape: Shape<'a>,
        place: &Place,
    ) -> Result<(), ApiError> {
        let param = Param::Populate;
        if let Some(found) = self.find(shape, key).filter(|_| !place.options) {
            let many_types = matches!(found.target, Target::Zone(_) | Target::Beyond);
            let inner = value.get("populate").filter(|inner| !inner.is_null() && *inner != "*");
            if many_types && inner.is_some() {
                return Err(param.invalid_key("populate", place.raw.as_deref()));
            }
            if found.is_scalar() {
                return Err(param.invalid_key(key, place.raw.as_deref()));
            }
            return Ok(());
        }
        match key {
            "on" => self.check_fragments(value, place),
            "count" if coerce::boolean(value).is_some() => Ok(()),
            "count" => Err(place.invalid(key)),
            _ if coerce::boolean_word(key).is_some() => Ok(()),
            "sort" => self.check_sort(value, shape, param),
            "filters" => self.check_filters(value, shape, param),
            "fields" => self.check_fields(value, shape, param),
            "populate" => {
                self.check_clause(value, shape, &Place { options: false, ..place.clone() })
            }
            _ => Err(place.invalid(key)),
        }
    }

    fn check_fragments(&self, value: &Value, place: &Place) -> Result<(), ApiError> {
        let raw = place.raw.as_deref();
        let invalid = |uid: &str| Err(Param::Populate.invalid_key(uid, Some(&join(raw, uid))));
        match value {
            Value::Object(fragments) => {
                match fragments.keys().find(|uid| shape_of(self.model, uid).is_none()) {
                    Some(uid) => invalid(uid),
                    None => Ok(()),
                }
            }
            Value::Array(items) if items.is_empty() => Ok(()),
            Value::Array(_) => invalid("0"),
            _ => Err(Param::Populate.invalid_key("on", raw)),
        }
    }

    fn check_paths(&self, texts: &[&str], shape: Shape<'a>) -> Result<(), ApiError> {
        for path in super::paths::split(texts) {
            if path.len() > MAX_PATH {
                return Err(ApiError::validation(format!(
                    "Invalid populate parameter. A path has at most {MAX_PATH} attributes"
                )));
            }
            self.check_path(&path, shape, None)?;
        }
        Ok(())
    }
}

impl Place {
    /// The place of an attribute's options.
    fn below(&self) -> Self {
        Self { options: true, ..self.clone() }
    }

    fn invalid(&self, key: &str) -> ApiError {
        Param::Populate.invalid_key(key, self.attribute.as_deref())
    }
}

/// The texts of a populate that is written as paths.
fn dotted(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) if text == "*" => None,
        Value::String(text) => Some(vec![text]),
        Value::Array(items) if !items.is_empty() => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Paths as the tree they stand for. A comma is a letter here.
fn tree_of(paths: &[&str]) -> Map<String, Value> {
    let mut tree = Map::new();
    for path in paths {
        let names: Vec<_> = path.splitn(MAX_PATH + 1, '.').collect();
        plant(&mut tree, &names);
    }
    tree
}

fn plant(members: &mut Map<String, Value>, names: &[&str]) {
    match names {
        [] => {}
        [last] => {
            members.insert((*last).to_owned(), Value::Bool(true));
        }
        [first, rest @ ..] => {
            let slot = members.entry(*first).or_insert(Value::Null);
            if !slot.is_object() {
                *slot = serde_json::json!({ "populate": {} });
            }
            if let Some(Value::Object(inner)) = slot.get_mut("populate") {
                plant(inner, rest);
            }
        }
    }
}

fn numbered(items: &[Value]) -> Map<String, Value> {
    items.iter().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect()
}

/// What the query grammar makes of a list of texts that is too long.
fn is_long_list(members: &Map<String, Value>) -> bool {
    members.len() > MAX_ITEMS
        && members
            .iter()
            .enumerate()
            .all(|(at, (key, item))| item.is_string() && key.parse() == Ok(at))
}

fn too_many(count: usize) -> ApiError {
    let message = format!(
        "Too many populate entries ({count}). The maximum number of populate entries when using \
         array notation is {MAX_ITEMS}. Consider using object notation (populate[field]=true), \
         nested population, or reducing the number of fields."
    );
    let details = serde_json::json!({ "source": "query", "param": "populate" });
    ApiError::validation(message).with_details(details)
}
