//! Components that come with the program, as `galley.…`: for any site that calls one of them.

use std::collections::BTreeMap;

use super::scan::scan;

/// What their names begin with.
const PREFIX: &str = "galley.";
/// Their files, by names that no file of a site has.
const FILES: [(&str, &str); 2] = [
    ("galley:head.html", include_str!("builtin/head.html")),
    ("galley:parts.html", include_str!("builtin/parts.html")),
];

/// Adds the components to a set of templates if any of them calls one.
pub(super) fn add(sources: &mut BTreeMap<String, String>) {
    let calls = |text: &String| {
        text.contains(PREFIX)
            && scan(text).is_ok_and(|scan| scan.calls.iter().any(|call| call.starts_with(PREFIX)))
    };
    if sources.values().any(calls) {
        let files = FILES.map(|(name, text)| (name.to_owned(), text.to_owned()));
        sources.extend(files);
    }
}

/// Whether a template is none of the site's own.
pub(super) fn is_builtin(name: &str) -> bool {
    FILES.iter().any(|(known, _)| *known == name)
}
