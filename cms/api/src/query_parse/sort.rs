//! `sort`: `title:desc`, `author.name`, lists and objects of them.

use serde_json::Value;

use crate::error::ApiError;
use crate::query::SortKey;

use super::problem::{Check, Findings, Param, join};
use super::shape::{Shape, Target};
use super::{MAX_PATH, QueryParser};

impl<'a> QueryParser<'a> {
    pub(super) fn sort(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<Vec<SortKey>, ApiError> {
        let mut findings = Findings::default();
        self.check_sort(value, shape, None, param, &mut findings);
        findings.into_result()?;
        let mut keys = Vec::new();
        match value {
            Value::Null => {}
            Value::String(text) => self.sort_texts(text, shape, &mut keys)?,
            Value::Array(items) => {
                for item in items {
                    match item {
                        Value::String(text) => self.sort_texts(text, shape, &mut keys)?,
                        Value::Object(_) => self.sort_object(item, &[], shape, &mut keys)?,
                        // A list in a list says nothing.
                        Value::Array(_) => {}
                        other => return Err(invalid_type(other)),
                    }
                }
            }
            Value::Object(_) => self.sort_object(value, &[], shape, &mut keys)?,
            _ => return Err(invalid_sort()),
        }
        Ok(keys)
    }

    fn check_sort(
        &self,
        value: &Value,
        shape: Shape<'a>,
        path: Option<&str>,
        param: Param,
        findings: &mut Findings,
    ) {
        match value {
            Value::String(text) => {
                for part in text.split(',') {
                    let tokens: Vec<_> = part.trim().split(['.', ':']).collect();
                    self.check_tokens(&tokens, shape, path, param, findings);
                }
            }
            Value::Array(items) => {
                let texts = items.iter().filter(|item| item.is_string()).count();
                let nested =
                    items.iter().filter(|item| item.is_array() || item.is_object()).count();
                if texts == items.len() || nested == items.len() {
                    let each = items.iter();
                    each.for_each(|item| self.check_sort(item, shape, path, param, findings));
                } else {
                    findings.add(Check::Unknown, || param.invalid_key("0", path));
                }
            }
            Value::Object(members) => {
                for (key, inner) in members {
                    let empty = match inner {
                        Value::String(text) => text.is_empty(),
                        Value::Object(members) => members.is_empty(),
                        Value::Array(items) => items.is_empty(),
                        _ => true,
                    };
                    let next = self.check_sort_key(key, empty, shape, path, param, findings);
                    if let Some((shape, path)) = next {
                        self.check_sort(inner, shape, Some(&path), param, findings);
                    }
                }
            }
            _ => {}
        }
    }

    /// The parts of `author.name:desc`; the order is a part like any other, so that
    /// `author:desc` is reported as the key `desc` of an author.
    fn check_tokens(
        &self,
        tokens: &[&str],
        shape: Shape<'a>,
        path: Option<&str>,
        param: Param,
        findings: &mut Findings,
    ) {
        let Some((key, rest)) = tokens.split_first() else { return };
        if key.is_empty() {
            return;
        }
        let rest: Vec<_> = rest.iter().copied().filter(|token| !token.is_empty()).collect();
        let next = self.check_sort_key(key, rest.is_empty(), shape, path, param, findings);
        if let Some((shape, path)) = next
            && path.split('.').count() <= MAX_PATH
        {
            self.check_tokens(&rest, shape, Some(&path), param, findings);
        }
    }

    /// Checks one name and tells where to go on.
    fn check_sort_key(
        &self,
        key: &str,
        empty: bool,
        shape: Shape<'a>,
        path: Option<&str>,
        param: Param,
        findings: &mut Findings,
    ) -> Option<(Shape<'a>, String)> {
        if Self::find_key(shape, key).is_some() {
            return None;
        }
        let Some(found) = self.find(shape, key) else {
            findings.add(Check::Unknown, || param.invalid_key(key, path));
            return None;
        };
        let path = join(path, key);
        let error = || param.invalid_key(key, Some(&path));
        if found.password {
            findings.add(Check::Password, error);
        }
        if found.private {
            findings.add(Check::Private, error);
        }
        if empty && !found.is_scalar() {
            findings.add(Check::NotScalar, error);
        }
        match found.target {
            Target::Scalar(_) => None,
            Target::Zone(_) => {
                findings.add(Check::DynamicZone, error);
                None
            }
            Target::Beyond => {
                findings.add(Check::Polymorphic, error);
                None
            }
            Target::Link { shape, readable, .. } => {
                if !readable {
                    findings.add(Check::Unreadable, error);
                }
                Some((shape, path))
            }
        }
    }

    fn sort_texts(
        &self,
        text: &str,
        shape: Shape<'a>,
        keys: &mut Vec<SortKey>,
    ) -> Result<(), ApiError> {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut pieces = part.split(':').map(str::trim);
            let field = pieces.next().unwrap_or_default();
            let descending = pieces.next().map_or(Ok(false), descending)?;
            if field.is_empty() {
                return Err(ApiError::validation("Field cannot be empty"));
            }
            let path: Vec<_> = field.split('.').collect();
            keys.push(self.sort_key(&path, descending, shape)?);
        }
        Ok(())
    }

    fn sort_object(
        &self,
        value: &Value,
        above: &[&str],
        shape: Shape<'a>,
        keys: &mut Vec<SortKey>,
    ) -> Result<(), ApiError> {
        let Value::Object(members) = value else { return Err(invalid_type(value)) };
        for (key, inner) in members {
            let path: Vec<_> = above.iter().copied().chain([key.as_str()]).collect();
            match inner {
                Value::String(order) if order.trim().is_empty() => {}
                Value::String(order) => {
                    let descending = descending(order.trim())?;
                    keys.push(self.sort_key(&path, descending, shape)?);
                }
                inner => self.sort_object(inner, &path, shape, keys)?,
            }
        }
        Ok(())
    }

    /// Resolves a path through links to a field.
    fn sort_key(
        &self,
        path: &[&str],
        descending: bool,
        shape: Shape<'a>,
    ) -> Result<SortKey, ApiError> {
        let unusable =
            || ApiError::validation(format!("Invalid sort: cannot order by {}", path.join(".")));
        let Some((field, links)) = path.split_last().filter(|_| path.len() <= MAX_PATH) else {
            return Err(unusable());
        };
        let mut shape = shape;
        let mut through = Vec::with_capacity(links.len());
        for name in links {
            let Some(Target::Link { link, shape: next, .. }) =
                self.find(shape, name).map(|found| found.target)
            else {
                return Err(unusable());
            };
            through.push(((*name).to_owned(), link));
            shape = next;
        }
        let kind = Self::find_key(shape, field).or_else(|| match self.find(shape, field)?.target {
            Target::Scalar(kind) => Some(kind),
            _ => None,
        });
        let kind = kind.ok_or_else(unusable)?;
        Ok(SortKey { through, field: (*field).to_owned(), kind, descending })
    }
}

fn descending(order: &str) -> Result<bool, ApiError> {
    match order.to_ascii_lowercase().as_str() {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => Err(ApiError::validation("Invalid order. order can only be one of asc|desc|ASC|DESC")),
    }
}

fn invalid_sort() -> ApiError {
    ApiError::validation(
        "Invalid sort parameter. Expected a string, an array of strings, a sort object or an \
         array of sort objects",
    )
}

fn invalid_type(value: &Value) -> ApiError {
    let name = match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    };
    ApiError::validation(format!("Invalid sort type expected object or string got {name}"))
}
