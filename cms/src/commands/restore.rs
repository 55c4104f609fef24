//! `cms restore`

use std::path::PathBuf;
use std::process::ExitCode;

use super::archive::{self, Archive};
use crate::transfer::backup::restore::{self, Request};

/// Arguments of `cms restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// What `cms backup` wrote
    #[arg(env = "CMS_RESTORE_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Replace what is there, all of it
    #[arg(long, env = "CMS_RESTORE_FORCE")]
    force: bool,
    /// Print one JSON object
    #[arg(long, env = "CMS_RESTORE_JSON")]
    json: bool,
    #[command(flatten)]
    archive: Archive,
}

pub(crate) fn run(args: &Restore) -> anyhow::Result<ExitCode> {
    let report =
        restore::run(&Request { archive: args.archive.request(&args.file), force: args.force })?;
    archive::show(&report, args.json)
}
