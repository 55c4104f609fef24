//! Whether a document fits the schema: the rules of graphql-js, in its order and its words.
//!
//! The document is walked once. At each place the rules speak in the order in which graphql-js
//! runs them, so that several errors come in the order clients know.

mod directives;
mod fragments;
mod merge;
mod values;
mod variables;

use std::collections::{BTreeSet, HashSet};

use super::failure::Failure;
use super::schema::{Field, InputValue, MUTATION, QUERY, TYPENAME, TypeRef, Types};
use super::suggest::{self, close, did_you_mean};
use super::syntax::{
    self, Argument, Document, Fragment, Operation, OperationKind, Position, Selection,
    SelectionSet, TypeNode,
};

pub(super) use variables::type_ref;

/// Errors reported at most.
const MOST_ERRORS: usize = 100;

/// Every rule that is broken.
pub(super) fn validate(types: &Types, document: &Document) -> Vec<Failure> {
    let mut validator = Validator { types, document, errors: Vec::new(), used: Vec::new() };
    validator.document();
    let mut errors = validator.errors;
    if errors.len() > MOST_ERRORS {
        errors.truncate(MOST_ERRORS);
        let message = "Too many validation errors, error limit reached. Validation aborted.";
        errors.push(Failure::invalid(message, []));
    }
    errors
}

/// A variable where it is used, with the type that is expected there.
#[derive(Debug, Clone)]
struct Use {
    name: String,
    at: Position,
    expected: Option<TypeRef>,
    has_default: bool,
}

struct Validator<'a> {
    types: &'a Types,
    document: &'a Document,
    errors: Vec<Failure>,
    /// Of the definition that is being walked.
    used: Vec<Use>,
}

/// The type that fields of an operation belong to.
pub(super) fn root_type(kind: OperationKind) -> Option<&'static str> {
    match kind {
        OperationKind::Query => Some(QUERY),
        OperationKind::Mutation => Some(MUTATION),
        OperationKind::Subscription => None,
    }
}

/// Every field of a selection, however deep, but not those of fragments it spreads.
pub(super) fn fields(set: &SelectionSet, see: &mut dyn FnMut(&syntax::Field)) {
    for selection in &set.0 {
        match selection {
            Selection::Field(field) => {
                see(field);
                field.selection.iter().for_each(|inner| fields(inner, see));
            }
            Selection::Inline(inline) => fields(&inline.selection, see),
            Selection::Spread(_) => {}
        }
    }
}

impl<'a> Validator<'a> {
    fn error(&mut self, message: impl Into<String>, at: impl Into<Vec<Position>>) {
        self.errors.push(Failure::invalid(message, at));
    }

    fn document(&mut self) {
        let document = self.document;
        let uses = self.uses_of_fragments();
        let mut names: Vec<&syntax::Name> = Vec::new();
        for (is_operation, at) in &document.order {
            if *is_operation {
                let operation = &document.operations[*at];
                if let Some(name) = &operation.name {
                    if let Some(first) = names.iter().find(|known| known.text == name.text) {
                        let message =
                            format!("There can be only one operation named \"{}\".", name.text);
                        self.error(message, [first.at, name.at]);
                    } else {
                        names.push(name);
                    }
                }
                self.operation(operation, &uses);
            } else {
                self.fragment(*at);
            }
        }
        self.unused_fragments();
    }

    fn operation(&mut self, operation: &'a Operation, uses: &[Vec<Use>]) {
        if operation.name.is_none() && self.document.operations.len() > 1 {
            let message = "This anonymous operation must be the only defined operation.";
            self.error(message, [operation.at]);
        }
        self.unique_variables(operation);
        self.repeated_directives(&operation.directives);
        self.used.clear();
        for definition in &operation.variables {
            self.variable_definition(definition);
        }
        let place = match operation.kind {
            OperationKind::Query => "QUERY",
            OperationKind::Mutation => "MUTATION",
            OperationKind::Subscription => "SUBSCRIPTION",
        };
        self.directives(&operation.directives, place);
        self.selection_set(&operation.selection, root_type(operation.kind));
        let own = std::mem::take(&mut self.used);
        self.variables_of(operation, own, uses);
    }

    fn known_type(&mut self, node: &TypeNode) {
        let name = node.name();
        if self.types.get(&name.text).is_some() {
            return;
        }
        let known = self.types.iter().map(|ty| ty.name.as_str());
        let hint = did_you_mean(&close(&name.text, known));
        self.error(format!("Unknown type \"{}\".{hint}", name.text), [name.at]);
    }

    fn selection_set(&mut self, set: &'a SelectionSet, parent: Option<&str>) {
        self.mergeable(set, parent);
        for selection in &set.0 {
            match selection {
                Selection::Field(field) => self.field(field, parent),
                Selection::Spread(spread) => self.spread(spread, parent),
                Selection::Inline(inline) => self.inline(inline, parent),
            }
        }
    }

    /// What a field of a type is; its name alone for what every object has.
    fn definition(&self, parent: Option<&str>, name: &str) -> Option<&'a Field> {
        self.types.object(parent?)?.fields.get(name)
    }

    fn field(&mut self, field: &'a syntax::Field, parent: Option<&str>) {
        let parent = parent.filter(|name| self.types.is_composite(name));
        let known = self.definition(parent, &field.name.text);
        let typename = TypeRef::named("String").required();
        let is_typename = field.name.text == TYPENAME;
        let ty = match known {
            Some(known) => Some(&known.ty),
            None if is_typename && parent.is_some() => Some(&typename),
            None => None,
        };
        match (ty, parent) {
            (Some(ty), _) => self.leaf(field, ty),
            (None, Some(parent)) => self.unknown_field(field, parent),
            (None, None) => {}
        }
        self.repeated_directives(&field.directives);
        self.repeated_arguments(&field.arguments);
        let owner = parent.unwrap_or_default();
        let context = format!("field \"{owner}.{}\"", field.name.text);
        let none = indexmap::IndexMap::new();
        let args = known.map_or(&none, |known| &known.args);
        self.arguments(&field.arguments, ty.map(|_| args), &context);
        self.directives(&field.directives, "FIELD");
        if let Some(set) = &field.selection {
            self.selection_set(set, ty.map(TypeRef::name));
        }
        if ty.is_some() {
            let context = format!("Field \"{}\"", field.name.text);
            self.required_arguments(&field.arguments, args, &context, field.at);
        }
    }

    fn leaf(&mut self, field: &syntax::Field, ty: &TypeRef) {
        let name = &field.name.text;
        let is_leaf = self.types.is_leaf(ty.name());
        match &field.selection {
            Some(_) if is_leaf => {
                let message = format!(
                    "Field \"{name}\" must not have a selection since type \"{ty}\" has no \
                     subfields."
                );
                let at = field.selection_at.unwrap_or(field.at);
                self.error(message, [at]);
            }
            None if !is_leaf => {
                let message = format!(
                    "Field \"{name}\" of type \"{ty}\" must have a selection of subfields. Did \
                     you mean \"{name} {{ ... }}\"?"
                );
                self.error(message, [field.at]);
            }
            _ => {}
        }
    }

    fn unknown_field(&mut self, field: &syntax::Field, parent: &str) {
        let name = &field.name.text;
        let holders = self.holders(parent, name);
        let hint = if holders.is_empty() {
            let fields = self.types.object(parent).map(|object| &object.fields);
            let names = fields.into_iter().flat_map(|fields| fields.keys());
            did_you_mean(&close(name, names.map(String::as_str).filter(|n| !n.starts_with("__"))))
        } else {
            suggest::meant("to use an inline fragment on ", &holders)
        };
        let message = format!("Cannot query field \"{name}\" on type \"{parent}\".{hint}");
        self.error(message, [field.at]);
    }

    /// Members of a union that do have the field.
    fn holders(&self, parent: &str, name: &str) -> Vec<String> {
        if self.types.object(parent).is_some() {
            return Vec::new();
        }
        let has = |member: &&str| self.definition(Some(member), name).is_some();
        let members = self.types.possible(parent).into_iter().filter(has);
        members.map(str::to_owned).collect()
    }

    fn repeated_arguments(&mut self, arguments: &[Argument]) {
        let mut seen = HashSet::new();
        for argument in arguments {
            let name = &argument.name.text;
            let mut all = arguments.iter().filter(|other| other.name.text == *name);
            if seen.insert(name) && all.clone().count() > 1 {
                let at: Vec<_> = all.by_ref().map(|argument| argument.name.at).collect();
                self.error(format!("There can be only one argument named \"{name}\"."), at);
            }
        }
    }

    /// Names and values of arguments. Without a definition only the variables in them count.
    fn arguments(
        &mut self,
        arguments: &'a [Argument],
        known: Option<&indexmap::IndexMap<String, InputValue>>,
        context: &str,
    ) {
        for argument in arguments {
            let name = &argument.name.text;
            let definition = known.and_then(|known| known.get(name));
            if let (Some(known), None) = (known, definition) {
                let hint = did_you_mean(&close(name, known.keys().map(String::as_str)));
                let message = format!("Unknown argument \"{name}\" on {context}.{hint}");
                self.error(message, [argument.name.at]);
            }
            let has_default = definition.is_some_and(|definition| definition.default.is_some());
            let expected = definition.map(|definition| &definition.ty);
            self.value(&argument.value, expected, has_default);
        }
    }

    fn required_arguments(
        &mut self,
        given: &[Argument],
        known: &indexmap::IndexMap<String, InputValue>,
        context: &str,
        at: Position,
    ) {
        let is_given = |name: &str| given.iter().any(|argument| argument.name.text == name);
        for (name, definition) in known.iter().filter(|(_, definition)| definition.is_required()) {
            if !is_given(name) {
                let message = format!(
                    "{context} argument \"{name}\" of type \"{}\" is required, but it was not \
                     provided.",
                    definition.ty
                );
                self.error(message, [at]);
            }
        }
    }

    fn fragment_on(&self, name: &str) -> Option<&'a Fragment> {
        self.document.fragment(name)
    }

    /// Whether some object can be of both types.
    fn overlap(&self, one: &str, other: &str) -> bool {
        let one: BTreeSet<_> = self.types.possible(one).into_iter().collect();
        self.types.possible(other).iter().any(|name| one.contains(name))
    }
}
