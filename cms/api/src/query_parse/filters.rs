//! `filters`: conditions on attributes, on what they lead to, and their combinations.

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
    pub(super) fn filters(
        &self,
        value: &Value,
        shape: Shape<'a>,
        param: Param,
    ) -> Result<Filter, ApiError> {
        match value {
            Value::Null => Ok(Filter::default()),
            Value::Object(members) => {
                let mut findings = Findings::default();
                self.check_filters(value, shape, None, param, &mut findings);
                findings.into_result()?;
                self.group(members, shape)
            }
            _ => Err(ApiError::validation("The filters parameter must be an object or an array")),
        }
    }

    /// Finds names that may not be used; values are not looked at.
    fn check_filters(
        &self,
        value: &Value,
        shape: Shape<'a>,
        path: Option<&str>,
        param: Param,
        findings: &mut Findings,
    ) {
        match value {
            Value::Array(items) => {
                items
                    .iter()
                    .for_each(|item| self.check_filters(item, shape, path, param, findings));
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
                            self.check_filters(inner, shape, path, param, findings);
                        }
                        Some(Target::Zone(_) | Target::Beyond) => {}
                        Some(Target::Scalar(_)) if !inner.is_object() => {}
                        None if opaque => {}
                        Some(Target::Scalar(_)) | None => {
                            self.check_filters(inner, shape, path, param, findings);
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
        let must_be_list = || ApiError::validation(format!("Operator {operator} must be an array"));
        let items = coerce::list(value).ok_or_else(must_be_list)?;
        items
            .into_iter()
            .filter(|item| !item.is_null())
            .map(|item| match item {
                Value::Object(members) => self.group(members, shape),
                other => Err(ApiError::validation(format!(
                    "Operator {operator} must be an array of objects, got {other}"
                ))),
            })
            .collect()
    }

    fn negated(&self, value: &Value, shape: Shape<'a>) -> Result<Filter, ApiError> {
        match value {
            Value::Object(members) => self.group(members, shape),
            Value::Array(_) => Ok(Filter::And(self.alternatives("$not", value, shape)?)),
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
            Value::Object(members) if coerce::list(value).is_none() => members,
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
        "$eq" if value.is_null() => Some(true),
        "$ne" if value.is_null() => Some(false),
        _ => None,
    };
    if let Some(null) = null {
        return Ok(Filter::Linked { name, link, exists: !null });
    }
    let filter = match operator {
        "$eq" if value.is_array() => field("id", FieldKind::RowId, value)?,
        _ => test("id", FieldKind::RowId, operator, value)?,
    };
    Ok(Filter::Through { name, link, filter: Box::new(filter) })
}

/// A condition on a stored value: an operand, several, or operators.
fn field(name: &str, kind: FieldKind, value: &Value) -> Result<Filter, ApiError> {
    if let Some(items) = coerce::list(value) {
        return Ok(leaf(name, kind, Test::In(cast_all(kind, name, &items)?)));
    }
    match value {
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

fn cast_all(kind: FieldKind, name: &str, items: &[&Value]) -> Result<Vec<Value>, ApiError> {
    items.iter().map(|item| operand::cast(kind, name, item)).collect()
}

fn test(name: &str, kind: FieldKind, operator: &str, value: &Value) -> Result<Filter, ApiError> {
    let list = coerce::list(value);
    let of_list = || list.clone().unwrap_or_else(|| vec![value]);
    let found = match operator {
        "$in" => Test::In(cast_all(kind, name, &of_list())?),
        "$notIn" => Test::NotIn(cast_all(kind, name, &of_list())?),
        "$between" => between(kind, name, &of_list())?,
        _ if let Some(items) = &list => {
            let tests = items.iter().map(|item| test(name, kind, operator, item));
            return Ok(Filter::Or(tests.collect::<Result<_, _>>()?));
        }
        "$not" => {
            let inner = match value {
                Value::Object(members) => operators(name, kind, members)?,
                operand => test(name, kind, "$eq", operand)?,
            };
            return Ok(Filter::Not(Box::new(inner)));
        }
        "$null" => null_test(coerce::truthy(value)),
        "$notNull" => null_test(!coerce::truthy(value)),
        "$eq" | "$eqi" if value.is_null() => Test::Null,
        "$ne" | "$nei" if value.is_null() => Test::NotNull,
        "$eq" => Test::Eq(operand::cast(kind, name, value)?),
        "$ne" => Test::Ne(operand::cast(kind, name, value)?),
        "$lt" => Test::Lt(operand::cast(kind, name, value)?),
        "$lte" => Test::Lte(operand::cast(kind, name, value)?),
        "$gt" => Test::Gt(operand::cast(kind, name, value)?),
        "$gte" => Test::Gte(operand::cast(kind, name, value)?),
        "$eqi" => Test::EqI(Value::String(operand::scalar(name, value)?)),
        "$nei" => Test::NeI(Value::String(operand::scalar(name, value)?)),
        _ => part_of_text(operator, name, value)?,
    };
    Ok(leaf(name, kind, found))
}

fn null_test(null: bool) -> Test {
    if null { Test::Null } else { Test::NotNull }
}

fn between(kind: FieldKind, name: &str, items: &[&Value]) -> Result<Test, ApiError> {
    match items {
        [low, high] => {
            Ok(Test::Between(operand::cast(kind, name, low)?, operand::cast(kind, name, high)?))
        }
        _ => Err(ApiError::validation(format!(
            "Invalid filter on {name}: $between takes two values, got {}",
            items.len()
        ))),
    }
}

fn part_of_text(operator: &str, name: &str, value: &Value) -> Result<Test, ApiError> {
    let (bare, fold) = match operator.strip_suffix('i') {
        Some(bare) if is_operator(operator) => (bare, true),
        _ => (operator, false),
    };
    let negated = bare.starts_with("$not");
    let text = || operand::scalar(name, value);
    match bare {
        "$contains" | "$notContains" => Ok(Test::Contains { text: text()?, fold, negated }),
        "$startsWith" => Ok(Test::StartsWith { text: text()?, fold, negated }),
        "$endsWith" => Ok(Test::EndsWith { text: text()?, fold, negated }),
        _ => Err(ApiError::validation(format!("Undefined attribute level operator {operator}"))),
    }
}

fn misplaced_operator(operator: &str) -> ApiError {
    ApiError::validation(format!(
        "Only $and, $or and $not can only be used as root level operators. Found {operator}."
    ))
}
