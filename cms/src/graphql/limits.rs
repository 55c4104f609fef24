//! How much one document may ask for, known before anything else is looked at.
//!
//! Fragments are counted once and remembered, so a document that multiplies itself through
//! fragments is counted in time proportional to its text.

use std::collections::HashMap;

use super::failure::Failure;
use super::syntax::{Document, Field, Selection, SelectionSet};

/// What a field costs that has fields of its own: it usually takes a question of the database.
const COST_OF_SELECTION: u64 = 10;
const COST_OF_FIELD: u64 = 1;

/// Failures reported at most.
const MOST_FAILURES: usize = 100;

/// How deep and how dear an operation may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) depth: u32,
    pub(crate) cost: u64,
}

/// What is beyond the limits.
#[derive(Debug, Default)]
pub(super) struct Excess {
    pub(super) failures: Vec<Failure>,
    /// Whether the document would be dear to check, too.
    pub(super) is_dear: bool,
}

/// Measures the operations of a document.
pub(super) fn check(document: &Document, limits: Limits) -> Excess {
    let mut excess = Excess::default();
    let failures = &mut excess.failures;
    let mut counter = Counter { document, fragments: HashMap::new() };
    for operation in &document.operations {
        let name = operation.name.as_ref().map_or("", |name| name.text.as_str());
        let size = counter.size(&operation.selection);
        if size.depth > limits.depth {
            let label = format!("'{name}' exceeds maximum operation depth of {}", limits.depth);
            too_deep(&mut counter, &operation.selection, Some(limits.depth), &label, failures);
        }
        if size.cost > limits.cost {
            let message = format!("'{name}' exceeds maximum operation cost of {}", limits.cost);
            failures.push(Failure::invalid(message, [operation.at]));
            excess.is_dear = true;
        }
    }
    excess
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    depth: u32,
    cost: u64,
}

struct Counter<'d> {
    document: &'d Document,
    /// `None` while a fragment is being counted: one that spreads itself counts nothing more.
    fragments: HashMap<&'d str, Option<Size>>,
}

impl<'d> Counter<'d> {
    fn size(&mut self, set: &'d SelectionSet) -> Size {
        let mut size = Size::default();
        for selection in &set.0 {
            let one = match selection {
                Selection::Field(field) => self.field(field),
                Selection::Inline(inline) => self.size(&inline.selection),
                Selection::Spread(spread) => self.fragment(&spread.name.text),
            };
            size.depth = size.depth.max(one.depth);
            size.cost = size.cost.saturating_add(one.cost);
        }
        size
    }

    /// Fields of the introspection have no depth.
    fn field(&mut self, field: &'d Field) -> Size {
        let Some(set) = &field.selection else { return Size { depth: 0, cost: COST_OF_FIELD } };
        let below = self.size(set);
        let (depth, own) = match is_introspection(field) {
            true => (0, COST_OF_FIELD),
            false => (below.depth + 1, COST_OF_SELECTION),
        };
        Size { depth, cost: below.cost.saturating_add(own) }
    }

    fn fragment(&mut self, name: &'d str) -> Size {
        if let Some(known) = self.fragments.get(name) {
            return known.unwrap_or_default();
        }
        let Some(fragment) = self.document.fragment(name) else { return Size::default() };
        self.fragments.insert(name, None);
        let size = self.size(&fragment.selection);
        self.fragments.insert(name, Some(size));
        size
    }
}

fn is_introspection(field: &Field) -> bool {
    field.name.text.starts_with("__")
}

/// A failure for each selection that is one level too deep, as graphql-depth-limit has them.
/// Ways that end before are not followed, so there is a failure for every way that is.
fn too_deep<'d>(
    counter: &mut Counter<'d>,
    set: &'d SelectionSet,
    left: Option<u32>,
    label: &str,
    failures: &mut Vec<Failure>,
) {
    for selection in &set.0 {
        if failures.len() >= MOST_FAILURES {
            return;
        }
        let Some(left) = left else {
            failures.push(Failure::invalid(label, [selection.at()]));
            continue;
        };
        let (inner, left) = match selection {
            Selection::Field(field) if is_introspection(field) => continue,
            Selection::Field(field) => (field.selection.as_ref(), left.checked_sub(1)),
            Selection::Inline(inline) => (Some(&inline.selection), Some(left)),
            Selection::Spread(spread) => {
                let name = spread.name.text.as_str();
                // One that is being counted spreads itself.
                let fragment = counter.document.fragment(name);
                (fragment.map(|fragment| &fragment.selection), Some(left))
            }
        };
        let Some(inner) = inner else { continue };
        if left.is_none_or(|left| counter.size(inner).depth > left) {
            too_deep(counter, inner, left, label, failures);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::graphql::syntax::parse;

    const LIMITS: Limits = Limits { depth: 3, cost: 100 };

    fn messages(text: &str) -> Vec<String> {
        let excess = check(&parse(text).unwrap(), LIMITS);
        excess.failures.into_iter().map(|failure| failure.message).collect()
    }

    #[test]
    fn depth_counts_selections_below_each_other() {
        assert!(messages("{ a { b { c { d } } } }").is_empty());
        assert_eq!(
            messages("query Q { a { b { c { d { e } } } } }"),
            ["'Q' exceeds maximum operation depth of 3"]
        );
        assert!(messages("{ __schema { a { b { c { d { e } } } } } }").is_empty());
        assert_eq!(
            messages("{ a { ...F } } fragment F on A { b { c { d { e } } } }"),
            ["'' exceeds maximum operation depth of 3"]
        );
    }

    #[test]
    fn aliases_and_fragments_that_multiply_cost_what_they_would_fetch() {
        let aliases = (0..200).fold(String::new(), |mut all, at| {
            let _ = write!(all, "a{at}: a ");
            all
        });
        assert_eq!(
            messages(&format!("{{ {aliases} }}")),
            ["'' exceeds maximum operation cost of 100"]
        );
        let mut bomb = "{ ...F0 }".to_owned();
        for at in 0..60 {
            let next = at + 1;
            let _ = write!(bomb, " fragment F{at} on A {{ ...F{next} ...F{next} }}");
        }
        bomb.push_str(" fragment F60 on A { a }");
        assert_eq!(messages(&bomb), ["'' exceeds maximum operation cost of 100"]);
        assert!(messages("{ ...F } fragment F on A { a ...F }").is_empty());
    }
}
