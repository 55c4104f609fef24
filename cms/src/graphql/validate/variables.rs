//! Variables: that they are declared once, used, and fit where they are used.

use std::collections::{BTreeSet, HashSet};

use super::super::schema::TypeRef;
use super::super::syntax::{Literal, Operation, TypeNode, VariableDefinition};
use super::{Use, Validator};

impl<'a> Validator<'a> {
    pub(super) fn unique_variables(&mut self, operation: &Operation) {
        let mut told = HashSet::new();
        for definition in &operation.variables {
            let name = &definition.name.text;
            let all = operation.variables.iter().filter(|other| other.name.text == *name);
            let at: Vec<_> = all.map(|definition| definition.name.at).collect();
            if at.len() > 1 && told.insert(name) {
                self.error(format!("There can be only one variable named \"${name}\"."), at);
            }
        }
    }

    pub(super) fn variable_definition(&mut self, definition: &'a VariableDefinition) {
        let ty = type_ref(&definition.ty);
        let is_known = self.types.get(ty.name()).is_some();
        if is_known && !self.types.is_input(ty.name()) {
            let name = &definition.name.text;
            let message = format!("Variable \"${name}\" cannot be non-input type \"{ty}\".");
            self.error(message, [definition.ty.at()]);
        }
        self.repeated_directives(&definition.directives);
        self.known_type(&definition.ty);
        if let Some(default) = &definition.default {
            let expected = Some(&ty).filter(|ty| self.types.is_input(ty.name()));
            self.value(default, expected, false);
        }
        self.directives(&definition.directives, "VARIABLE_DEFINITION");
    }

    /// The variables each fragment uses, in the order of the fragments.
    pub(super) fn uses_of_fragments(&mut self) -> Vec<Vec<Use>> {
        let document = self.document;
        let mut uses = Vec::with_capacity(document.fragments.len());
        for fragment in &document.fragments {
            // What else is wrong is told when the fragment is walked in its turn.
            let errors = std::mem::take(&mut self.errors);
            self.used.clear();
            self.directives(&fragment.directives, "FRAGMENT_DEFINITION");
            self.selection_set(&fragment.selection, Some(&fragment.on.text));
            uses.push(std::mem::take(&mut self.used));
            self.errors = errors;
        }
        uses
    }

    pub(super) fn variables_of(
        &mut self,
        operation: &'a Operation,
        own: Vec<Use>,
        of_fragments: &[Vec<Use>],
    ) {
        let mut reached = BTreeSet::new();
        self.reach(&operation.selection, &mut reached);
        let mut used = own;
        for (fragment, uses) in self.document.fragments.iter().zip(of_fragments) {
            if reached.contains(fragment.name.text.as_str()) {
                used.extend(uses.iter().cloned());
            }
        }
        let declared =
            |name: &str| operation.variables.iter().find(|known| known.name.text == name);
        let label = operation.name.as_ref().map(|name| format!("operation \"{}\"", name.text));
        for used in used.iter().filter(|used| declared(&used.name).is_none()) {
            let by = label.as_ref().map(|label| format!(" by {label}")).unwrap_or_default();
            let message = format!("Variable \"${}\" is not defined{by}.", used.name);
            self.error(message, [used.at, operation.at]);
        }
        for definition in &operation.variables {
            let name = &definition.name.text;
            if !used.iter().any(|used| used.name == *name) {
                let within = label.as_ref().map(|label| format!(" in {label}"));
                let within = within.unwrap_or_default();
                let message = format!("Variable \"${name}\" is never used{within}.");
                self.error(message, [definition.at]);
            }
        }
        for used in &used {
            let Some(definition) = declared(&used.name) else { continue };
            self.fits(definition, used);
        }
    }

    fn fits(&mut self, definition: &VariableDefinition, used: &Use) {
        let Some(expected) = &used.expected else { return };
        let ty = type_ref(&definition.ty);
        if self.types.get(ty.name()).is_none() {
            return;
        }
        let filled = definition.default.as_ref();
        let filled = filled.is_some_and(|value| value.literal != Literal::Null);
        let fits = match (expected.is_required(), ty.is_required()) {
            (true, false) => (filled || used.has_default) && within(&ty, expected.nullable()),
            _ => within(&ty, expected),
        };
        if !fits {
            let message = format!(
                "Variable \"${}\" of type \"{ty}\" used in position expecting type \"{expected}\".",
                used.name
            );
            self.error(message, [definition.at, used.at]);
        }
    }
}

/// Whether every value of `ty` is one of `expected`.
fn within(ty: &TypeRef, expected: &TypeRef) -> bool {
    match (ty, expected) {
        (TypeRef::NonNull(ty), TypeRef::NonNull(expected)) => within(ty, expected),
        (TypeRef::NonNull(ty), expected) => within(ty, expected),
        (_, TypeRef::NonNull(_)) => false,
        (TypeRef::List(ty), TypeRef::List(expected)) => within(ty, expected),
        (TypeRef::Named(ty), TypeRef::Named(expected)) => ty == expected,
        _ => false,
    }
}

/// The type that a document writes.
pub(in super::super) fn type_ref(node: &TypeNode) -> TypeRef {
    match node {
        TypeNode::Named(name) => TypeRef::named(&name.text),
        TypeNode::List(inner, _) => type_ref(inner).list(),
        TypeNode::NonNull(inner) => type_ref(inner).required(),
    }
}
