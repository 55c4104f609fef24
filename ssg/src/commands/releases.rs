//! `ssg releases`: what can be rolled back to, and how each came to be.

use std::fmt::Write;

use anyhow::Result;

use crate::{
    cli::{ReleasesArgs, ReleasesCommand},
    config::{Config, Environment},
    exit::Exit,
    release::ReleaseInfo,
};

pub(super) fn run(config: &Config, env: &Environment, args: &ReleasesArgs) -> Result<Exit> {
    let store = super::open_releases(config)?;
    match &args.command {
        Some(ReleasesCommand::Show { id, .. }) => {
            super::print(&super::to_json(&store.report(*id)?)?)
        }
        None => {
            let releases = store.list()?;
            let json = args.json || env.flag("SSG_JSON")?;
            super::print(&if json { super::to_json(&releases)? } else { table(&releases)? })
        }
    }
}

fn table(releases: &[ReleaseInfo]) -> Result<String> {
    let mut out =
        format!("{:>6}  {:<8} {:<20} {:>7} {:>7}  reason", "id", "", "made", "written", "removed");
    for info in releases {
        let mark = match (info.live, info.pinned) {
            (true, true) => "pinned",
            (true, false) => "live",
            _ => "",
        };
        let made = info.created_at.get(..19).unwrap_or(&info.created_at);
        write!(
            out,
            "\n{:>6}  {mark:<8} {made:<20} {:>7} {:>7}  {}",
            info.id, info.written, info.removed, info.reason
        )?;
    }
    Ok(out)
}
