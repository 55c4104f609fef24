//! Fragments: that they exist, are used, end, and can apply where they are spread.

use std::collections::BTreeSet;

use super::super::suggest::{close, did_you_mean};
use super::super::syntax::{InlineFragment, Name, Position, Selection, SelectionSet, Spread};
use super::Validator;

impl<'a> Validator<'a> {
    pub(super) fn spread(&mut self, spread: &'a Spread, parent: Option<&str>) {
        let name = &spread.name.text;
        match self.fragment_on(name) {
            None => self.error(format!("Unknown fragment \"{name}\"."), [spread.name.at]),
            Some(fragment) => {
                let (on, label) = (&fragment.on.text, format!("Fragment \"{name}\""));
                self.possible(&label, on, parent, spread.at);
            }
        }
        self.repeated_directives(&spread.directives);
        self.directives(&spread.directives, "FRAGMENT_SPREAD");
    }

    pub(super) fn inline(&mut self, inline: &'a InlineFragment, parent: Option<&str>) {
        let mut inner = parent;
        if let Some(on) = &inline.on {
            inner = Some(on.text.as_str());
            self.composite(on, "Fragment");
            self.possible("Fragment", &on.text, parent, inline.at);
        }
        self.repeated_directives(&inline.directives);
        if let Some(on) = &inline.on {
            self.type_condition(on);
        }
        self.directives(&inline.directives, "INLINE_FRAGMENT");
        self.selection_set(&inline.selection, inner);
    }

    /// A condition names a type that has fields.
    fn composite(&mut self, on: &Name, label: &str) {
        if self.types.get(&on.text).is_some() && !self.types.is_composite(&on.text) {
            let message =
                format!("{label} cannot condition on non composite type \"{}\".", on.text);
            self.error(message, [on.at]);
        }
    }

    fn type_condition(&mut self, on: &Name) {
        if self.types.get(&on.text).is_none() {
            let known = self.types.iter().map(|ty| ty.name.as_str());
            let hint = did_you_mean(&close(&on.text, known));
            self.error(format!("Unknown type \"{}\".{hint}", on.text), [on.at]);
        }
    }

    fn possible(&mut self, label: &str, on: &str, parent: Option<&str>, at: Position) {
        let Some(parent) = parent else { return };
        if !self.types.is_composite(on) || !self.types.is_composite(parent) {
            return;
        }
        if !self.overlap(on, parent) {
            let message = format!(
                "{label} cannot be spread here as objects of type \"{parent}\" can never be of \
                 type \"{on}\"."
            );
            self.error(message, [at]);
        }
    }

    pub(super) fn fragment(&mut self, at: usize) {
        let fragment = &self.document.fragments[at];
        let name = &fragment.name.text;
        self.composite(&fragment.on, &format!("Fragment \"{name}\""));
        let first = self.document.fragments.iter().position(|other| other.name.text == *name);
        if let Some(first) = first.filter(|first| *first < at) {
            let places = [self.document.fragments[first].name.at, fragment.name.at];
            self.error(format!("There can be only one fragment named \"{name}\"."), places);
        }
        self.cycle(at);
        self.repeated_directives(&fragment.directives);
        self.type_condition(&fragment.on);
        self.directives(&fragment.directives, "FRAGMENT_DEFINITION");
        self.selection_set(&fragment.selection, Some(&fragment.on.text));
        self.used.clear();
    }

    /// A fragment that spreads itself, told where its first fragment stands.
    fn cycle(&mut self, at: usize) {
        let start = &self.document.fragments[at].name.text;
        let mut way: Vec<&Spread> = Vec::new();
        let mut seen = BTreeSet::from([start.as_str()]);
        if self.leads_back(start, start, &mut way, &mut seen)
            && self
                .document
                .fragments
                .iter()
                .take(at)
                .all(|earlier| !way.iter().any(|spread| spread.name.text == earlier.name.text))
        {
            let via: Vec<_> = way[..way.len() - 1]
                .iter()
                .map(|spread| format!("\"{}\"", spread.name.text))
                .collect();
            let via = match via.is_empty() {
                true => String::new(),
                false => format!(" via {}", via.join(", ")),
            };
            let at: Vec<_> = way.iter().map(|spread| spread.at).collect();
            self.error(format!("Cannot spread fragment \"{start}\" within itself{via}."), at);
        }
    }

    fn leads_back(
        &self,
        from: &str,
        to: &str,
        way: &mut Vec<&'a Spread>,
        seen: &mut BTreeSet<&'a str>,
    ) -> bool {
        let Some(fragment) = self.fragment_on(from) else { return false };
        for spread in spreads(&fragment.selection) {
            way.push(spread);
            let name = spread.name.text.as_str();
            if name == to || (seen.insert(name) && self.leads_back(name, to, way, seen)) {
                return true;
            }
            way.pop();
        }
        false
    }

    pub(super) fn unused_fragments(&mut self) {
        let mut used = BTreeSet::new();
        for operation in &self.document.operations {
            self.reach(&operation.selection, &mut used);
        }
        for fragment in &self.document.fragments {
            if !used.contains(fragment.name.text.as_str()) {
                let message = format!("Fragment \"{}\" is never used.", fragment.name.text);
                self.error(message, [fragment.at]);
            }
        }
    }

    /// Fragments that a selection leads to.
    pub(super) fn reach(&self, set: &'a SelectionSet, reached: &mut BTreeSet<&'a str>) {
        for spread in spreads(set) {
            if reached.insert(&spread.name.text)
                && let Some(fragment) = self.fragment_on(&spread.name.text)
            {
                self.reach(&fragment.selection, reached);
            }
        }
    }
}

/// Every spread in a selection, however deep.
fn spreads(set: &SelectionSet) -> Vec<&Spread> {
    let mut found = Vec::new();
    for selection in &set.0 {
        match selection {
            Selection::Spread(spread) => found.push(spread),
            Selection::Inline(inline) => found.extend(spreads(&inline.selection)),
            Selection::Field(field) => {
                found.extend(field.selection.iter().flat_map(spreads));
            }
        }
    }
    found
}
