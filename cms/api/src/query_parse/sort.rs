//! `sort`: `title:desc`, `author.name`, lists and objects of them.

use serde_json::Value;

use crate::error::ApiError;
use crate::query::SortKey;
use crate::query_string::is_inherited;

use super::problem::{Check, Findings, Param, join};
use super::shape::{Shape, Target};
use super::{MAX_PATH, QueryParser};

impl<'a> QueryParser<'a> {
    /// Refuses names that may not be sorted by.
    pub(super) fn check_sort(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<(), ApiError> {
        let mut findings = Findings::default();
        // A type with drafts has a `status` that sorts nothing, also below its relations.
        let status = matches!(shape, Shape::Type(ty) if ty.draft_and_publish);
        let walk = Walk { param, status };
        self.walk_sort(value, shape, None, walk, &mut findings);
        findings.into_result()
    }

    /// The keys, once their names are checked.
    pub(super) fn sort(&self, value: &Value, shape: Shape<'a>) -> Result<Vec<SortKey>, ApiError> {
        let mut keys = Vec::new();
        if !says_something(value) {
            return Ok(keys);
        }
        match value {
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

    fn walk_sort(
        &self,
        value: &Value,
        shape: Shape<'a>,
        path: Option<&str>,
        walk: Walk,
        findings: &mut Findings,
    ) {
        match value {
            Value::String(text) => {
                for part in text.split(',') {
                    let tokens: Vec<_> = part.trim().split(['.', ':']).collect();
                    self.check_tokens(&tokens, shape, path, walk, findings);
                }
            }
            Value::Array(_) if !says_something(value) => {}
            Value::Array(items) => {
                let texts = items.iter().filter(|item| item.is_string()).count();
                let nested =
                    items.iter().filter(|item| item.is_array() || item.is_object()).count();
                if texts == items.len() || nested == items.len() {
                    let each = items.iter();
                    each.for_each(|item| self.walk_sort(item, shape, path, walk, findings));
                } else {
                    findings.add(Check::Unknown, || walk.param.invalid_key("0", path));
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
                    let next = self.check_sort_key(key, empty, shape, path, walk, findings);
                    if let Some((shape, path)) = next {
                        self.walk_sort(inner, shape, Some(&path), walk, findings);
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
        walk: Walk,
        findings: &mut Findings,
    ) {
        let Some((key, rest)) = tokens.split_first() else { return };
        if key.is_empty() {
            return;
        }
        let rest: Vec<_> = rest.iter().copied().filter(|token| !token.is_empty()).collect();
        let next = self.check_sort_key(key, rest.is_empty(), shape, path, walk, findings);
        if let Some((shape, path)) = next
            && path.split('.').count() <= MAX_PATH
        {
            self.check_tokens(&rest, shape, Some(&path), walk, findings);
        }
    }

    /// Checks one name and tells where to go on.
    fn check_sort_key(
        &self,
        key: &str,
        empty: bool,
        shape: Shape<'a>,
        path: Option<&str>,
        walk: Walk,
        findings: &mut Findings,
    ) -> Option<(Shape<'a>, String)> {
        if Self::find_key(shape, key).is_some() || is_inherited(key) {
            return None;
        }
        let Some(found) = self.find(shape, key) else {
            let error = || walk.param.invalid_key(key, path);
            match walk.status && key == STATUS {
                true if empty => findings.add(Check::NotScalar, error),
                true => {}
                false => findings.add(Check::Unknown, error),
            }
            return None;
        };
        let path = join(path, key);
        let error = || walk.param.invalid_key(key, Some(&path));
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
        for part in segments(text) {
            let mut pieces = part.split(':').map(str::trim);
            let field = pieces.next().unwrap_or_default();
            let descending = pieces.next().map_or(Ok(false), descending)?;
            let path: Vec<_> = field.split('.').filter(|name| !name.is_empty()).collect();
            keys.extend(self.sort_key(&path, descending, shape)?);
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
                    keys.extend(self.sort_key(&path, descending, shape)?);
                }
                inner => self.sort_object(inner, &path, shape, keys)?,
            }
        }
        Ok(())
    }

    /// Resolves a path through links to a field; `None` for the `status` that sorts nothing.
    fn sort_key(
        &self,
        path: &[&str],
        descending: bool,
        shape: Shape<'a>,
    ) -> Result<Option<SortKey>, ApiError> {
        let unusable =
            || ApiError::validation(format!("Invalid sort: cannot order by {}", path.join(".")));
        if path.iter().any(|name| is_inherited(name)) {
            return Err(ApiError::validation("Invalid sort query"));
        }
        if path.len() > MAX_PATH {
            return Err(unusable());
        }
        let mut shape = shape;
        let mut through = Vec::with_capacity(path.len());
        let mut rest = path.iter();
        for name in rest.by_ref() {
            let own = Self::find_key(shape, name);
            let kind = match self.find(shape, name).map(|found| found.target) {
                Some(Target::Link { link, shape: next, .. }) => {
                    through.push(((*name).to_owned(), link));
                    shape = next;
                    continue;
                }
                Some(Target::Scalar(kind)) => Some(kind),
                _ if *name == STATUS => return Ok(None),
                _ => None,
            };
            let kind = own.or(kind).ok_or_else(unusable)?;
            // An index behind a field is a list of orders, of which none is understood.
            return match rest.next() {
                None => Ok(Some(SortKey { through, field: (*name).to_owned(), kind, descending })),
                Some(index) if index.bytes().all(|byte| byte.is_ascii_digit()) => Ok(None),
                Some(_) => Err(unusable()),
            };
        }
        Err(unusable())
    }
}

/// What every part of one check shares.
#[derive(Debug, Clone, Copy)]
struct Walk {
    param: Param,
    /// Whether `status` may be named.
    status: bool,
}

const STATUS: &str = "status";

/// The parts of a text that name a field.
fn segments(text: &str) -> impl Iterator<Item = &str> {
    let named = |part: &&str| part.split(':').next().is_some_and(|field| !field.trim().is_empty());
    text.split(',').map(str::trim).filter(named)
}

/// Whether there is any order in a value: an empty one counts as none.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => segments(text).next().is_some(),
        Value::Array(items) => items.iter().any(|item| !item.is_array() && says_something(item)),
        Value::Object(members) => members.values().any(|order| match order {
            Value::String(order) => !order.is_empty(),
            Value::Object(_) => says_something(order),
            _ => false,
        }),
        _ => true,
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
