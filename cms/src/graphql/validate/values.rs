//! Literals: whether each is what is expected where it stands.

use std::collections::HashSet;

use super::super::scalar::Refusal;
use super::super::schema::{InputValue, Type, TypeKind, TypeRef};
use super::super::suggest::{close, did_you_mean};
use super::super::syntax::{Literal, Name, Position, Value, print};
use super::{Use, Validator};

impl<'a> Validator<'a> {
    /// Checks a literal and notes the variables in it.
    pub(super) fn value(&mut self, value: &'a Value, expected: Option<&TypeRef>, default: bool) {
        match &value.literal {
            Literal::Variable(name) => {
                let expected = expected.cloned();
                let (name, at) = (name.clone(), value.at);
                self.used.push(Use { name, at, expected, has_default: default });
            }
            Literal::Null => {
                if let Some(ty) = expected.filter(|ty| ty.is_required()) {
                    self.refuse(ty, value);
                }
            }
            Literal::List(items) => match expected.map(|ty| (ty, ty.item())) {
                Some((_, Some(item))) => {
                    items.iter().for_each(|inner| self.value(inner, Some(item), false));
                }
                Some((ty, None)) => {
                    self.single(value, ty);
                    self.variables_in(value);
                }
                None => self.variables_in(value),
            },
            Literal::Object(members) => match expected {
                Some(ty) => self.object(value, members, ty),
                None => self.variables_in(value),
            },
            _ => {
                if let Some(ty) = expected {
                    self.single(value, ty);
                }
            }
        }
    }

    fn refuse(&mut self, ty: &TypeRef, value: &Value) {
        let message = format!("Expected value of type \"{ty}\", found {}.", print(value));
        self.error(message, [value.at]);
    }

    /// Variables where no type is expected.
    fn variables_in(&mut self, value: &'a Value) {
        match &value.literal {
            Literal::List(items) => items.iter().for_each(|item| self.value(item, None, false)),
            Literal::Object(members) => {
                self.repeated_members(members);
                members.iter().for_each(|(_, value)| self.value(value, None, false));
            }
            _ => {}
        }
    }

    fn single(&mut self, value: &Value, expected: &TypeRef) {
        let Some(ty) = self.types.get(expected.name()) else { return };
        match &ty.kind {
            TypeKind::Scalar(scalar) => match scalar.literal(value, &|_| serde_json::Value::Null) {
                Ok(_) => {}
                Err(Refusal::Whole(message)) => self.error(message, [value.at]),
                Err(Refusal::Reason(reason)) => {
                    let found = print(value);
                    let message =
                        format!("Expected value of type \"{expected}\", found {found}; {reason}");
                    self.error(message, [value.at]);
                }
                Err(Refusal::Plain) => self.refuse(expected, value),
            },
            TypeKind::Enum(members) => {
                let known = members.keys().map(String::as_str);
                match &value.literal {
                    Literal::Enum(word) if members.contains_key(word) => {}
                    Literal::Enum(word) => {
                        let hint = enum_hint(word, known);
                        let message = format!(
                            "Value \"{word}\" does not exist in \"{}\" enum.{hint}",
                            ty.name
                        );
                        self.error(message, [value.at]);
                    }
                    _ => {
                        let printed = print(value);
                        let hint = enum_hint(&printed, known);
                        let message = format!(
                            "Enum \"{}\" cannot represent non-enum value: {printed}.{hint}",
                            ty.name
                        );
                        self.error(message, [value.at]);
                    }
                }
            }
            _ => self.refuse(expected, value),
        }
    }

    fn object(&mut self, value: &'a Value, members: &'a [(Name, Value)], expected: &TypeRef) {
        let ty = self.types.get(expected.name());
        let Some(Type { kind: TypeKind::Input(fields), name, .. }) = ty else {
            self.single(value, expected);
            return self.variables_in(value);
        };
        self.missing_members(name, fields, members, value.at);
        self.repeated_members(members);
        for (member, inner) in members {
            let field = fields.get(&member.text);
            if field.is_none() {
                let hint = did_you_mean(&close(&member.text, fields.keys().map(String::as_str)));
                let message =
                    format!("Field \"{}\" is not defined by type \"{name}\".{hint}", member.text);
                self.error(message, [member.at]);
            }
            let has_default = field.is_some_and(|field| field.default.is_some());
            self.value(inner, field.map(|field| &field.ty), has_default);
        }
    }

    fn missing_members(
        &mut self,
        name: &str,
        fields: &indexmap::IndexMap<String, InputValue>,
        members: &[(Name, Value)],
        at: Position,
    ) {
        for (field, definition) in fields.iter().filter(|(_, field)| field.is_required()) {
            if !members.iter().any(|(member, _)| member.text == *field) {
                let message = format!(
                    "Field \"{name}.{field}\" of required type \"{}\" was not provided.",
                    definition.ty
                );
                self.error(message, [at]);
            }
        }
    }

    fn repeated_members(&mut self, members: &[(Name, Value)]) {
        let mut seen = HashSet::new();
        for (member, _) in members {
            let first = members.iter().find(|(other, _)| other.text == member.text);
            if !seen.insert(&member.text)
                && let Some((first, _)) = first
            {
                let message =
                    format!("There can be only one input field named \"{}\".", member.text);
                self.error(message, [first.at, member.at]);
            }
        }
    }
}

fn enum_hint<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> String {
    super::suggest::meant("the enum value ", &close(word, known))
}
