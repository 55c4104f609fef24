//! The health gate: what a release must be before anybody sees it.
//!
//! `[gate]` in site.toml says what the site's owner expects; [`Health`] holds a complete tree
//! against it. The tree is read, never changed, and what is found is for the release store to
//! act on. Cost follows the change, unless pages disappear or the site asks for more.
//!
//! ```text
//! build ─► Store (tree complete, nobody sees it) ─► Health ─► findings ─► switch, or a refusal
//! ```

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

pub use self::policy::{Assertion, Policy, Strictness};
pub(crate) use self::smoke::sweep;
use crate::{
    release::{Candidate, Finding, Gate, ReleaseError},
    rules::Rules,
};

mod assertion;
mod delta;
mod links;
mod policy;
mod required;
mod smoke;
mod visit;

/// A refusal names that many things of one kind; more help nobody.
pub const MOST_FINDINGS: usize = 20;

/// What the gate knows besides the tree.
#[derive(Debug)]
pub struct Health<'a> {
    pub policy: &'a Policy,
    pub base_url: &'a str,
    pub rules: &'a Rules,
    /// Files that left because an editor deleted or unpublished what they showed.
    pub explained: &'a HashSet<String>,
    /// Pages that have another size because their content has.
    pub edited: HashSet<String>,
    /// Where a shadow nginx may write.
    pub scratch: &'a Path,
    /// Somebody has looked at it: what is found is told and not acted upon.
    pub accept: bool,
    /// What is wrong and not this release's fault, or was accepted.
    pub warnings: &'a Mutex<Vec<Finding>>,
}

impl Health<'_> {
    fn warn(&self, findings: impl IntoIterator<Item = Finding>) {
        let mut warnings = self.warnings.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        warnings.extend(findings);
    }

    fn all(&self, candidate: &Candidate) -> Result<Vec<Finding>, ReleaseError> {
        let mut findings = required::check(self.policy, &candidate.tree);
        findings.extend(delta::check(self, candidate));
        findings.extend(links::check(self, candidate)?);
        findings.extend(self.visits(candidate));
        Ok(findings)
    }

    /// What can only be told by asking for a page.
    fn visits(&self, candidate: &Candidate) -> Vec<Finding> {
        if !self.policy.smoke {
            let tree = visit::Tree { root: &candidate.tree, rules: self.rules };
            return assertion::check(&self.policy.assertions, &tree);
        }
        let nginx = smoke::Nginx::start(self.scratch, candidate, self.rules);
        match nginx {
            Ok(nginx) => {
                let mut findings = smoke::check(&nginx, self.policy, candidate);
                findings.extend(assertion::check(&self.policy.assertions, &nginx));
                findings
            }
            Err(error) => vec![Finding::new("smoke", None, format!("{error:#}"))],
        }
    }
}

impl Gate for Health<'_> {
    fn objections(&self, candidate: &Candidate) -> Result<Vec<Finding>, ReleaseError> {
        let findings = self.all(candidate)?;
        if self.accept {
            self.warn(findings);
            return Ok(Vec::new());
        }
        Ok(findings)
    }
}

/// The file that answers for a path of the site, decoded and with a leading slash.
fn file_for(root: &Path, path: &str) -> Option<PathBuf> {
    let below = path.trim_start_matches('/');
    let file = root.join(below);
    if !below.is_empty() && !below.ends_with('/') && file.is_file() {
        return Some(file);
    }
    Some(file.join(crate::site::public_url::INDEX)).filter(|file| file.is_file())
}
