//! `@include` and `@skip`, the only directives a document may have.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::super::schema::{InputValue, TypeRef};
use super::super::syntax::Directive;
use super::Validator;

const CONDITIONS: [&str; 2] = ["include", "skip"];
/// Known, but of schemas.
const OF_SCHEMAS: [&str; 3] = ["deprecated", "specifiedBy", "oneOf"];
const PLACES: [&str; 3] = ["FIELD", "FRAGMENT_SPREAD", "INLINE_FRAGMENT"];

impl<'a> Validator<'a> {
    pub(super) fn repeated_directives(&mut self, directives: &[Directive]) {
        let mut seen: Vec<&Directive> = Vec::new();
        let mut told = HashSet::new();
        for directive in directives {
            let name = &directive.name.text;
            let is_known = CONDITIONS.contains(&name.as_str());
            match seen.iter().find(|other| other.name.text == *name) {
                Some(first) if is_known => {
                    told.insert(name);
                    let message = format!(
                        "The directive \"@{name}\" can only be used once at this location."
                    );
                    self.error(message, [first.at, directive.at]);
                }
                _ => seen.push(directive),
            }
        }
    }

    pub(super) fn directives(&mut self, directives: &'a [Directive], place: &str) {
        let condition = IndexMap::from([(
            "if".to_owned(),
            InputValue::new(TypeRef::named("Boolean").required()),
        )]);
        for directive in directives {
            let name = &directive.name.text;
            let known = CONDITIONS.contains(&name.as_str());
            if !known && !OF_SCHEMAS.contains(&name.as_str()) {
                self.error(format!("Unknown directive \"@{name}\"."), [directive.at]);
            } else if !known || !PLACES.contains(&place) {
                let message = format!("Directive \"@{name}\" may not be used on {place}.");
                self.error(message, [directive.at]);
            }
            self.repeated_arguments(&directive.arguments);
            let args = known.then_some(&condition);
            self.arguments(&directive.arguments, args, &format!("directive \"@{name}\""));
            if known {
                let context = format!("Directive \"@{name}\"");
                self.required_arguments(&directive.arguments, &condition, &context, directive.at);
            }
        }
    }
}
