//! `fields`: which scalar attributes are shown.

use serde_json::Value;

use crate::error::ApiError;
use crate::query_string::is_inherited;

use super::QueryParser;
use super::problem::{Check, Findings, Param, late_invalid_key};
use super::shape::Shape;

const WILDCARD: &str = "*";

impl<'a> QueryParser<'a> {
    /// Refuses names that may not be shown. Only texts and lists of texts are looked at.
    pub(super) fn check_fields(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<(), ApiError> {
        let mut findings = Findings::default();
        for name in checked_names(value).into_iter().filter(|name| *name != WILDCARD) {
            if Self::find_key(shape, name).is_some() || is_inherited(name) {
                continue;
            }
            match self.find(shape, name) {
                None => findings.add(Check::Unknown, || param.invalid_key(name, None)),
                Some(found) => {
                    let known = || param.invalid_key(name, Some(name));
                    if !found.is_scalar() {
                        findings.add(Check::Unknown, known);
                    } else if found.private || found.password {
                        findings.add(Check::Private, known);
                    }
                }
            }
        }
        findings.into_result()
    }

    /// The names to show; `None` is all of them.
    pub(super) fn fields(
        &self,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let names = match value {
            Value::Null => return Ok(None),
            Value::String(text) => split(text),
            Value::Array(items) => self.listed(items, shape)?,
            _ => return Err(unreadable()),
        };
        if names.contains(&WILDCARD) {
            return Ok(None);
        }
        let mut fields: Vec<String> = Vec::new();
        for name in names {
            if Self::find_key(shape, name).is_some() || fields.iter().any(|field| field == name) {
                continue;
            }
            // What every JavaScript object has was let through, but is no column.
            if self.find(shape, name).is_none() {
                return Err(late_invalid_key(name, None));
            }
            fields.push(name.to_owned());
        }
        Ok(Some(fields))
    }

    /// The names in a list, from which nulls are left out.
    fn listed<'v>(&self, items: &'v [Value], shape: Shape<'a>) -> Result<Vec<&'v str>, ApiError> {
        let given: Vec<_> = items.iter().filter(|item| !item.is_null()).collect();
        let texts: Option<Vec<_>> = given.iter().map(|item| item.as_str()).collect();
        let texts = texts.ok_or_else(unreadable)?;
        let whole = given.len() == items.len();
        // Commas belong into a text that stands alone: in a list they make a list in a list.
        if whole && texts.iter().any(|text| text.contains(',')) {
            return Err(unreadable());
        }
        let names: Vec<_> = texts.into_iter().flat_map(split).collect();
        let unknown = |name: &&&str| {
            **name != WILDCARD
                && Self::find_key(shape, name).is_none()
                && self.find(shape, name).is_none_or(|found| !found.is_scalar())
        };
        match names.iter().find(unknown) {
            Some(name) if !whole => Err(late_invalid_key(name, None)),
            _ => Ok(names),
        }
    }
}

/// In the order in which Strapi meets them: texts with commas take it a step more.
fn checked_names(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => split(text),
        Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            let (lists, names): (Vec<_>, Vec<_>) =
                texts.unwrap_or_default().into_iter().partition(|text| text.contains(','));
            names.into_iter().map(str::trim).chain(lists.into_iter().flat_map(split)).collect()
        }
        _ => Vec::new(),
    }
}

fn split(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).collect()
}

fn unreadable() -> ApiError {
    ApiError::validation("Invalid fields parameter. Expected a string or an array of strings")
}
