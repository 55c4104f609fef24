//! What each template depends on: the text of everything that takes part in
//! rendering it.
//!
//! Templates are compared as wholes. A page remembers one fingerprint for its
//! template: of the template's own text and of all it extends, includes and
//! calls, however deep. Component names are global, so the file that *defines*
//! a component counts, not the one that calls it.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::{Scan, scan};
use super::uses::{ConfigUse, Uses};
use crate::engine::Fingerprint;

/// Names of templates with the templates that take part in rendering them, themselves
/// included.
#[derive(Debug, Clone, Default)]
pub struct Closures {
    needs: BTreeMap<String, BTreeSet<String>>,
    fingerprints: BTreeMap<String, Fingerprint>,
    /// The template that defines each component.
    definers: BTreeMap<String, String>,
    /// What each template and all it needs look at in `site`.
    config: BTreeMap<String, Option<BTreeSet<ConfigUse>>>,
}

impl Closures {
    /// Works out the closures of a set of templates, by name and text.
    #[must_use]
    pub fn new(sources: &BTreeMap<String, String>) -> Self {
        let scans: BTreeMap<_, _> =
            sources.iter().map(|(name, text)| (name.as_str(), scan(text).ok())).collect();
        let direct = direct_needs(&scans);
        let needs: BTreeMap<String, BTreeSet<String>> =
            sources.keys().map(|name| (name.clone(), closure(name, &direct, sources))).collect();
        let fingerprint = |names: &BTreeSet<String>| {
            Fingerprint::combine(names.iter().flat_map(|name| {
                let text = sources.get(name).map_or("", String::as_str);
                [Fingerprint::of_bytes(name.as_bytes()), Fingerprint::of_bytes(text.as_bytes())]
            }))
        };
        let fingerprints =
            needs.iter().map(|(name, names)| (name.clone(), fingerprint(names))).collect();
        let uses = Uses::new(scans.iter().map(|(name, scan)| (*name, scan.as_ref())));
        let config = |names: &BTreeSet<String>| uses.config(names.iter().map(String::as_str));
        let config = needs.iter().map(|(name, names)| (name.clone(), config(names))).collect();
        let defined = scans.iter().flat_map(|(name, scan)| {
            let components = scan.iter().flat_map(|scan| &scan.defines);
            components.map(|component| (component.clone(), (*name).to_owned()))
        });
        let definers = defined.collect();
        Self { needs, fingerprints, definers, config }
    }

    /// The template that defines a component.
    #[must_use]
    pub fn definer(&self, component: &str) -> Option<&str> {
        self.definers.get(component).map(String::as_str)
    }

    /// Names of all components in order.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.definers.keys().map(String::as_str)
    }

    /// The fingerprint of a template and all it needs; absent when there is no such template.
    #[must_use]
    pub fn fingerprint(&self, template: &str) -> Fingerprint {
        self.fingerprints.get(template).copied().unwrap_or(Fingerprint::ABSENT)
    }

    /// What a template and all it needs look at in `site`; `None` when that may be anything.
    #[must_use]
    pub fn config(&self, template: &str) -> Option<&BTreeSet<ConfigUse>> {
        self.config.get(template)?.as_ref()
    }

    /// The templates that take part in rendering one, itself included.
    pub fn needs(&self, template: &str) -> impl Iterator<Item = &str> {
        self.needs.get(template).into_iter().flatten().map(String::as_str)
    }
}

/// For each template the templates it names; `None` when it could not be understood.
type Direct<'a> = BTreeMap<&'a str, Option<BTreeSet<&'a str>>>;

fn direct_needs<'a>(scans: &'a BTreeMap<&'a str, Option<Scan>>) -> Direct<'a> {
    let mut definers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, scan) in scans {
        for component in scan.iter().flat_map(|scan| &scan.defines) {
            definers.entry(component).or_default().insert(name);
        }
    }
    let needs = |scan: &'a Scan| {
        let named = scan.templates.iter().map(String::as_str);
        let called = scan.calls.iter().filter_map(|call| definers.get(call.as_str())).flatten();
        named.chain(called.copied()).collect()
    };
    scans.iter().map(|(name, scan)| (*name, scan.as_ref().map(needs))).collect()
}

/// A template that was not understood may need any other.
fn closure(
    name: &str,
    direct: &Direct<'_>,
    sources: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        match direct.get(next) {
            Some(Some(needs)) => {
                for need in needs {
                    if seen.insert((*need).to_owned()) {
                        open.push(need);
                    }
                }
            }
            Some(None) => return sources.keys().cloned().collect(),
            None => {}
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closures(sources: &[(&str, &str)]) -> Closures {
        let sources = sources.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        Closures::new(&sources.collect())
    }

    fn needs(closures: &Closures, name: &str) -> String {
        closures.needs(name).collect::<Vec<_>>().join(" ")
    }

    const SITE: [(&str, &str); 5] = [
        ("base.html", "{% include 'nav.html' %}{% block main %}{% endblock main %}"),
        ("nav.html", "nav"),
        ("page.html", "{% extends 'base.html' %}{% block main %}{{ <card /> }}{% endblock main %}"),
        ("components/card.html", "{% component card() %}{{ <icon /> }}{% endcomponent card %}"),
        ("components/icon.html", "{% component icon() %}i{% endcomponent icon %}"),
    ];

    #[test]
    fn everything_that_takes_part_is_found() {
        let site = closures(&SITE);
        assert_eq!(
            needs(&site, "page.html"),
            "base.html components/card.html components/icon.html nav.html page.html"
        );
        assert_eq!(needs(&site, "base.html"), "base.html nav.html");
    }

    #[test]
    fn a_change_reaches_those_who_need_it_and_nobody_else() {
        let before = closures(&SITE);
        let mut changed = SITE;
        changed[4].1 = "{% component icon() %}I{% endcomponent icon %}";
        let after = closures(&changed);
        assert_ne!(before.fingerprint("page.html"), after.fingerprint("page.html"));
        assert_eq!(before.fingerprint("base.html"), after.fingerprint("base.html"));
        assert!(before.fingerprint("none.html").is_absent());
    }

    #[test]
    fn a_component_that_moves_to_another_file_is_followed() {
        let before = closures(&SITE);
        let mut moved = SITE;
        moved[4].0 = "components/symbols.html";
        assert_ne!(before.fingerprint("page.html"), closures(&moved).fingerprint("page.html"));
    }

    #[test]
    fn what_cannot_be_understood_needs_everything() {
        let site = closures(&[("a.html", "{% include 'b.html' %}"), ("b.html", "{{ '"), ("c", "")]);
        assert_eq!(needs(&site, "a.html"), "a.html b.html c");
        assert_eq!(needs(&site, "c"), "c");
    }
}
