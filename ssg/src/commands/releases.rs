//! `ssg releases`: what can be rolled back to, and how each came to be.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    cli::{ReleasesArgs, ReleasesCommand},
    config::{Config, Environment},
    exit::Exit,
    release::{Finding, ReleaseInfo},
};

pub(super) fn run(config: &Config, env: &Environment, args: &ReleasesArgs) -> Result<Exit> {
    let store = super::open_releases(config)?;
    match &args.command {
        Some(ReleasesCommand::Show { id, .. }) => {
            super::print(&super::to_json(&with_purges(store.report(*id)?, store.purges(*id)?))?)
        }
        None => {
            let releases = store.list()?;
            let json = args.json || env.flag("SSG_JSON")?;
            super::print(&if json { super::to_json(&releases)? } else { table(&releases)? })
        }
    }
}

/// The report of a build and what became of its purges. A build that was killed
/// has no report; its purges are told all the same.
fn with_purges(mut report: Value, purges: BTreeMap<String, Value>) -> Value {
    if purges.is_empty() {
        return report;
    }
    if report.is_null() {
        report = json!({});
    }
    if let Some(report) = report.as_object_mut() {
        report.insert("purges".to_owned(), purges.into_iter().collect());
    }
    report
}

fn table(releases: &[ReleaseInfo]) -> Result<String> {
    let mut out =
        format!("{:>6}  {:<8} {:<20} {:>7} {:>7}  reason", "id", "", "made", "written", "removed");
    for info in releases {
        let mark = match (info.live, info.pinned) {
            (true, true) => "pinned",
            (true, false) => "live",
            _ if !info.refused.is_empty() => "refused",
            _ => "",
        };
        let made = info.created_at.get(..19).unwrap_or(&info.created_at);
        write!(
            out,
            "\n{:>6}  {mark:<8} {made:<20} {:>7} {:>7}  {}",
            info.id, info.written, info.removed, info.reason
        )?;
        for line in info.refused.iter().map(Finding::line).chain(info.note.clone()) {
            write!(out, "\n{:>26}  {line}", "")?;
        }
    }
    Ok(out)
}
