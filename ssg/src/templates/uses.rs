//! What the templates behind a page look at in `site`, as far as their text tells.
//!
//! Values of the context leave no trace when they are read, so the text has to do. It may
//! name too much, never too little.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::Scan;

/// The configuration in templates.
const SITE: &str = "site";

/// Per template file what it looks at; `None` when it was not understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Uses(BTreeMap<String, Option<FileUses>>);

#[derive(Debug, Clone)]
struct FileUses {
    /// Keys of `site`; `None` when it is handed on as a whole or looked at by a computed key.
    config: Option<BTreeSet<ConfigUse>>,
}

/// A key of `site`, or its part for the page's own locale.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigUse {
    pub key: String,
    pub by_locale: bool,
}

impl Uses {
    pub(super) fn new<'a>(scans: impl Iterator<Item = (&'a str, Option<&'a Scan>)>) -> Self {
        Self(scans.map(|(name, scan)| (name.to_owned(), scan.map(FileUses::new))).collect())
    }

    /// What a set of files looks at in `site`; `None` when that may be anything.
    pub(super) fn config<'a>(
        &self,
        files: impl Iterator<Item = &'a str>,
    ) -> Option<BTreeSet<ConfigUse>> {
        let mut all = BTreeSet::new();
        for file in files {
            let uses = self.0.get(file)?.as_ref()?;
            all.extend(uses.config.as_ref()?.iter().cloned());
        }
        Some(all)
    }
}

impl FileUses {
    fn new(scan: &Scan) -> Self {
        let of = |root: &'static str| {
            scan.paths.iter().filter(move |path| path.names.first().is_some_and(|n| n == root))
        };
        let same_page = scan.defines.is_empty() && !scan.binds.contains("page");
        let config = of(SITE).map(|path| match path.names.as_slice() {
            [_, key, rest @ ..] => Some(ConfigUse {
                key: key.clone(),
                by_locale: path.by_locale && rest.is_empty() && same_page,
            }),
            _ => None,
        });
        Self { config: config.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::scan::scan;

    fn uses(text: &str) -> Uses {
        let scan = scan(text).unwrap();
        Uses::new([("a", Some(&scan))].into_iter())
    }

    fn config(text: &str) -> Option<Vec<String>> {
        let found = uses(text).config(["a"].into_iter())?;
        let show = |found: ConfigUse| found.key + if found.by_locale { "[locale]" } else { "" };
        Some(found.into_iter().map(show).collect())
    }

    #[test]
    fn keys_of_the_configuration_are_found_or_all_of_it_counts() {
        for (text, expected) in [
            ("{{ site.title }} {{ site?.base_url }}", Some(vec!["base_url", "title"])),
            ("{% set t = site.words[page.locale] %}", Some(vec!["words[locale]"])),
            ("{% for page in x %}{{ site.words[page.locale] }}{% endfor %}", Some(vec!["words"])),
            ("{{ site.words[other.locale] }}", Some(vec!["words"])),
            ("{{ site.words.en }}", Some(vec!["words"])),
            ("{{ a.site }} {{ 'site' }}", Some(vec![])),
            ("{{ site[key] }}", None),
            ("{{ <x site={site} /> }}", None),
        ] {
            let expected = expected.map(|keys| keys.into_iter().map(str::to_owned).collect());
            assert_eq!(config(text), expected, "{text}");
        }
    }
}
