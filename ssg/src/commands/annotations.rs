//! What a continuous integration shows beside the lines it is about, and keeps as a page.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{
    check::{Findings, output},
    config::Environment,
};

/// Set by GitHub's runners, and by those that read the same annotations.
const RUNNER: &str = "GITHUB_ACTIONS";

/// Tells the runner, if there is one, and writes the report, if one is wanted.
pub(super) fn tell(
    env: &Environment,
    report: Option<&PathBuf>,
    title: &str,
    findings: &Findings,
) -> Result<()> {
    if env.text(RUNNER) == Some("true") && !findings.diagnostics.is_empty() {
        eprintln!("{}", output::github(findings));
    }
    let file = report.cloned().or_else(|| env.text("SSG_REPORT").map(PathBuf::from));
    if let Some(file) = file {
        std::fs::write(&file, output::report(findings, title))
            .with_context(|| format!("the report cannot be written to `{}`", file.display()))?;
    }
    Ok(())
}
