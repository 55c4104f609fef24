//! From what was read to what is answered: each field by its plan, nulls where something is
//! wrong, and further up where a field cannot be null.

use serde_json::{Map, Value};

use super::execute::is_connection;
use super::failure::Failure;
use super::introspection::Introspection;
use super::plan::{Step, Wanted};
use super::reading::{self, Rows};
use super::schema::{TypeKind, TypeRef, Types};
use crate::registry::Registry;

/// An object under way into the answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'v> {
    Object(&'v Value),
    /// A list that stands for an object, and what is known of all its pages.
    Page {
        items: &'v Value,
        info: &'v Value,
    },
}

/// Writes answers and gathers what went wrong.
pub(super) struct Completer<'a> {
    pub(super) types: &'a Types,
    pub(super) registry: &'a Registry,
    /// What is known of types, where a question is about them.
    pub(super) introspection: Option<&'a Introspection>,
    pub(super) failures: Vec<Failure>,
    pub(super) path: Vec<Value>,
}

type Completed = Result<Value, Failure>;

static NULL: Value = Value::Null;

impl Completer<'_> {
    /// A field of a root, given what was read for it.
    ///
    /// # Errors
    /// As [`Completer::object`].
    pub(super) fn root(&mut self, wanted: &Wanted, parent: &str, value: &Value) -> Completed {
        let part = |name: &str| value.get(name).unwrap_or(&NULL);
        if is_connection(&wanted.ty) {
            let page = Source::Page { items: part("items"), info: part("info") };
            return self.named(wanted, &wanted.ty, page);
        }
        match wanted.ty.item() {
            Some(_) => self.value(wanted, parent, &wanted.ty, part("items")),
            None => self.value(wanted, parent, &wanted.ty, value),
        }
    }

    /// The object of that type.
    ///
    /// # Errors
    /// A field that cannot be null, and is.
    pub(super) fn object(
        &mut self,
        wanted: &[Wanted],
        name: &str,
        source: Source<'_>,
    ) -> Completed {
        let mut answer = Map::with_capacity(wanted.len());
        let mut fatal = None;
        for one in wanted {
            self.path.push(one.key.as_str().into());
            let completed = self.field(one, name, source);
            let completed = self.settled(completed, &one.ty);
            self.path.pop();
            match completed {
                Ok(value) => drop(answer.insert(one.key.clone(), value)),
                // What the others meet where they may be null is told all the same.
                Err(failure) => drop(fatal.get_or_insert(failure)),
            }
        }
        fatal.map_or(Ok(Value::Object(answer)), Err)
    }

    /// A failure ends where null is allowed.
    pub(super) fn settled(&mut self, completed: Completed, ty: &TypeRef) -> Completed {
        match completed {
            Err(failure) if !ty.is_required() => {
                self.failures.push(failure);
                Ok(Value::Null)
            }
            other => other,
        }
    }

    fn field(&mut self, wanted: &Wanted, parent: &str, source: Source<'_>) -> Completed {
        let object = match source {
            Source::Object(object) => object,
            Source::Page { .. } => &NULL,
        };
        let member = |name: &str| object.get(name).unwrap_or(&NULL);
        match (&wanted.step, source) {
            (Step::Typename, _) => Ok(parent.into()),
            (Step::Member, _) => self.value(wanted, parent, &wanted.ty, member(&wanted.name)),
            (Step::Filled { name, window, wrapped }, _) => {
                let filled = member(name);
                let cut = match (filled, window) {
                    (Value::Array(items), Some(window)) if !window.holds(items.len()) => {
                        Some(Value::Array(window.cut(items.clone())))
                    }
                    _ => None,
                };
                let filled = cut.as_ref().unwrap_or(filled);
                if *wrapped {
                    let page = Source::Page { items: filled, info: &NULL };
                    return self.named(wanted, &wanted.ty, page);
                }
                self.value(wanted, parent, &wanted.ty, filled)
            }
            (Step::Permissions { args, window, wrapped }, _) => {
                let kind = member("type").as_str().unwrap_or_default();
                let rows = reading::permissions(self.registry, kind);
                let question = Rows { rows, args: args.clone(), window: *window, is_list: true };
                let found = question.answer(false);
                let items = found.get("items").unwrap_or(&NULL);
                match wrapped {
                    true => self.named(wanted, &wanted.ty, Source::Page { items, info: &NULL }),
                    false => self.value(wanted, parent, &wanted.ty, items),
                }
            }
            (Step::Itself, Source::Page { items, .. }) => {
                self.value(wanted, parent, &wanted.ty, items)
            }
            (Step::PageInfo, Source::Page { info, .. }) => {
                self.value(wanted, parent, &wanted.ty, info)
            }
            (Step::Itself | Step::PageInfo, Source::Object(_)) => {
                self.value(wanted, parent, &wanted.ty, &NULL)
            }
            (Step::Nothing, _) => match wanted.ty.item() {
                Some(_) if wanted.ty.is_required() => Ok(Value::Array(Vec::new())),
                _ => Ok(Value::Null),
            },
            (Step::Refused(error), _) => Err(self.here(Failure::of(error, wanted.at))),
            (Step::Broken(message), _) => {
                Err(self.here(Failure::plain(message.as_str(), wanted.at)))
            }
        }
    }

    pub(super) fn here(&self, failure: Failure) -> Failure {
        failure.on(self.path.clone())
    }

    /// A value of a type.
    ///
    /// # Errors
    /// As [`Completer::object`].
    pub(super) fn value(
        &mut self,
        wanted: &Wanted,
        parent: &str,
        ty: &TypeRef,
        value: &Value,
    ) -> Completed {
        if value.is_null() {
            return match ty.is_required() {
                true => {
                    let name = &wanted.name;
                    let message =
                        format!("Cannot return null for non-nullable field {parent}.{name}.");
                    Err(self.here(Failure::plain(message, wanted.at)))
                }
                false => Ok(Value::Null),
            };
        }
        let Some(item) = ty.item() else { return self.named(wanted, ty, Source::Object(value)) };
        let Value::Array(items) = value else {
            let name = &wanted.name;
            let message =
                format!("Expected Iterable, but did not find one for field \"{parent}.{name}\".");
            return Err(self.here(Failure::plain(message, wanted.at)));
        };
        let mut answer = Vec::with_capacity(items.len());
        for (at, value) in items.iter().enumerate() {
            self.path.push(at.into());
            let completed = self.value(wanted, parent, item, value);
            let completed = self.settled(completed, item);
            self.path.pop();
            answer.push(completed?);
        }
        Ok(Value::Array(answer))
    }

    fn named(&mut self, wanted: &Wanted, ty: &TypeRef, source: Source<'_>) -> Completed {
        let name = ty.name();
        let Some(known) = self.types.get(name) else { return Ok(Value::Null) };
        match (&known.kind, source) {
            (TypeKind::Scalar(scalar), Source::Object(value)) => scalar
                .shown(value.clone())
                .map_err(|message| self.here(Failure::plain(message, wanted.at))),
            (TypeKind::Enum(members), Source::Object(value)) => {
                let found = members.iter().find(|(_, stored)| value == stored.as_str());
                match found {
                    Some((shown, _)) => Ok(shown.as_str().into()),
                    None => {
                        let message = format!("Enum \"{name}\" cannot represent value: {value}");
                        Err(self.here(Failure::plain(message, wanted.at)))
                    }
                }
            }
            (TypeKind::Object(_), _) => self.below(wanted, name, self.whole(name, source)),
            (TypeKind::Union(_), Source::Object(value)) => {
                let uid = value.get("__component").and_then(Value::as_str).unwrap_or_default();
                let member = self.types.showing(uid).unwrap_or_default();
                self.below(wanted, member, source)
            }
            _ => Ok(Value::Null),
        }
    }

    fn below(&mut self, wanted: &Wanted, name: &str, source: Source<'_>) -> Completed {
        match wanted.below.iter().find(|(known, _)| known == name) {
            Some((_, inner)) => self.object(inner, name, source),
            None => Ok(Value::Object(Map::new())),
        }
    }

    /// Where a type is mentioned, the introspection shows little more than its name.
    fn whole<'v>(&self, name: &str, source: Source<'v>) -> Source<'v>
    where
        Self: 'v,
    {
        match source {
            Source::Object(value) if name == "__Type" => {
                let named = value.get("name").and_then(Value::as_str);
                let whole = named.and_then(|name| self.introspection?.get(name));
                whole.map_or(source, Source::Object)
            }
            other => other,
        }
    }
}
