//! Anchors of headings, each used once within a text.

use std::collections::BTreeMap;

use super::slug::slug;

/// The name of a heading without a letter or digit.
const NAMELESS: &str = "section";

/// Hands out anchors for one text: `intro`, `intro-2`, `intro-3` …
#[derive(Debug, Default)]
pub struct Anchors {
    used: BTreeMap<String, usize>,
}

impl Anchors {
    pub fn name(&mut self, text: &str) -> String {
        let base = match slug(text) {
            name if name.is_empty() => NAMELESS.to_owned(),
            name => name,
        };
        self.claim(base)
    }

    /// The name itself, or with the first number that makes it new.
    pub fn claim(&mut self, base: String) -> String {
        let mut number = self.used.get(&base).copied().unwrap_or(0);
        loop {
            number += 1;
            let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            if number == 1 || !self.used.contains_key(&name) {
                self.used.insert(base, number);
                self.used.entry(name.clone()).or_insert(1);
                return name;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_anchor_is_given_twice() {
        let mut anchors = Anchors::default();
        let names: Vec<_> =
            ["Intro", "Intro 2", "intro", "Intro", "!", "?"].map(|t| anchors.name(t)).into();
        assert_eq!(names, ["intro", "intro-2", "intro-3", "intro-4", "section", "section-2"]);
    }
}
