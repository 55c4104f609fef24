//! The rules asked about one request.

use super::{
    Rules,
    headers::Edit,
    redirects::Redirect,
    target::{Destination, Target},
};

/// A request's target, as it was sent and as it is meant.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The path as sent.
    pub raw: &'a str,
    /// The path decoded.
    pub path: &'a str,
    pub query: Option<&'a str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    Redirect {
        status: u16,
        location: String,
    },
    /// Answer with this file and status 200, 404 or 410; without a file, with
    /// the page for what is not there.
    Show {
        status: u16,
        file: Option<String>,
    },
}

impl Rules {
    /// What a rule says about a request; `stands` tells whether a file would
    /// answer it, which wins over a rule that does not force.
    #[must_use]
    pub fn decide(&self, asked: Asked<'_>, stands: impl FnOnce() -> bool) -> Option<Action> {
        if !is_plain(asked.raw) {
            return None;
        }
        let query = asked.query.unwrap_or_default();
        let applies = |rule: &&Redirect| {
            rule.origin.captures(asked.path).is_some()
                && rule.conditions.iter().all(|condition| condition.find(query).is_some())
        };
        let rule = self.redirects.iter().find(applies)?;
        if !rule.force && stands() {
            return None;
        }
        let Some(target) = &rule.target else {
            return Some(Action::Show { status: rule.status, file: None });
        };
        Some(match &target.destination {
            Destination::File => {
                let file = target.fill(&rule.origin.captures(asked.path)?, &[]);
                Action::Show { status: rule.status, file: Some(file.replace("//", "/")) }
            }
            Destination::Address { passes_query, fragment } => {
                let location = location(rule, target, asked, *passes_query)? + fragment;
                Action::Redirect { status: rule.status, location }
            }
        })
    }

    /// The value of a header for a path: `Some("")` when it was removed, none
    /// when no block speaks of it.
    #[must_use]
    pub fn header(&self, name: &str, path: &str) -> Option<String> {
        let mut value = None;
        for block in self.headers.iter().filter(|block| block.glob.matches(path)) {
            let edits = block.edits.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
            for (_, edit) in edits {
                value = Some(match (edit, value.filter(|value: &String| !value.is_empty())) {
                    (Edit::Remove, _) => String::new(),
                    (Edit::Add(text), None) => text.clone(),
                    (Edit::Add(text), Some(before)) => format!("{before}, {text}"),
                });
            }
        }
        value
    }

    /// Every name that blocks speak of, as it is written first.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        let mut names = Vec::<&str>::new();
        for (name, _) in self.headers.iter().flat_map(|block| &block.edits) {
            if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
        names
    }
}

fn location(
    rule: &Redirect,
    target: &Target,
    asked: Asked<'_>,
    passes_query: bool,
) -> Option<String> {
    let query = asked.query.unwrap_or_default();
    let values: Vec<_> = rule.conditions.iter().filter_map(|one| one.find(query)).collect();
    let mut location = target.fill(&rule.origin.places(asked.raw)?, &values);
    if passes_query && !query.is_empty() {
        location.push('?');
        location.push_str(query);
    }
    Some(location)
}

/// Whether each part of the path means what it looks like.
fn is_plain(raw: &str) -> bool {
    let lower = raw.to_ascii_lowercase();
    let dotted = raw.split('/').any(|segment| matches!(segment, "." | ".."));
    !(dotted || ["//", "\\", "%2e", "%2f"].iter().any(|odd| lower.contains(odd)))
}
