//! Which fields of a selection apply to an object: fragments opened, conditions decided.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::schema::Types;
use super::syntax::{Directive, Document, Field, Literal, Selection, SelectionSet};

/// Fields of one key: the first of them, and what all of them select.
#[derive(Debug, Clone)]
pub(super) struct Collected<'a> {
    pub(super) field: &'a Field,
    pub(super) sets: Vec<&'a SelectionSet>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Selector<'a> {
    pub(super) document: &'a Document,
    pub(super) variables: &'a Map<String, Value>,
}

impl<'a> Selector<'a> {
    pub(super) fn collect(
        &self,
        types: &Types,
        type_name: &str,
        sets: &[&'a SelectionSet],
    ) -> IndexMap<&'a str, Collected<'a>> {
        let mut collected = IndexMap::new();
        let mut spread = Vec::new();
        for set in sets {
            self.add(types, type_name, set, &mut collected, &mut spread);
        }
        collected
    }

    fn add(
        &self,
        types: &Types,
        type_name: &str,
        set: &'a SelectionSet,
        collected: &mut IndexMap<&'a str, Collected<'a>>,
        spread: &mut Vec<&'a str>,
    ) {
        let applies = |on: &str| types.possible(on).contains(&type_name);
        for selection in &set.0 {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let one = collected
                        .entry(field.key())
                        .or_insert_with(|| Collected { field, sets: Vec::new() });
                    one.sets.extend(&field.selection);
                }
                Selection::Inline(inline) if self.included(&inline.directives) => {
                    if inline.on.as_ref().is_none_or(|on| applies(&on.text)) {
                        self.add(types, type_name, &inline.selection, collected, spread);
                    }
                }
                Selection::Spread(named) if self.included(&named.directives) => {
                    let name = named.name.text.as_str();
                    if spread.contains(&name) {
                        continue;
                    }
                    spread.push(name);
                    let fragment = self.document.fragment(name);
                    if let Some(fragment) = fragment.filter(|known| applies(&known.on.text)) {
                        self.add(types, type_name, &fragment.selection, collected, spread);
                    }
                }
                Selection::Field(_) | Selection::Inline(_) | Selection::Spread(_) => {}
            }
        }
    }

    fn included(&self, directives: &[Directive]) -> bool {
        let decided = |directive: &Directive| {
            let given = directive.arguments.iter().find(|argument| argument.name.text == "if");
            match given.map(|argument| &argument.value.literal) {
                Some(Literal::Boolean(flag)) => *flag,
                Some(Literal::Variable(name)) => {
                    self.variables.get(name).and_then(Value::as_bool).unwrap_or_default()
                }
                _ => false,
            }
        };
        directives.iter().all(|directive| match directive.name.text.as_str() {
            "skip" => !decided(directive),
            "include" => decided(directive),
            _ => true,
        })
    }
}
