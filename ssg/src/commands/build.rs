//! `ssg build` and `ssg pull`.

use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Handle;

use crate::build::{Builder, CmsSource, Paths, Report, Request, problem};
use crate::cli::{BuildArgs, PullArgs};
use crate::client::Cms;
use crate::config::Config;
use crate::exit::Exit;

pub(super) fn build(config: &Config, args: &BuildArgs) -> Result<Exit> {
    let request = Request {
        reason: "build".to_owned(),
        offline: args.offline,
        clean: args.clean,
        strict: args.strict,
    };
    let report = builder(config)?.rebuild(&request)?;
    for failure in &report.failed {
        eprintln!("error: {}", problem::line(failure));
    }
    super::print(&if args.json { super::to_json(&report)? } else { report.summary() })?;
    Ok(exit(&report))
}

pub(super) fn pull(config: &Config, args: &PullArgs) -> Result<Exit> {
    let report = builder(config)?.pull()?;
    super::print(&if args.json {
        super::to_json(&report)?
    } else {
        let stale = if report.stale { "; the CMS did not answer" } else { "" };
        format!("{} rows, {} changed, at {}{stale}", report.rows, report.changed, report.seq)
    })
}

/// A builder over the CMS of the configuration.
pub(crate) fn builder(config: &Config) -> Result<Builder> {
    let cms = Cms::new(&config.cms, &config.cache)?;
    let source = CmsSource::new(cms, config.cms.url.as_str(), Handle::current());
    let releases = super::open_releases(config)?;
    Ok(Builder::with_releases(paths(config), Arc::new(source), releases))
}

pub(super) fn paths(config: &Config) -> Paths {
    Paths { site: config.site.clone(), out: config.out.clone(), cache: config.cache.clone() }
}

fn exit(report: &Report) -> Exit {
    if report.failed.is_empty() { Exit::Done } else { Exit::SiteErrors }
}
