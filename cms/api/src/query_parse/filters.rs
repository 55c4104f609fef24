//! `filters`: conditions on attributes, on what they lead to, and their combinations.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::query::{FieldKind, Filter, Link, Test};

use super::problem::{Check, Findings, Param, join};
use super::shape::{Found, Shape, Target};
use super::{QueryParser, coerce, operand};

const OPERATORS: [&str; 25] = [
    "$and",
    "$or",
    "$not",
    "$in",
    "$notIn",
    "$eq",
    "$eqi",
    "$ne",
    "$nei",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$null",
    "$notNull",
    "$between",
    "$startsWith",
    "$endsWith",
    "$startsWithi",
    "$endsWithi",
    "$contains",
    "$notContains",
    "$containsi",
    "$notContainsi",
    "$jsonSupersetOf",
];

fn is_operator(key: &str) -> bool {
    OPERATORS.contains(&key)
}

impl<'a> QueryParser<'a> {
    /// Refuses names that may not be used; values are not looked at.
    pub(super) fn check_filters(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<(), ApiError> {
        let mut findings = Findings::default();
        self.walk_filters(value, shape, None, param, &mut findings);
        findings.into_result()
    }

    /// The condition that filters state, once their names are checked.
    pub(super) fn filters(&self, value: &Value, shape: Shape<'a>) -> Result<Filter, ApiError> {
        match self.without_noise(value, shape) {
            Value::Object(members) => self.group(&members, shape),
            Value::Array(items) if items.is_empty() => Ok(Filter::default()),
            Value::Array(_) => Err(ApiError::validation(
                "Invalid filters parameter. A list of filters needs $and or $or",
            )),
            _ => Err(not_filters()),
        }
    }

    /// Without what says nothing: names that are none, in operands that are objects, and
    /// what is empty without them.
    fn without_noise(&self, value: &Value, shape: Shape<'a>) -> Value {
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        match value {
            Value::Array(items) => {
                let items = items.iter().map(|item| self.without_noise(item, shape));
                Value::Array(items.filter(|item| !is_empty(item)).collect())
            }
            Value::Object(members) => {
                let kept = members.iter().filter_map(|(key, value)| {
                    let value = match self.find(shape, key) {
                        Some(found) if found.password => return None,
                        Some(found) => match found.target {
                            Target::Link { shape, .. } => self.without_noise(value, shape),
                            Target::Scalar(_) => self.without_noise(value, shape),
                            Target::Zone(_) => return None,
                            Target::Beyond => value.clone(),
                        },
                        None if matches!(key.as_str(), "$null" | "$notNull") => {
                            Value::Bool(coerce::truthy(value))
                        }
                        None if is_operator(key) || Self::find_key(shape, key).is_some() => {
                            self.without_noise(value, shape)
                        }
                        None => return None,
                    };
                    (!is_empty(&value)).then(|| (key.clone(), value))
                });
                Value::Object(kept.collect())
            }
            scalar => scalar.clone(),
        }
    }

    fn walk_filters(
        &self,
        value: &Value,
        shape: Shape<'a>,
        path: Option<&str>,
        param: Param,
        findings: &mut Findings,
    ) {
        match value {
            Value::Array(items) => {
                items.iter().for_each(|item| self.walk_filters(item, shape, path, param, findings));
            }
            Value::Object(members) => {
                for (key, inner) in members {
                    let found = self.find(shape, key);
                    let longer = found.as_ref().map(|_| join(path, key));
                    let path = longer.as_deref().or(path);
                    if Self::find_key(shape, key).is_none() {
                        check_key(key, found.as_ref(), path, param, findings);
                    }
                    let opaque = is_operator(key) && key != "$not" && !self.is_tree(inner, shape);
                    match found.map(|found| found.target) {
                        Some(Target::Link { shape, .. }) => {
                            let inner = &without_document_ids(inner, shape);
                            self.walk_filters(inner, shape, path, param, findings);
                        }
                        Some(Target::Zone(_) | Target::Beyond) => {}
                        Some(Target::Scalar(_)) if !inner.is_object() => {}
                        None if opaque => {}
                        Some(Target::Scalar(_)) | None => {
                            self.walk_filters(inner, shape, path, param, findings);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether an operator's object is a condition rather than an operand.
    fn is_tree(&self, value: &Value, shape: Shape<'a>) -> bool {
        match value {
            Value::Object(members) => {
                members.keys().any(|key| is_operator(key) || self.find(shape, key).is_some())
            }
            _ => true,
        }
    }

    fn group(&self, members: &Map<String, Value>, shape: Shape<'a>) -> Result<Filter, ApiError> {
        let mut parts = Vec::with_capacity(members.len());
        for (key, value) in members {
            parts.push(match key.as_str() {
                "$and" => Filter::And(self.alternatives(key, value, shape)?),
                "$or" => Filter::Or(self.alternatives(key, value, shape)?),
                // The negation of nothing is nothing.
                "$not" if value.is_null() => Filter::default(),
                "$not" => Filter::Not(Box::new(self.negated(value, shape)?)),
                _ if is_operator(key) => return Err(misplaced_operator(key)),
                _ => self.condition(key, value, shape)?,
            });
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn alternatives(
        &self,
        operator: &str,
        value: &Value,
        shape: Shape<'a>,
    ) -> Result<Vec<Filter>, ApiError> {
        match value {
            Value::Array(items) => self.groups(operator, items, shape),
            _ => Err(ApiError::validation(format!("Operator {operator} must be an array"))),
        }
    }

    fn groups(
        &self,
        operator: &str,
        items: &[Value],
        shape: Shape<'a>,
    ) -> Result<Vec<Filter>, ApiError> {
        let groups = items.iter().map(|item| match item {
            Value::Object(members) => self.group(members, shape),
            other => Err(ApiError::validation(format!(
                "Operator {operator} must be an array of objects, got {other}"
            ))),
        });
        groups.collect()
    }

    fn negated(&self, value: &Value, shape: Shape<'a>) -> Result<Filter, ApiError> {
        match value {
            Value::Object(members) => self.group(members, shape),
            Value::Array(items) => Ok(Filter::And(self.groups("$not", items, shape)?)),
            _ => Err(ApiError::validation("Operator $not must be an object")),
        }
    }

    fn condition(&self, key: &str, value: &Value, shape: Shape<'a>) -> Result<Filter, ApiError> {
        if let Some(kind) = Self::find_key(shape, key) {
            return field(key, kind, value);
        }
        match self.find(shape, key).map(|found| found.target) {
            Some(Target::Scalar(kind)) => field(key, kind, value),
            Some(Target::Link { link, shape, .. }) => self.through(key, link, shape, value),
            Some(Target::Zone(_) | Target::Beyond) | None => {
                Err(Param::Filters.invalid_key(key, None))
            }
        }
    }

    /// A condition on what an attribute leads to; without a name it is one on the target's id.
    fn through(
        &self,
        name: &str,
        link: Link,
        shape: Shape<'a>,
        value: &Value,
    ) -> Result<Filter, ApiError> {
        let members = match value {
            Value::Object(members) => members,
            _ => return through_id(name, link, "$eq", value),
        };
        let operators: Vec<_> = members.keys().filter(|key| is_operator(key)).collect();
        match operators.as_slice() {
            [] => {}
            [only] if members.len() == 1 => {
                if !matches!(only.as_str(), "$and" | "$or") {
                    return through_id(name, link, only, &members[only.as_str()]);
                }
            }
            _ => {
                return Err(ApiError::validation(format!(
                    "Invalid filter on {name}: a relation takes one operator or names of its \
                     attributes, not both"
                )));
            }
        }
        let filter = Box::new(self.group(members, shape)?);
        Ok(Filter::Through { name: name.to_owned(), link, filter })
    }
}

/// Components have no documentId. In a list, of which no condition is made, it may stand.
fn without_document_ids<'v>(value: &'v Value, shape: Shape<'_>) -> Cow<'v, Value> {
    let Value::Array(items) = value else { return Cow::Borrowed(value) };
    if shape.is_type() {
        return Cow::Borrowed(value);
    }
    let mut items = items.clone();
    for members in items.iter_mut().filter_map(Value::as_object_mut) {
        members.shift_remove("documentId");
    }
    Cow::Owned(items.into())
}

fn check_key(
    key: &str,
    found: Option<&Found<'_>>,
    path: Option<&str>,
    param: Param,
    findings: &mut Findings,
) {
    let error = || param.invalid_key(key, path);
    let Some(found) = found else {
        if !is_operator(key) {
            findings.add(Check::Unknown, error);
        }
        return;
    };
    if found.password {
        findings.add(Check::Password, error);
    }
    if found.private {
        findings.add(Check::Private, error);
    }
    match found.target {
        Target::Zone(_) => findings.add(Check::DynamicZone, error),
        Target::Beyond if !found.private => findings.add(Check::Polymorphic, error),
        Target::Link { readable: false, .. } => findings.add(Check::Unreadable, error),
        _ => {}
    }
}

fn through_id(name: &str, link: Link, operator: &str, value: &Value) -> Result<Filter, ApiError> {
    let name = name.to_owned();
    let null = match operator {
        "$null" => Some(coerce::truthy(value)),
        "$notNull" => Some(!coerce::truthy(value)),
        "$eq" | "$eqi" | "$not" if value.is_null() => Some(operator != "$not"),
        "$ne" | "$nei" if value.is_null() => Some(false),
        _ => None,
    };
    if let Some(null) = null {
        return Ok(Filter::Linked { name, link, exists: !null });
    }
    if value.is_object() {
        return Err(ApiError::validation(format!(
            "Invalid filter on {name}: {operator} of a relation takes an id"
        )));
    }
    let filter = match operator {
        "$eq" if value.is_array() => field("id", FieldKind::RowId, value)?,
        _ => test("id", FieldKind::RowId, operator, value)?,
    };
    Ok(Filter::Through { name, link, filter: Box::new(filter) })
}

/// A condition on a stored value: an operand, several, or operators.
pub(super) fn field(name: &str, kind: FieldKind, value: &Value) -> Result<Filter, ApiError> {
    match value {
        Value::Array(items) => Ok(leaf(name, kind, Test::In(cast_all(kind, name, items)?))),
        Value::Object(members) => operators(name, kind, members),
        operand => test(name, kind, "$eq", operand),
    }
}

fn operators(
    name: &str,
    kind: FieldKind,
    members: &Map<String, Value>,
) -> Result<Filter, ApiError> {
    let tests = members.iter().map(|(operator, value)| test(name, kind, operator, value));
    let mut tests = tests.collect::<Result<Vec<_>, _>>()?;
    Ok(if tests.len() == 1 { tests.remove(0) } else { Filter::And(tests) })
}

fn leaf(name: &str, kind: FieldKind, test: Test) -> Filter {
    Filter::Field { name: name.to_owned(), kind, test }
}

/// The operands in a list; objects in it equal nothing.
fn cast_all(kind: FieldKind, name: &str, items: &[Value]) -> Result<Vec<Value>, ApiError> {
    let operands = items.iter().filter(|item| !item.is_object());
    operands.map(|item| operand::cast(kind, name, item)).collect()
}

fn test(name: &str, kind: FieldKind, operator: &str, value: &Value) -> Result<Filter, ApiError> {
    let several = || match value {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let cast = || operand::cast(kind, name, value);
    let text = || Value::String(coerce::spelled(value));
    let found = match (operator, value) {
        ("$null", value) => null_test(coerce::truthy(value)),
        ("$notNull", value) => null_test(!coerce::truthy(value)),
        ("$in", _) => Test::In(cast_all(kind, name, several())?),
        ("$notIn", _) => Test::NotIn(cast_all(kind, name, several())?),
        ("$between", _) => between(name, cast_all(kind, name, several())?)?,
        (_, Value::Array(items)) => {
            let tests = items.iter().map(|item| test(name, kind, operator, item));
            return Ok(Filter::Or(tests.collect::<Result<_, _>>()?));
        }
        ("$not", operand) => return negation(name, kind, operand),
        ("$eq" | "$eqi", Value::Null) => Test::Null,
        ("$ne" | "$nei", Value::Null) => Test::NotNull,
        ("$eq", _) => Test::Eq(cast()?),
        ("$ne", _) => Test::Ne(cast()?),
        ("$lt", _) => Test::Lt(cast()?),
        ("$lte", _) => Test::Lte(cast()?),
        ("$gt", _) => Test::Gt(cast()?),
        ("$gte", _) => Test::Gte(cast()?),
        ("$eqi", _) => Test::EqI(text()),
        ("$nei", _) => Test::NeI(text()),
        _ => part_of_text(operator, value)?,
    };
    Ok(leaf(name, kind, found))
}

fn negation(name: &str, kind: FieldKind, operand: &Value) -> Result<Filter, ApiError> {
    let inner = match operand {
        Value::Object(members) => operators(name, kind, members)?,
        operand => test(name, kind, "$eq", operand)?,
    };
    Ok(Filter::Not(Box::new(inner)))
}

fn null_test(null: bool) -> Test {
    if null { Test::Null } else { Test::NotNull }
}

fn between(name: &str, mut operands: Vec<Value>) -> Result<Test, ApiError> {
    match (operands.pop(), operands.pop(), operands.len()) {
        (Some(high), Some(low), 0) => Ok(Test::Between(low, high)),
        _ => Err(ApiError::validation(format!(
            "Invalid filter on {name}: $between takes a list of two values"
        ))),
    }
}

/// Any operand has a spelling that can be looked for.
fn part_of_text(operator: &str, value: &Value) -> Result<Test, ApiError> {
    let (bare, fold) = match operator.strip_suffix('i') {
        Some(bare) if is_operator(operator) => (bare, true),
        _ => (operator, false),
    };
    let negated = bare.starts_with("$not");
    let text = coerce::spelled(value);
    match bare {
        "$contains" | "$notContains" => Ok(Test::Contains { text, fold, negated }),
        "$startsWith" => Ok(Test::StartsWith { text, fold, negated }),
        "$endsWith" => Ok(Test::EndsWith { text, fold, negated }),
        _ => Err(ApiError::validation(format!("Undefined attribute level operator {operator}"))),
    }
}

pub(super) fn not_filters() -> ApiError {
    ApiError::validation("The filters parameter must be an object or an array")
}

fn misplaced_operator(operator: &str) -> ApiError {
    ApiError::validation(format!(
        "Only $and, $or and $not can only be used as root level operators. Found {operator}."
    ))
}
