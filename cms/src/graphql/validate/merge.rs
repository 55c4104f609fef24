//! Fields with one key in the answer must mean one thing.
//!
//! Each selection set is expanded, and fields of the same key are held against the first one.
//! What is below them is told of where it belongs to the same parent only once: sets inside a
//! field are merged when the field is walked with its equals.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::super::schema::{TYPENAME, TypeRef};
use super::super::syntax::{Argument, Field, Selection, SelectionSet, print};
use super::Validator;

/// A field and the type it is selected on.
#[derive(Clone, Copy)]
struct Seen<'a> {
    parent: Option<&'a str>,
    field: &'a Field,
}

type Groups<'a> = IndexMap<&'a str, Vec<Seen<'a>>>;

/// Why two fields cannot share a key, and the fields that say so.
struct Conflict<'a> {
    reason: String,
    fields: Vec<&'a Field>,
}

impl<'a> Validator<'a> {
    pub(super) fn mergeable(&mut self, set: &'a SelectionSet, parent: Option<&str>) {
        let mut groups = Groups::new();
        let parent = parent.and_then(|name| self.types.get(name)).map(|ty| ty.name.as_str());
        self.expand(set, parent, &mut groups, &mut BTreeSet::new());
        for (key, group) in groups {
            if let Some((_, Conflict { reason, fields })) = self.conflict(key, &group, false) {
                let message = format!(
                    "Fields \"{key}\" conflict because {reason}. Use different aliases on the \
                     fields to fetch both if this was intentional."
                );
                let at: Vec<_> = fields.iter().map(|field| field.at).collect();
                self.error(message, at);
            }
        }
    }

    fn expand(
        &self,
        set: &'a SelectionSet,
        parent: Option<&'a str>,
        groups: &mut Groups<'a>,
        seen: &mut BTreeSet<&'a str>,
    ) {
        for selection in &set.0 {
            match selection {
                Selection::Field(field) => {
                    groups.entry(field.key()).or_default().push(Seen { parent, field });
                }
                Selection::Inline(inline) => {
                    let parent = inline.on.as_ref().map_or(parent, |on| Some(&on.text));
                    self.expand(&inline.selection, parent, groups, seen);
                }
                Selection::Spread(spread) => {
                    if seen.insert(&spread.name.text)
                        && let Some(fragment) = self.fragment_on(&spread.name.text)
                    {
                        self.expand(&fragment.selection, Some(&fragment.on.text), groups, seen);
                    }
                }
            }
        }
    }

    fn conflict(
        &self,
        key: &'a str,
        group: &[Seen<'a>],
        exclusive: bool,
    ) -> Option<(&'a str, Conflict<'a>)> {
        let first = group.first()?;
        for other in group.iter().skip(1) {
            let apart = exclusive || self.apart(first.parent, other.parent);
            if let Some(reason) = self.differ(*first, *other, apart) {
                return Some((key, Conflict { reason, fields: vec![first.field, other.field] }));
            }
            let mut below = Groups::new();
            let mut seen = BTreeSet::new();
            for one in [first, other] {
                if let Some(set) = &one.field.selection {
                    let ty = self.type_of(*one).map(TypeRef::name);
                    self.expand(set, ty, &mut below, &mut seen);
                }
            }
            let deeper = below.iter().find_map(|(key, group)| self.conflict(key, group, apart));
            if let Some((inner, conflict)) = deeper {
                let reason = format!("subfields \"{inner}\" conflict because {}", conflict.reason);
                let mut fields = vec![first.field, other.field];
                fields.extend(conflict.fields);
                return Some((key, Conflict { reason, fields }));
            }
        }
        None
    }

    /// Two different objects: only the shape of the answer must agree.
    fn apart(&self, one: Option<&str>, other: Option<&str>) -> bool {
        let is_object = |name: &str| self.types.object(name).is_some();
        matches!((one, other), (Some(one), Some(other)) if one != other && is_object(one) && is_object(other))
    }

    fn type_of(&self, seen: Seen<'a>) -> Option<&'a TypeRef> {
        self.definition(seen.parent, &seen.field.name.text).map(|field| &field.ty)
    }

    fn differ(&self, one: Seen<'a>, other: Seen<'a>, apart: bool) -> Option<String> {
        let names = (&one.field.name.text, &other.field.name.text);
        if !apart {
            if names.0 != names.1 {
                return Some(format!("\"{}\" and \"{}\" are different fields", names.0, names.1));
            }
            if !same_arguments(&one.field.arguments, &other.field.arguments) {
                return Some("they have differing arguments".into());
            }
        }
        if names.0 == TYPENAME && names.1 == TYPENAME {
            return None;
        }
        let (one, other) = (self.type_of(one)?, self.type_of(other)?);
        self.shapes_differ(one, other)
            .then(|| format!("they return conflicting types \"{one}\" and \"{other}\""))
    }

    fn shapes_differ(&self, one: &TypeRef, other: &TypeRef) -> bool {
        match (one, other) {
            (TypeRef::NonNull(one), TypeRef::NonNull(other))
            | (TypeRef::List(one), TypeRef::List(other)) => self.shapes_differ(one, other),
            (TypeRef::Named(one), TypeRef::Named(other)) => {
                (self.types.is_leaf(one) || self.types.is_leaf(other)) && one != other
            }
            _ => true,
        }
    }
}

fn same_arguments(one: &[Argument], other: &[Argument]) -> bool {
    let same = |argument: &Argument| {
        other.iter().any(|known| {
            known.name.text == argument.name.text && print(&known.value) == print(&argument.value)
        })
    };
    one.len() == other.len() && one.iter().all(same)
}
