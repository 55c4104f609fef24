//! From a query's tree to a checked [`QuerySpec`], with Strapi's rules and its very words.
//!
//! The tree is what [`crate::query_string::parse`] reads or a configuration file holds: numbers
//! and booleans are accepted wherever a URL would spell them as text. Nothing that a caller may
//! not read can be filtered or sorted by, and what cannot be populated is left out.

mod coerce;
mod fields;
mod filters;
mod operand;
mod pagination;
mod populate;
mod problem;
mod shape;
mod sort;

use serde_json::{Map, Value};

use crate::content_type::ContentType;
use crate::error::ApiError;
use crate::model::ContentModel;
use crate::query::{FieldKind, Filter, Locale, Page, QuerySpec, SortKey, Status, Test};

use problem::Param;
use shape::Shape;

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
    /// The first rule that is broken, as Strapi reports it.
    pub fn list(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        let mut spec = self.without_page(ty, tree)?;
        spec.page = pagination::parse(tree, self.limits)?;
        Ok(spec)
    }

    /// Reads the query of a single document; pagination does not apply.
    ///
    /// # Errors
    /// As [`QueryParser::list`].
    pub fn one(&self, ty: &ContentType, tree: &Map<String, Value>) -> Result<QuerySpec, ApiError> {
        let mut spec = self.without_page(ty, tree)?;
        spec.page = Page { limit: 1, ..Page::default() };
        Ok(spec)
    }

    fn without_page(
        &self,
        ty: &ContentType,
        tree: &Map<String, Value>,
    ) -> Result<QuerySpec, ApiError> {
        let shape = Shape::Type(ty);
        let get = |key: &str| tree.get(key).unwrap_or(&Value::Null);
        let filter = self.filters(get("filters"), shape, Param::Filters)?;
        let sort = self.sort(get("sort"), shape, Param::Sort)?;
        let mut fields = self.fields(get("fields"), shape, Param::Fields)?;
        if reaches_out(&filter) {
            show_sort_keys(&mut fields, &sort);
        }
        let (locale, among) = locale(ty, tree.get("locale"))?;
        Ok(QuerySpec {
            filter: match among {
                Some(among) => Filter::And(vec![among, filter]),
                None => filter,
            },
            sort,
            fields,
            page: Page::default(),
            populate: self.populate(get("populate"), shape)?,
            status: status(tree.get("status")),
            locale,
            search: search(tree.get("_q"))?,
            has_published_version: has_published_version(tree.get("hasPublishedVersion"))?,
        })
    }
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

/// Several locales are all locales with a condition on top.
fn locale(ty: &ContentType, value: Option<&Value>) -> Result<(Locale, Option<Filter>), ApiError> {
    let invalid = || ApiError::validation("Invalid locale parameter. Expected a locale code or *");
    Ok(match value {
        None | Some(Value::Null) => (Locale::Default, None),
        Some(Value::String(code)) => match code.as_str() {
            "" => (Locale::Default, None),
            "*" => (Locale::All, None),
            code => (Locale::Code(code.to_owned()), None),
        },
        Some(Value::Array(codes)) if codes.iter().all(Value::is_string) => match codes.as_slice() {
            [Value::String(code)] => (Locale::Code(code.clone()), None),
            codes => {
                let test = Test::In(codes.to_vec());
                let name = "locale".to_owned();
                let among = Filter::Field { name, kind: FieldKind::Text, test };
                (Locale::All, ty.localized.then_some(among))
            }
        },
        Some(_) => return Err(invalid()),
    })
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

fn has_published_version(value: Option<&Value>) -> Result<Option<bool>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) if text == "true" => Ok(Some(true)),
        Some(Value::String(text)) if text == "false" => Ok(Some(false)),
        Some(_) => Err(ApiError::validation(
            "Invalid value for 'hasPublishedVersion'. Expected boolean or 'true'/'false' string.",
        )),
    }
}

#[cfg(test)]
mod tests;
