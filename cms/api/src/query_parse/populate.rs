//! `populate`: which attributes are filled in, and how.
//!
//! Two spellings lead to the same result: dotted paths (`author.avatar`) and objects. They are
//! checked differently and report errors with different paths, as in Strapi.

mod paths;

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::query::{Link, Populate};

use super::problem::{Param, join};
use super::shape::{Shape, Target, shape_of};
use super::{MAX_POPULATED, QueryParser, coerce, show_sort_keys};

/// Where in the parameter a value stands.
#[derive(Debug, Clone)]
struct Place {
    /// Every key on the way.
    raw: String,
    /// Attributes only.
    attribute: Option<String>,
}

impl Place {
    fn below(&self, key: &str) -> Self {
        Self { raw: format!("{}.{key}", self.raw), attribute: self.attribute.clone() }
    }

    fn invalid(&self, key: &str) -> ApiError {
        Param::Populate.invalid_key(key, self.attribute.as_deref())
    }
}

impl<'a> QueryParser<'a> {
    pub(super) fn populate(
        &self,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Vec<Populate>, ApiError> {
        let found = match value {
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            value => self.populate_value(value, shape, None)?,
        };
        if count(&found) > MAX_POPULATED {
            return Err(ApiError::validation(format!(
                "Invalid populate parameter. At most {MAX_POPULATED} attributes can be populated"
            )));
        }
        Ok(found)
    }

    fn populate_value(
        &self,
        value: &Value,
        shape: Shape<'a>,
        place: Option<&Place>,
    ) -> Result<Vec<Populate>, ApiError> {
        match value {
            Value::String(text) if text == "*" => Ok(self.everything(shape)),
            Value::String(text) => self.populate_paths(&[text.as_str()], shape),
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                self.populate_paths(&texts.ok_or_else(invalid_populate)?, shape)
            }
            Value::Object(members) => self.populate_object(members, shape, place),
            _ => Err(invalid_populate()),
        }
    }

    /// One level of everything the caller may see, dynamic zones last.
    fn everything(&self, shape: Shape<'a>) -> Vec<Populate> {
        let own = shape.attribute_names();
        let system = shape.is_type().then_some("localizations");
        let all = own.chain(system).filter_map(|name| self.plain(name, shape));
        let (zones, others): (Vec<_>, Vec<_>) =
            all.partition(|one| matches!(one.link, Link::DynamicZone { .. }));
        others.into_iter().chain(zones).collect()
    }

    /// The attribute with nothing below it, when the caller may see it.
    fn plain(&self, name: &str, shape: Shape<'a>) -> Option<Populate> {
        let found = self.find(shape, name).filter(|found| !found.private)?;
        match found.target {
            Target::Link { link, readable: true, .. } => Some(Populate::plain(name, link)),
            Target::Zone(components) => {
                let link = Link::DynamicZone { components: components.to_vec() };
                Some(Populate::plain(name, link))
            }
            Target::Link { .. } | Target::Scalar(_) | Target::Beyond => None,
        }
    }

    fn populate_object(
        &self,
        members: &Map<String, Value>,
        shape: Shape<'a>,
        place: Option<&Place>,
    ) -> Result<Vec<Populate>, ApiError> {
        let mut found = Vec::new();
        for (key, value) in members {
            let attribute = place.and_then(|place| place.attribute.as_deref());
            let raw = join(place.map(|place| place.raw.as_str()), key);
            let Some(known) = self.find(shape, key) else {
                if is_keyword(key) || coerce::boolean_word(key).is_some() {
                    continue;
                }
                return Err(Param::Populate.invalid_key(key, attribute));
            };
            if known.is_scalar() {
                return Err(Param::Populate.invalid_key(key, Some(&raw)));
            }
            let attribute = join(attribute, key);
            if known.private {
                return Err(Param::Populate.invalid_key(key, Some(&attribute)));
            }
            let place = Place { raw, attribute: Some(attribute) };
            found.extend(self.populate_one(key, value, shape, &place)?);
        }
        Ok(found)
    }

    /// What stands for one attribute: yes, no, or options.
    fn populate_one(
        &self,
        name: &str,
        value: &Value,
        shape: Shape<'a>,
        place: &Place,
    ) -> Result<Option<Populate>, ApiError> {
        let target = self.find(shape, name).map(|found| found.target);
        if let (Some(Target::Zone(components)), Value::Object(options)) = (&target, value) {
            return self.populate_zone(name, components, options, shape, place).map(Some);
        }
        match (value, target) {
            (Value::Null, _) | (_, None) => Ok(None),
            (Value::Object(options), Some(Target::Link { link, shape: target, readable })) => {
                if options.get("on").is_some_and(Value::is_object) {
                    self.populate_options(Populate::plain(name, link), options, target, place)?;
                    return Err(ApiError::validation(format!(
                        "Using fragments is not permitted to populate \"{name}\" in \"{}\"",
                        shape.uid()
                    )));
                }
                let plain = Populate::plain(name, link);
                let populate = self.populate_options(plain, options, target, place)?;
                Ok(Some(populate).filter(|_| readable))
            }
            (Value::Array(_), _) => Err(invalid_nested()),
            (Value::Object(_), _) => Ok(None),
            (Value::String(text), target) if coerce::boolean(value).is_none() && text != "*" => {
                let key = text.trim().split('.').next().unwrap_or_default();
                let shape = match target {
                    Some(Target::Link { shape, .. }) => shape,
                    _ => shape,
                };
                let known = self.find(shape, key).map(|_| join(place.attribute.as_deref(), key));
                let path = known.as_deref().or(place.attribute.as_deref());
                Err(Param::Populate.invalid_key(key, path))
            }
            (value, Some(Target::Zone(_))) if value == "*" => Err(invalid_zone(shape, name, value)),
            (value, _) if value == "*" || coerce::boolean(value) == Some(true) => {
                Ok(self.plain(name, shape))
            }
            (value, _) if coerce::boolean(value) == Some(false) => Ok(None),
            _ => Err(invalid_nested()),
        }
    }

    fn populate_options(
        &self,
        mut populate: Populate,
        options: &Map<String, Value>,
        shape: Shape<'a>,
        place: &Place,
    ) -> Result<Populate, ApiError> {
        let param = Param::Populate;
        for (key, value) in options {
            let blank = value.is_null() || *value == Value::String(String::new());
            match key.as_str() {
                "on" => self.check_fragments(value, place)?,
                "count" => {
                    populate.count =
                        coerce::boolean(value).ok_or_else(|| place.invalid("count"))?;
                }
                "sort" => populate.sort = self.sort(value, shape, param)?,
                "filters" if blank => {}
                "filters" => populate.filter = self.filters(value, shape, param)?,
                "fields" if blank => {}
                "fields" => populate.fields = self.fields(value, shape, param)?,
                "populate" if value.is_null() => {}
                "populate" if blank => return Err(place.invalid("")),
                "populate" => {
                    populate.populate =
                        self.populate_value(value, shape, Some(&place.below(key)))?;
                }
                key if coerce::boolean_word(key).is_some() => {}
                key => {
                    let known = self.find(shape, key);
                    let path = known.map(|_| join(place.attribute.as_deref(), key));
                    let path = path.as_deref().or(place.attribute.as_deref());
                    return Err(param.invalid_key(key, path));
                }
            }
        }
        show_sort_keys(&mut populate.fields, &populate.sort);
        Ok(populate)
    }

    fn check_fragments(&self, value: &Value, place: &Place) -> Result<(), ApiError> {
        let raw = place.below("on").raw;
        let Value::Object(fragments) = value else {
            return Err(Param::Populate.invalid_key("on", Some(&raw)));
        };
        match fragments.keys().find(|uid| shape_of(self.model, uid).is_none()) {
            Some(uid) => Err(Param::Populate.invalid_key(uid, Some(&format!("{raw}.{uid}")))),
            None => Ok(()),
        }
    }

    /// A dynamic zone takes `on` with options per component, or `populate=*`.
    fn populate_zone(
        &self,
        name: &str,
        components: &[String],
        options: &Map<String, Value>,
        shape: Shape<'a>,
        place: &Place,
    ) -> Result<Populate, ApiError> {
        let wildcard = match options.get("populate") {
            None | Some(Value::Null) => false,
            Some(value) if value == "*" => true,
            Some(_) => return Err(Param::Populate.invalid_key("populate", Some(&place.raw))),
        };
        for key in options.keys() {
            if !is_keyword(key) && coerce::boolean_word(key).is_none() {
                return Err(place.invalid(key));
            }
        }
        if let Some(value) = options.get("on") {
            self.check_fragments(value, place)?;
        }
        if options.keys().any(|key| !matches!(key.as_str(), "populate" | "on" | "count")) {
            return Err(invalid_zone(shape, name, &Value::Object(options.clone())));
        }
        let link = Link::DynamicZone { components: components.to_vec() };
        let mut populate = Populate::plain(name, link);
        if let Some(Value::Object(fragments)) = options.get("on") {
            populate.on = Some(self.fragments(fragments, place)?);
        } else if wildcard {
            // Drafts may hold components the zone does not list.
            let all = self.model.components().map(|part| {
                let mut fragment = fragment(&part.uid);
                fragment.populate = self.everything(Shape::Component(part));
                (part.uid.clone(), fragment)
            });
            populate.on = Some(all.collect());
        }
        Ok(populate)
    }

    fn fragments(
        &self,
        fragments: &Map<String, Value>,
        place: &Place,
    ) -> Result<Vec<(String, Populate)>, ApiError> {
        let mut found = Vec::with_capacity(fragments.len());
        for (uid, value) in fragments {
            let Some(shape) = shape_of(self.model, uid) else { continue };
            let raw = format!("{}[{uid}]", place.below("on").raw);
            let place = Place { raw, attribute: place.attribute.clone() };
            match value {
                Value::Object(options) => {
                    let options = self.populate_options(fragment(uid), options, shape, &place)?;
                    found.push((uid.clone(), options));
                }
                Value::String(text) if coerce::boolean(value).is_none() && text != "*" => {
                    return Err(place.invalid(text));
                }
                Value::Null | Value::Array(_) => return Err(invalid_nested()),
                value if coerce::truthy(value) => found.push((uid.clone(), fragment(uid))),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// How the items of one component in a zone are shown.
fn fragment(uid: &str) -> Populate {
    Populate::plain(uid, Link::Component { component: uid.to_owned(), repeatable: true })
}

fn is_keyword(key: &str) -> bool {
    matches!(key, "on" | "count" | "sort" | "filters" | "fields" | "populate")
}

fn count(populated: &[Populate]) -> usize {
    populated
        .iter()
        .map(|one| {
            // Others than the listed components cost nothing where there are none.
            let listed = |uid: &String| match &one.link {
                Link::DynamicZone { components } => components.contains(uid),
                _ => true,
            };
            let fragments = one.on.iter().flatten().filter(|(uid, _)| listed(uid));
            let below = fragments.map(|(_, fragment)| count(&fragment.populate));
            1 + count(&one.populate) + below.sum::<usize>()
        })
        .sum()
}

fn invalid_populate() -> ApiError {
    ApiError::validation(
        "Invalid populate parameter. Expected a string, an array of strings, a populate object",
    )
}

fn invalid_nested() -> ApiError {
    ApiError::validation("Invalid nested populate. Expected '*' or an object")
}

fn invalid_zone(shape: Shape<'_>, name: &str, found: &Value) -> ApiError {
    ApiError::validation(format!(
        "Invalid nested populate for {}.{name} ({}). Expected a fragment (\"on\") or \"count\" but \
         found {found}",
        shape.singular_name(),
        shape.uid(),
    ))
}
