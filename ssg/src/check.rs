//! `ssg check`: what is wrong with a site, before anything of it is published.
//!
//! First what can be told without rendering: templates against the content model, routes,
//! URLs. Then every page is rendered as a build would, taken apart, and its links, pictures
//! and markup are looked at. All mistakes have one form, and every output is made from it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

pub use self::diagnostic::{Diagnostic, RULES, Severity};
use self::page::Page;
use crate::build::{Shown, View};

mod contrast;
mod diagnostic;
mod external;
mod html;
mod links;
pub mod output;
mod page;

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub pages: usize,
    pub diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Mistakes that are known already, and no page looked at.
    #[must_use]
    pub fn of(diagnostics: Vec<Diagnostic>) -> Self {
        Self { pages: 0, diagnostics: diagnostic::gathered(diagnostics) }
    }

    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|one| one.severity == severity).count()
    }
}

/// Asks addresses of other sites: for each, why it does not answer.
pub type Ask<'a> = dyn Fn(&[String]) -> Vec<Result<(), String>> + 'a;

/// A rendered page with what it was made from.
struct Looked {
    file: String,
    url: String,
    template: String,
    page: Page,
    bytes: usize,
}

/// Renders every page and looks at it. `external` asks other sites, too.
#[must_use]
pub fn check(view: &View, external: Option<&Ask<'_>>) -> Findings {
    let mut found: Vec<Diagnostic> = view.problems().iter().map(Diagnostic::of).collect();
    let pages: Vec<_> = view.pages().collect();
    let rendered: Vec<_> = pages
        .par_iter()
        .filter_map(|page| {
            let looked = match view.render_file(&page.file)? {
                Shown::Page { file, bytes } if file.ends_with(".html") => Ok(Looked {
                    url: page.url.clone(),
                    template: view.template_path(&page.template),
                    page: Page::of(&String::from_utf8_lossy(&bytes)),
                    bytes: bytes.len(),
                    file,
                }),
                Shown::Failed(failure) => Err(Diagnostic::of(&failure)),
                _ => return None,
            };
            Some(looked)
        })
        .collect();
    let mut looked = Vec::with_capacity(rendered.len());
    for one in rendered {
        match one {
            Ok(page) => looked.push(page),
            Err(diagnostic) => found.push(diagnostic),
        }
    }
    found.extend(looked.iter().flat_map(own));
    found.extend(titles(&looked));
    let places: BTreeMap<&str, &BTreeSet<String>> =
        looked.iter().map(|one| (one.file.as_str(), &one.page.ids)).collect();
    let checker = links::Checker::new(view, &places);
    let results: Vec<_> = looked.par_iter().map(|one| checker.of(one)).collect();
    let mut elsewhere: BTreeMap<String, Diagnostic> = BTreeMap::new();
    for (diagnostics, outside) in results {
        found.extend(diagnostics);
        for (address, place) in outside {
            elsewhere.entry(address).and_modify(|known| known.pages += 1).or_insert(place);
        }
    }
    if let Some(ask) = external {
        found.extend(external::check(elsewhere, ask));
    }
    let settings = view.check_settings();
    for (file, css) in view.stylesheets() {
        if css.contains(":root") {
            found.extend(contrast::check(&settings.contrast, &file, &css));
        }
    }
    found.retain(|one| !settings.skip.iter().any(|rule| rule == one.rule));
    Findings { pages: pages.len(), diagnostics: diagnostic::gathered(found) }
}

impl Looked {
    /// A mistake of this page.
    fn at(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        line: usize,
    ) -> Diagnostic {
        Diagnostic {
            file: Some(self.template.clone()),
            url: Some(self.url.clone()),
            page_line: Some(line),
            pages: 1,
            ..Diagnostic::new(rule, severity, message)
        }
    }
}

fn own(looked: &Looked) -> Vec<Diagnostic> {
    let issues = looked.page.issues.iter();
    let of = |issue: &page::Issue| {
        looked.at(issue.rule, issue.severity, issue.message.clone(), issue.line)
    };
    issues.map(of).collect()
}

/// Pages that cannot be told apart in a list of results.
fn titles(looked: &[Looked]) -> Vec<Diagnostic> {
    let mut known: BTreeMap<&str, &Looked> = BTreeMap::new();
    let mut found = Vec::new();
    for one in looked.iter().filter(|one| !one.page.unlisted) {
        let title = one.page.title.trim();
        if title.is_empty() || one.file.contains("/page/") || one.file.starts_with("page/") {
            continue;
        }
        match known.get(title) {
            Some(first) => {
                let message = format!("the title “{title}” is also that of {}", first.url);
                found.push(one.at("title", Severity::Warning, message, 1));
            }
            None => drop(known.insert(title, one)),
        }
    }
    found
}
