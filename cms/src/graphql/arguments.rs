//! The values of arguments, in a document that fits the schema.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::schema::{InputValue, TypeKind, TypeRef, Types};
use super::syntax::{self, Argument, Literal};

/// The arguments of a field, with the defaults of those that are not given.
///
/// # Errors
/// A variable that holds nothing where something is needed.
pub(super) fn of_field(
    types: &Types,
    known: &IndexMap<String, InputValue>,
    given: &[Argument],
    variables: &Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut values = Map::new();
    for (name, definition) in known {
        let given = given.iter().find(|argument| argument.name.text == *name);
        let value = given.and_then(|given| literal(types, &definition.ty, &given.value, variables));
        match (value, &definition.default) {
            (Some(Value::Null), _) if definition.ty.is_required() => {
                return Err(format!(
                    "Argument \"{name}\" of non-null type \"{}\" must not be null.",
                    definition.ty
                ));
            }
            (Some(value), _) => drop(values.insert(name.clone(), value)),
            (None, Some(default)) => drop(values.insert(name.clone(), default.clone())),
            (None, None) if definition.ty.is_required() => {
                return Err(format!(
                    "Argument \"{name}\" of required type \"{}\" was not provided.",
                    definition.ty
                ));
            }
            (None, None) => {}
        }
    }
    Ok(values)
}

/// The value of a literal; `None` for a variable without one.
pub(super) fn literal(
    types: &Types,
    ty: &TypeRef,
    value: &syntax::Value,
    variables: &Map<String, Value>,
) -> Option<Value> {
    if let Literal::Variable(name) = &value.literal {
        return variables.get(name).cloned();
    }
    if value.literal == Literal::Null {
        return Some(Value::Null);
    }
    if let Some(item) = ty.item() {
        return Some(match &value.literal {
            Literal::List(items) => items
                .iter()
                .map(|inner| literal(types, item, inner, variables).unwrap_or_default())
                .collect(),
            _ => Value::Array(vec![literal(types, item, value, variables)?]),
        });
    }
    match &types.get(ty.name())?.kind {
        TypeKind::Input(fields) => {
            let Literal::Object(members) = &value.literal else { return None };
            Some(Value::Object(object(types, fields, members, variables)))
        }
        TypeKind::Scalar(scalar) => {
            let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
            scalar.literal(value, &variable).ok()
        }
        TypeKind::Enum(members) => match &value.literal {
            Literal::Enum(word) => members.get(word).map(|value| value.as_str().into()),
            _ => None,
        },
        TypeKind::Object(_) | TypeKind::Union(_) => None,
    }
}

fn object(
    types: &Types,
    fields: &IndexMap<String, InputValue>,
    members: &[(syntax::Name, syntax::Value)],
    variables: &Map<String, Value>,
) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, field) in fields {
        let member = members.iter().find(|(member, _)| member.text == *name);
        let value = member.and_then(|(_, value)| literal(types, &field.ty, value, variables));
        if let Some(value) = value.or_else(|| field.default.clone()) {
            values.insert(name.clone(), value);
        }
    }
    values
}
