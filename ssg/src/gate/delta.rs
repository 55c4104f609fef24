//! Pages that disappear, and pages that shrink, with nobody having wanted it.
//!
//! An editor who deletes or unpublishes explains a page that goes, and one who edits explains
//! a page that shrinks. A template that renders nothing, a route that was lost, a content
//! server that lists nothing any more do not.

use super::Health;
use crate::release::{Candidate, Finding, Step};

/// Sites with fewer pages than that are looked after page by page.
const FLOOR: u64 = 20;
const PAGE: &str = ".html";

pub(super) fn check(health: &Health<'_>, candidate: &Candidate) -> Vec<Finding> {
    let Some(before) = candidate.before.filter(|before| before.pages >= FLOOR) else {
        return Vec::new();
    };
    let pages = || candidate.steps.iter().filter(|step| step.path.ends_with(PAGE));
    let gone: Vec<_> = pages().filter(|step| step.new.is_none()).collect();
    let came = pages().filter(|step| step.old.is_none()).count();
    let wanted = gone.iter().filter(|step| health.explained.contains(&step.path)).count();
    let lost = gone.len().saturating_sub(wanted).saturating_sub(came);
    let mut findings = Vec::new();
    if share(lost as u64, before.pages) > health.policy.max_page_loss {
        let example = gone.iter().find(|step| !health.explained.contains(&step.path));
        let example = example.map_or("", |step| step.path.as_str());
        findings.push(Finding::new(
            "pages",
            None,
            format!(
                "{lost} of {} pages disappear though nobody deleted their content, such as \
                 `{example}`; `max_page_loss` is {}",
                before.pages, health.policy.max_page_loss
            ),
        ));
    }
    findings.extend(shrunk(health, pages()));
    findings
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Of the pages that change without their content changing, when they are many.
fn shrunk<'a>(health: &Health<'_>, pages: impl Iterator<Item = &'a Step>) -> Option<Finding> {
    let (mut count, mut old, mut new) = (0, 0, 0);
    for step in pages.filter(|step| !health.edited.contains(&step.path)) {
        if let (Some(before), Some(after)) = (step.old, step.new) {
            count += 1;
            old += before;
            new += after;
        }
    }
    let lost = share(u64::saturating_sub(old, new), old);
    (count >= FLOOR && lost > health.policy.max_size_loss).then(|| {
        Finding::new(
            "size",
            None,
            format!(
                "{count} pages shrink from {old} to {new} bytes though their content did not \
                 change; `max_size_loss` is {}",
                health.policy.max_size_loss
            ),
        )
    })
}
