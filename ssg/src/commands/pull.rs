//! `ssg pull`: the content, without building anything from it.

use anyhow::Result;

use crate::{
    cli::PullArgs,
    config::{Config, Environment},
    exit::Exit,
};

pub(super) fn run(config: &Config, env: &Environment, args: &PullArgs) -> Result<Exit> {
    let report = super::open_builder(config, super::open_releases(config)?)?.pull()?;
    if args.json || env.flag("SSG_JSON")? {
        return super::print(&super::to_json(&report)?);
    }
    let stale = if report.stale { " (the CMS did not answer)" } else { "" };
    super::print(&format!(
        "{} rows, {} changed, at place {} of the feed{stale}",
        report.rows, report.changed, report.seq
    ))
}
