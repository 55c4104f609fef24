//! `ssg build`: pull, render what changed, publish.

use anyhow::Result;

use super::annotations;
use crate::build::{Request, problem};
use crate::check::{Diagnostic, Findings};
use crate::cli::BuildArgs;
use crate::config::{BuildFlags, Config, Environment};
use crate::exit::Exit;

pub(super) fn run(config: &Config, env: &Environment, args: &BuildArgs) -> Result<Exit> {
    let flags = BuildFlags::resolve(args, env)?;
    let request = Request {
        reason: "build".to_owned(),
        offline: flags.offline,
        clean: flags.clean,
        strict: flags.strict,
        accept: flags.accept,
        ..Request::default()
    };
    let releases = super::open_releases(config)?;
    let mut builder = super::open_builder(config, releases.clone())?;
    let report = builder.rebuild(&request)?;
    // The process ends here. Giving its memory back piece by piece would take longer than
    // publishing did.
    std::mem::forget(builder);
    for failure in &report.failed {
        eprintln!("error: {}", problem::line(failure));
    }
    for finding in &report.refused {
        eprintln!("refused: {}", finding.line());
    }
    for finding in &report.warnings {
        eprintln!("warning: {}", finding.line());
    }
    if report.refusal.is_some() {
        eprintln!("hint: `ssg build --accept` publishes it all the same, once");
    }
    let findings = Findings::of(report.failed.iter().map(Diagnostic::of).collect());
    annotations::tell(env, args.report.as_ref(), &report.summary(), &findings)?;
    super::purge::after_switch(config, env, &releases);
    super::print(&if flags.json { super::to_json(&report)? } else { report.summary() })?;
    Ok(if report.exit_code() == 0 { Exit::Done } else { Exit::SiteErrors })
}
