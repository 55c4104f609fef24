//! Mistakes of every origin in the one form reports show.

use std::path::Path;

use super::report::Failure;
use crate::rules::RuleError;
use crate::site::{Page, PlanProblem, RouteTable, SiteError};
use crate::templates::TemplateFault;

pub(super) fn of_site(error: &SiteError) -> Failure {
    Failure {
        template: Some(error.file.clone()),
        line: Some(error.line),
        message: error.message.clone(),
        ..Failure::default()
    }
}

pub(super) fn of_rule(error: &RuleError) -> Failure {
    Failure {
        template: Some(error.file.clone()),
        line: Some(error.line).filter(|line| *line > 0),
        message: error.message.clone(),
        ..Failure::default()
    }
}

/// A fault found while loading: the file is named as people open it.
pub(super) fn of_template(folder: &Path, fault: &TemplateFault) -> Failure {
    let file = if fault.file.is_empty() { folder.to_owned() } else { folder.join(&fault.file) };
    Failure {
        template: Some(file.display().to_string()),
        line: Some(fault.line).filter(|line| *line > 0),
        message: fault.message.clone(),
        ..Failure::default()
    }
}

pub(super) fn of_page(page: &Page, fault: &TemplateFault) -> Failure {
    let template = if fault.file.is_empty() { &*page.template } else { &*fault.file };
    Failure {
        url: Some(page.url.clone()),
        template: Some(template.to_owned()),
        line: Some(fault.line).filter(|line| *line > 0),
        entry: page.entry.as_ref().map(|entry| entry.document_id.to_string()),
        field: fault.field.clone(),
        message: fault.message.clone(),
    }
}

pub(super) fn of_plan(table: &RouteTable, route: usize, problem: &PlanProblem) -> Failure {
    let site = table.site();
    let what = format!("{} {} ({})", problem.uid, problem.document_id, problem.locale);
    Failure {
        url: None,
        template: Some(site.file.clone()),
        line: Some(table.line(route)),
        entry: Some(problem.document_id.clone()),
        field: problem.field.clone(),
        message: format!("{what} has no page: {}", problem.message),
    }
}

/// `file:line: message`, as editors and people like it.
#[must_use]
pub fn line(failure: &Failure) -> String {
    let place = match (&failure.template, failure.line) {
        (Some(file), Some(line)) => format!("{file}:{line}: "),
        (Some(file), None) => format!("{file}: "),
        _ => String::new(),
    };
    let page = failure.url.as_ref().map_or_else(String::new, |url| format!("{url}: "));
    let entry =
        match (&failure.entry, failure.message.contains(failure.entry.as_deref().unwrap_or(""))) {
            (Some(entry), false) => format!(" (entry {entry})"),
            _ => String::new(),
        };
    format!("{place}{page}{}{entry}", failure.message)
}
