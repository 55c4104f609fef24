//! A mistake with its place, in the one form that all outputs are made from.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::build::{Failure, problem};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What a rule is about, for lists of rules.
pub const RULES: [(&str, &str); 22] = [
    ("site", "site.toml, templates and content fit together"),
    ("render", "Every page can be rendered"),
    ("plan", "Every entry of a route has a page"),
    ("link", "Links within the site lead somewhere"),
    ("anchor", "Links to a place in a page find it"),
    ("asset", "Pictures, scripts and stylesheets exist"),
    ("external", "Links to other sites are answered"),
    ("duplicate-id", "An id stands once in a page"),
    ("title", "Every page has a title of its own"),
    ("description", "Every page has a description"),
    ("lang", "Every page says its language"),
    ("alt", "Every picture has a text in its place"),
    ("heading-order", "Headings leave out no level"),
    ("heading-first", "A page has one heading of the first level"),
    ("link-name", "Links and buttons say where they lead"),
    ("label", "Form fields have a label"),
    ("frame-title", "Frames have a title"),
    ("contrast", "Text stands out from its background"),
    ("weight", "A page is no heavier than it may be"),
    ("script", "A page without an island has no script"),
    ("redirect", "Links do not lead through redirects"),
    ("insecure", "Nothing is fetched without encryption"),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    pub rule: &'static str,
    pub severity: Severity,
    pub message: String,
    /// A template, a style sheet or site.toml.
    pub file: Option<String>,
    pub line: Option<usize>,
    /// The first page that has it.
    pub url: Option<String>,
    /// The line of that page.
    pub page_line: Option<usize>,
    pub entry: Option<String>,
    pub field: Option<String>,
    /// How many pages have it.
    pub pages: usize,
}

impl Diagnostic {
    #[must_use]
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            file: None,
            line: None,
            url: None,
            page_line: None,
            entry: None,
            field: None,
            pages: 0,
        }
    }

    /// What a build reports.
    #[must_use]
    pub fn of(failure: &Failure) -> Self {
        let rule = match (&failure.url, &failure.entry) {
            (Some(_), _) => "render",
            (None, Some(_)) => "plan",
            (None, None) => "site",
        };
        Self {
            file: failure.template.clone(),
            line: failure.line,
            url: failure.url.clone(),
            entry: failure.entry.clone(),
            field: failure.field.clone(),
            pages: usize::from(failure.url.is_some()),
            ..Self::new(rule, Severity::Error, failure.message.clone())
        }
    }

    /// `file:line: error[rule]: message`, then where it shows.
    #[must_use]
    pub fn text(&self) -> String {
        let place = Failure { template: self.file.clone(), line: self.line, ..Failure::default() };
        let place = problem::line(&place);
        let name = self.severity.name();
        let mut text = format!("{place}{name}[{}]: {}", self.rule, self.message);
        if let Some(url) = &self.url {
            let line = self.page_line.map_or_else(String::new, |line| format!(", line {line}"));
            let more = match self.pages {
                0 | 1 => String::new(),
                2 => ", and one page more".to_owned(),
                many => format!(", and {} pages more", many - 1),
            };
            text.push_str(&format!("\n    in {url}{line}{more}"));
        }
        if let Some(entry) = self.entry.as_ref().filter(|entry| !self.message.contains(*entry)) {
            text.push_str(&format!("\n    entry {entry}"));
        }
        text
    }
}

/// The same mistake of many pages is one: a broken link of a menu stands on each of them.
#[must_use]
pub(super) fn gathered(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut order = Vec::new();
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for one in found {
        // Found in a page, it stands in whatever the template shares with others.
        let file = one.file.clone().filter(|_| one.line.is_some() || one.url.is_none());
        let key = (one.rule, one.message.clone(), file, one.line);
        match known.get(&key).and_then(|at| order.get_mut(*at)) {
            Some(first) => {
                let first: &mut Diagnostic = first;
                first.pages += one.pages;
            }
            None => {
                known.insert(key, order.len());
                order.push(one);
            }
        }
    }
    order.sort_by(|one, other| {
        let key = |one: &Diagnostic| {
            (one.severity, one.file.clone(), one.line, one.url.clone(), one.message.clone())
        };
        key(one).cmp(&key(other))
    });
    order
}
