//! `fields`: which scalar attributes are shown.

use serde_json::Value;

use crate::error::ApiError;

use super::QueryParser;
use super::problem::{Check, Findings, Param};
use super::shape::Shape;

const WILDCARD: &str = "*";

impl<'a> QueryParser<'a> {
    /// `None` is all of them.
    pub(super) fn fields(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let names = match value {
            Value::Null => return Ok(None),
            Value::String(text) => split(text),
            Value::Array(items) => {
                let texts: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
                texts.ok_or_else(unreadable)?.into_iter().flat_map(split).collect()
            }
            _ => return Err(unreadable()),
        };
        self.check_fields(&names, shape, param)?;
        if names.contains(&WILDCARD) {
            return Ok(None);
        }
        let mut fields: Vec<String> = Vec::new();
        for name in names {
            let is_key = Self::find_key(shape, name).is_some();
            if !is_key && !fields.iter().any(|field| field == name) {
                fields.push(name.to_owned());
            }
        }
        Ok(Some(fields))
    }

    fn check_fields(&self, names: &[&str], shape: Shape<'a>, param: Param) -> Result<(), ApiError> {
        let mut findings = Findings::default();
        for name in names.iter().filter(|name| **name != WILDCARD) {
            if Self::find_key(shape, name).is_some() {
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
}

fn split(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).collect()
}

fn unreadable() -> ApiError {
    ApiError::validation("Invalid fields parameter. Expected a string or an array of strings")
}
