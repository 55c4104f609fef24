//! From a query's tree to a checked [`QuerySpec`], with Strapi's rules and its very words.
//!
//! The tree is what [`crate::query_string::parse`] reads or a configuration file holds: numbers
//! and booleans are accepted wherever a URL would spell them as text. Nothing that a caller may
//! not read can be filtered or sorted by, and what cannot be populated is left out.

mod coerce;
mod fields;
mod filters;
mod linked;
mod locale;
mod operand;
mod pagination;
mod populate;
mod problem;
mod publication;
mod shape;
mod sort;

use serde_json::{Map, Value};

use crate::builtin;
use crate::content_type::{ContentType, Kind};
use crate::error::ApiError;
use crate::model::ContentModel;
use crate::query::{Filter, Locale, Populate, Publication, QuerySpec, SortKey, Status};

use problem::Param;
use shape::Shape;
pub use shape::kind_of;

/// How many rows a list may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub default: u64,
    pub max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { default: 25, max: 100 }
    }
}

/// Attributes a populate may name in all its levels together.
const MAX_POPULATED: usize = 500;
/// Attributes in a row in a sort key or a populate path.
const MAX_PATH: usize = 20;

/// Reads queries against one content model, for one caller.
#[derive(Clone, Copy)]
pub struct QueryParser<'a> {
    pub model: &'a ContentModel,
    pub limits: Limits,
    /// Whether the caller may find documents of the type with this uid. Media need no permission.
    pub readable: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for QueryParser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueryParser").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<'a> QueryParser<'a> {
    /// A parser for one who may read everything.
    #[must_use]
    pub fn unrestricted(model: &'a ContentModel, limits: Limits) -> Self {
        Self { model, limits, readable: &|_| true }
    }

    /// Reads the query of a list.
    ///
    /// # Errors
    /// The first rule that is broken, as Strapi reports it: names before values, and
    /// operands last.
    pub fn list(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        let publication = self.check(ty, tree)?;
        let window = pagination::window(tree, self.limits)?;
        let mut spec = self.shown(ty, tree)?;
        spec.page = window.page(tree)?;
        spec.publication = publication.or(has_published_version(ty, tree)?);
        spec.locale = Locale::All;
        self.conditions(&mut spec, ty, tree, &[])?;
        if !names_locale(ty, tree) {
            spec.among_locales(locale::of_list(ty, tree.get("locale"))?);
        }
        spec.page.with_count = pagination::with_count(tree)?;
        Ok(spec)
    }

    /// Reads the query of a single document; `pagination` does not apply, and the document is
    /// named elsewhere.
    ///
    /// # Errors
    /// As [`QueryParser::list`].
    pub fn one(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        let publication = self.check(ty, tree)?;
        let locale = locale::of_one(ty, tree.get("locale"))?;
        let mut spec = self.shown(ty, tree)?;
        spec.page = pagination::of_one(tree)?;
        spec.publication = publication.or(has_published_version(ty, tree)?);
        spec.locale = if names_locale(ty, tree) { Locale::All } else { locale };
        let named: &[&str] = if ty.kind == Kind::Single { &[] } else { &["documentId"] };
        self.conditions(&mut spec, ty, tree, named)?;
        Ok(spec)
    }

    /// Reads the parameters of a removal or of a publishing action. Unlike a read it may
    /// concern several locales.
    ///
    /// # Errors
    /// As [`QueryParser::list`].
    pub fn write(
        &self,
        ty: &ContentType,
        tree: &Map<String, Value>,
    ) -> Result<QuerySpec, ApiError> {
        let publication = self.check(ty, tree)?;
        let mut spec = self.shown(ty, tree)?;
        spec.page = pagination::of_one(tree)?;
        spec.publication = publication.or(has_published_version(ty, tree)?);
        self.conditions(&mut spec, ty, tree, &[])?;
        spec.among_locales(locale::of_list(ty, tree.get("locale"))?);
        Ok(spec)
    }

    /// Reads the parameters of a create or an update: what to show, and the locale. Which rows
    /// are meant and their order say nothing there; only their names are checked.
    ///
    /// # Errors
    /// As [`QueryParser::list`].
    pub fn save(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        self.check(ty, tree)?;
        let mut shown = tree.clone();
        shown.retain(|key, _| ["fields", "populate", "status"].contains(&key.as_str()));
        let mut spec = self.shown(ty, &shown)?;
        spec.among_locales(locale::of_list(ty, tree.get("locale"))?);
        Ok(spec)
    }

    /// Checks the names in a query of which nothing else is read.
    ///
    /// # Errors
    /// The first name that may not stand where it does, as Strapi reports it.
    pub fn names(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<(), ApiError> {
        self.check(ty, tree).map(drop)
    }

    /// How entries of each type are shown that an attribute of no particular type leads to:
    /// what `on` says, for the types the caller may read.
    ///
    /// # Errors
    /// As [`QueryParser::list`].
    pub fn fragments_of(
        &self,
        attribute: &str,
        on: &Map<String, Value>,
    ) -> Result<Vec<(String, Populate)>, ApiError> {
        let mut fragments = self.fragments(attribute, on)?;
        fragments.retain(|(uid, _)| (self.readable)(uid));
        Ok(fragments)
    }

    /// Names first, in every parameter.
    fn check(
        &self,
        ty: &ContentType,
        tree: &Map<String, Value>,
    ) -> Result<Option<Publication>, ApiError> {
        let shape = Shape::Type(ty);
        let given = |key: &str| tree.get(key).filter(|value| coerce::is_given(value));
        let publication = publication::parse(tree.get("publicationFilter"))?;
        if let Some(filters) = given("filters") {
            self.check_filters(filters, shape, Param::Filters)?;
        }
        if let Some(sort) = given("sort") {
            self.check_sort(sort, shape, Param::Sort)?;
        }
        if let Some(fields) = given("fields") {
            self.check_fields(fields, shape, Param::Fields)?;
        }
        if let Some(populate) = given("populate") {
            self.check_populate(populate, shape)?;
        }
        Ok(publication)
    }

    /// What is shown, and in which order.
    fn shown(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        let shape = Shape::Type(ty);
        let get = |key: &str| tree.get(key).unwrap_or(&Value::Null);
        let sort = self.sort(get("sort"), shape)?;
        if !matches!(get("filters"), Value::Null | Value::Object(_) | Value::Array(_)) {
            return Err(filters::not_filters());
        }
        Ok(QuerySpec {
            sort,
            fields: self.fields(get("fields"), shape)?,
            populate: self.populate(get("populate"), shape)?,
            status: status(tree.get("status")),
            ..QuerySpec::default()
        })
    }

    /// Which rows are meant, but for those that `named` says elsewhere.
    fn conditions(
        &self,
        spec: &mut QuerySpec,
        ty: &ContentType,
        tree: &Map<String, Value>,
        named: &[&str],
    ) -> Result<(), ApiError> {
        spec.search = search(tree.get("_q"))?;
        match tree.get("filters") {
            Some(Value::Object(members)) => {
                let mut members = members.clone();
                members.retain(|key, _| !named.contains(&key.as_str()));
                spec.filter = self.filters(&Value::Object(members), Shape::Type(ty))?;
            }
            Some(list @ Value::Array(_)) => spec.filter = self.filters(list, Shape::Type(ty))?,
            _ => {}
        }
        if reaches_out(&spec.filter) {
            show_sort_keys(&mut spec.fields, &spec.sort);
        }
        Ok(())
    }
}

impl QuerySpec {
    fn among_locales(&mut self, (locale, among): (Locale, Option<Filter>)) {
        self.locale = locale;
        if let Some(among) = among {
            self.filter = Filter::And(vec![among, std::mem::take(&mut self.filter)]);
        }
    }
}

/// Whether JavaScript takes a text for a number.
#[must_use]
pub fn is_number(text: &str) -> bool {
    !coerce::number(&Value::String(text.to_owned())).is_nan()
}

pub use coerce::{number, print_number};
pub use operand::numeric_operand;

/// Whether there is a condition on the locale, which takes the place of the one asked for.
fn names_locale(ty: &ContentType, tree: &Map<String, Value>) -> bool {
    ty.localized && tree.get("filters").is_some_and(|filters| filters.get("locale").is_some())
}

/// Whether a filter looks beyond the document's own values, which makes Strapi join tables
/// and select distinct rows.
fn reaches_out(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(reaches_out),
        Filter::Not(inner) => reaches_out(inner),
        Filter::Field { .. } => false,
        Filter::Through { .. } | Filter::Linked { .. } => true,
    }
}

/// A selection of distinct rows contains what it is sorted by, so these fields are shown
/// even when they were not asked for.
fn show_sort_keys(fields: &mut Option<Vec<String>>, sort: &[SortKey]) {
    let Some(fields) = fields else { return };
    if sort.iter().any(|key| !key.through.is_empty()) {
        return;
    }
    for key in sort {
        if !fields.contains(&key.field) {
            fields.push(key.field.clone());
        }
    }
}

/// Anything but `published` reads drafts. On a type without drafts that still decides which
/// rows its relations lead to.
fn status(value: Option<&Value>) -> Status {
    match value {
        None => Status::Published,
        Some(Value::String(text)) if text == Status::Published.as_str() => Status::Published,
        Some(_) => Status::Draft,
    }
}

fn search(value: Option<&Value>) -> Result<Option<String>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match coerce::text(value) {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(ApiError::validation("Invalid _q parameter. Expected a string")),
        },
    }
}

/// The older spelling of two of the publication filters. Nobody reads it for files and users,
/// which are no content.
fn has_published_version(
    ty: &ContentType,
    tree: &Map<String, Value>,
) -> Result<Option<Publication>, ApiError> {
    if builtin::is_builtin(&ty.uid) {
        return Ok(None);
    }
    let wanted = match tree.get("hasPublishedVersion") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        Some(_) => {
            return Err(ApiError::validation(
                "Invalid value for 'hasPublishedVersion'. Expected boolean or 'true'/'false' \
                 string.",
            ));
        }
    };
    Ok(Some(match wanted {
        true => Publication::HasPublishedVersionDocument,
        false => Publication::NeverPublishedDocument,
    }))
}

#[cfg(test)]
mod tests;
