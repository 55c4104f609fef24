//! `[[gate.assert]]`: what the site's owner wants to see at a URL.

use super::{Assertion, visit::Visit};
use crate::release::Finding;

pub(super) fn check(assertions: &[Assertion], site: &dyn Visit) -> Vec<Finding> {
    assertions.iter().flat_map(|assertion| one(assertion, site)).collect()
}

fn one(assertion: &Assertion, site: &dyn Visit) -> Vec<Finding> {
    let finding = |message: String| Finding::new("assert", Some(&assertion.url), message);
    let answer = match site.get(&assertion.url) {
        Ok(answer) => answer,
        Err(error) => return vec![finding(format!("cannot be asked for: {error:#}"))],
    };
    let mut findings = Vec::new();
    if answer.status != assertion.status {
        let message = format!("answers {}, not {}", answer.status, assertion.status);
        findings.push(finding(message));
    }
    let has = |text: &String| memchr::memmem::find(&answer.body, text.as_bytes()).is_some();
    for text in assertion.contains.iter().filter(|text| !has(text)) {
        findings.push(finding(format!("does not contain `{text}`")));
    }
    for text in assertion.not_contains.iter().filter(|text| has(text)) {
        findings.push(finding(format!("contains `{text}`")));
    }
    findings
}
