//! The values of an operation's variables, checked against their types.

use serde_json::{Map, Value};

use super::arguments;
use super::failure::{BAD_USER_INPUT, Failure};
use super::scalar::{Refusal, inspect};
use super::schema::{TypeKind, TypeRef, Types};
use super::suggest::{self, close, did_you_mean};
use super::syntax::Operation;
use super::validate::type_ref;

/// Errors reported at most.
const MOST_ERRORS: usize = 50;

/// The values, as far as they are given or have a default.
///
/// # Errors
/// Every value that is none of its type.
pub(super) fn coerce(
    types: &Types,
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Failure>> {
    let mut failures = Vec::new();
    let mut values = Map::new();
    for definition in &operation.variables {
        let (name, ty) = (&definition.name.text, type_ref(&definition.ty));
        let mut fail = |message: String| {
            let failure = Failure::new(BAD_USER_INPUT, message);
            failures.push(failure.at(definition.at));
        };
        let Some(value) = given.get(name) else {
            match &definition.default {
                Some(default) => {
                    let none = Map::new();
                    let value = arguments::literal(types, &ty, default, &none);
                    values.insert(name.clone(), value.unwrap_or_default());
                }
                None if ty.is_required() => fail(format!(
                    "Variable \"${name}\" of required type \"{ty}\" was not provided."
                )),
                None => {}
            }
            continue;
        };
        if value.is_null() && ty.is_required() {
            fail(format!("Variable \"${name}\" of non-null type \"{ty}\" must not be null."));
            continue;
        }
        let mut problems = Vec::new();
        let coerced = value_of(types, &ty, value, &mut Vec::new(), &mut problems);
        for Problem { path, value, message } in problems {
            let at = match path.is_empty() {
                true => String::new(),
                false => format!(" at \"{name}{path}\""),
            };
            fail(format!("Variable \"${name}\" got invalid value {value}{at}; {message}"));
        }
        values.insert(name.clone(), coerced);
    }
    match failures.is_empty() {
        true => Ok(values),
        false => {
            failures.truncate(MOST_ERRORS);
            Err(failures)
        }
    }
}

struct Problem {
    path: String,
    value: String,
    message: String,
}

fn value_of(
    types: &Types,
    ty: &TypeRef,
    value: &Value,
    path: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) -> Value {
    let problem = |path: &[String], value: &Value, message: String| Problem {
        path: path.concat(),
        value: inspect(value),
        message,
    };
    if value.is_null() {
        if ty.is_required() {
            let message = format!("Expected non-nullable type \"{ty}\" not to be null.");
            problems.push(problem(path, value, message));
        }
        return Value::Null;
    }
    if let Some(item) = ty.item() {
        let Value::Array(items) = value else {
            return Value::Array(vec![value_of(types, item, value, path, problems)]);
        };
        let mut coerced = Vec::with_capacity(items.len());
        for (at, inner) in items.iter().enumerate() {
            path.push(format!("[{at}]"));
            coerced.push(value_of(types, item, inner, path, problems));
            path.pop();
        }
        return Value::Array(coerced);
    }
    let Some(named) = types.get(ty.name()) else { return Value::Null };
    match &named.kind {
        TypeKind::Input(fields) => {
            let Value::Object(members) = value else {
                let message = format!("Expected type \"{}\" to be an object.", named.name);
                problems.push(problem(path, value, message));
                return Value::Null;
            };
            let mut coerced = Map::new();
            for (name, field) in fields {
                match (members.get(name), &field.default) {
                    (Some(member), _) => {
                        path.push(format!(".{name}"));
                        let member = value_of(types, &field.ty, member, path, problems);
                        coerced.insert(name.clone(), member);
                        path.pop();
                    }
                    (None, Some(default)) => drop(coerced.insert(name.clone(), default.clone())),
                    (None, None) if field.ty.is_required() => {
                        let message = format!(
                            "Field \"{name}\" of required type \"{}\" was not provided.",
                            field.ty
                        );
                        problems.push(problem(path, value, message));
                    }
                    (None, None) => {}
                }
            }
            for name in members.keys().filter(|name| !fields.contains_key(*name)) {
                let hint = did_you_mean(&close(name, fields.keys().map(String::as_str)));
                let message =
                    format!("Field \"{name}\" is not defined by type \"{}\".{hint}", named.name);
                problems.push(problem(path, value, message));
            }
            Value::Object(coerced)
        }
        TypeKind::Scalar(scalar) => match scalar.value(value) {
            Ok(coerced) => coerced,
            Err(refusal) => {
                let message = match refusal {
                    Refusal::Whole(message) => message,
                    Refusal::Reason(reason) => {
                        format!("Expected type \"{}\". {reason}", named.name)
                    }
                    Refusal::Plain => format!("Expected type \"{}\".", named.name),
                };
                problems.push(problem(path, value, message));
                Value::Null
            }
        },
        TypeKind::Enum(members) => {
            let word = value.as_str();
            if let Some(known) = word.and_then(|word| members.get(word)) {
                return known.as_str().into();
            }
            let (shown, kind) = match word {
                Some(word) => (word.to_owned(), None),
                None => (inspect(value), Some("non-string")),
            };
            let hint = suggest::meant(
                "the enum value ",
                &close(&shown, members.keys().map(String::as_str)),
            );
            let message = match kind {
                None => {
                    format!("Value \"{shown}\" does not exist in \"{}\" enum.{hint}", named.name)
                }
                Some(kind) => {
                    format!("Enum \"{}\" cannot represent {kind} value: {shown}.{hint}", named.name)
                }
            };
            problems.push(problem(path, value, message));
            Value::Null
        }
        TypeKind::Object(_) | TypeKind::Union(_) => Value::Null,
    }
}
