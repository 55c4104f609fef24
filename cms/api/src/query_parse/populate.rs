//! `populate`: which attributes are filled in, and how.
//!
//! Two spellings lead to the same result: dotted paths (`author.avatar`) and objects. Names
//! are checked over the whole parameter first ([`check`]); what is made of it here leaves out
//! what the caller may not see.

mod check;
mod paths;

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::query::{Link, Populate};

use super::problem::late_invalid_key;
use super::shape::{Shape, Target, shape_of};
use super::{MAX_POPULATED, QueryParser, coerce, show_sort_keys};

impl<'a> QueryParser<'a> {
    pub(super) fn populate(
        &self,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Vec<Populate>, ApiError> {
        let found = self.populate_clause(value, shape)?;
        if count(&found) > MAX_POPULATED {
            return Err(ApiError::validation(format!(
                "Invalid populate parameter. At most {MAX_POPULATED} attributes can be populated"
            )));
        }
        Ok(found)
    }

    fn populate_clause(&self, value: &Value, shape: Shape<'a>) -> Result<Vec<Populate>, ApiError> {
        match value {
            Value::Null => Ok(Vec::new()),
            Value::String(text) if text == "*" => Ok(self.everything(shape)),
            Value::String(text) => Ok(self.populate_paths(&paths::split(&[text]), shape)),
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                let texts = texts.ok_or_else(invalid_populate)?;
                Ok(self.populate_paths(&paths::split(&texts), shape))
            }
            Value::Object(members) => {
                let mut found = Vec::new();
                for (name, value) in members {
                    found.extend(self.populate_one(name, value, shape)?);
                }
                Ok(found)
            }
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

    /// What stands for one attribute: yes, no, or options.
    fn populate_one(
        &self,
        name: &str,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Option<Populate>, ApiError> {
        let word = value.as_str().and_then(coerce::boolean_word);
        if let Some(wanted) = word.or_else(|| value.as_bool()) {
            return Ok(self.plain(name, shape).filter(|_| wanted));
        }
        match self.find(shape, name).map(|found| found.target) {
            Some(Target::Zone(components)) => {
                self.populate_zone(name, components, value, shape).map(Some)
            }
            Some(Target::Link { link, shape: target, readable: true }) => {
                if value.get("on").is_some_and(|on| !on.is_null()) {
                    return Err(ApiError::validation(format!(
                        "Using fragments is not permitted to populate \"{name}\" in \"{}\"",
                        shape.uid()
                    )));
                }
                self.populate_nested(Populate::plain(name, link), value, target)
            }
            _ => Ok(None),
        }
    }

    /// Options, or a word: any but the empty one is yes.
    fn populate_nested(
        &self,
        plain: Populate,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Option<Populate>, ApiError> {
        match value {
            Value::String(_) | Value::Bool(_) => Ok(Some(plain).filter(|_| coerce::truthy(value))),
            Value::Object(options) => self.populate_options(plain, options, shape).map(Some),
            _ => Err(ApiError::validation("Invalid nested populate. Expected '*' or an object")),
        }
    }

    fn populate_options(
        &self,
        mut populate: Populate,
        options: &Map<String, Value>,
        shape: Shape<'a>,
    ) -> Result<Populate, ApiError> {
        let given = |name: &str| options.get(name).filter(|value| coerce::is_given(value));
        if let Some(sort) = given("sort") {
            populate.sort = self.sort(sort, shape)?;
            if let Some(key) = populate.sort.iter().find(|key| !key.through.is_empty()) {
                return Err(ApiError::validation(format!(
                    "Invalid sort: what is populated is ordered by its own fields, not by {}",
                    key.field
                )));
            }
        }
        if let Some(filters) = given("filters") {
            populate.filter = self.filters(filters, shape)?;
        }
        if let Some(fields) = given("fields") {
            populate.fields = self.fields(fields, shape)?;
        }
        if let Some(inner) = given("populate") {
            populate.populate = self.populate_clause(inner, shape)?;
        }
        populate.count = given("count").is_some_and(coerce::truthy);
        show_sort_keys(&mut populate.fields, &populate.sort);
        Ok(populate)
    }

    /// A dynamic zone takes `on` with options per component, or `populate=*`. Beside `on`
    /// nothing else counts.
    fn populate_zone(
        &self,
        name: &str,
        components: &[String],
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Populate, ApiError> {
        let link = Link::DynamicZone { components: components.to_vec() };
        let mut populate = Populate::plain(name, link);
        let Value::Object(options) = value else {
            return Err(invalid_zone(shape, name, value));
        };
        match options.get("on") {
            Some(Value::Object(fragments)) => {
                populate.on = Some(self.fragments(name, fragments)?);
                return Ok(populate);
            }
            Some(on) if !on.is_null() => populate.on = Some(Vec::new()),
            _ => {}
        }
        if options.keys().any(|key| !matches!(key.as_str(), "populate" | "on" | "count")) {
            return Err(invalid_zone(shape, name, value));
        }
        if options.get("populate").is_some_and(|populate| populate == "*") && populate.on.is_none()
        {
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

    pub(super) fn fragments(
        &self,
        zone: &str,
        fragments: &Map<String, Value>,
    ) -> Result<Vec<(String, Populate)>, ApiError> {
        let mut found = Vec::with_capacity(fragments.len());
        for (uid, value) in fragments {
            let Some(shape) = shape_of(self.model, uid) else { continue };
            // Of `*` becomes a list of attributes, where options are expected.
            if let Some(first) = self.everything(shape).first().filter(|_| value == "*") {
                return Err(late_invalid_key(&first.name, Some(&format!("{zone}.{}", first.name))));
            }
            let populate = self.populate_nested(fragment(uid), value, shape)?;
            found.extend(populate.map(|populate| (uid.clone(), populate)));
        }
        Ok(found)
    }
}

/// How the items of one component in a zone are shown.
fn fragment(uid: &str) -> Populate {
    Populate::plain(uid, Link::Component { component: uid.to_owned(), repeatable: true })
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

fn invalid_zone(shape: Shape<'_>, name: &str, found: &Value) -> ApiError {
    ApiError::validation(format!(
        "Invalid nested populate for {}.{name} ({}). Expected a fragment (\"on\") or \"count\" but \
         found {found}",
        shape.singular_name(),
        shape.uid(),
    ))
}
