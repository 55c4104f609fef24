//! `cms import`

use std::path::PathBuf;
use std::process::ExitCode;

use super::archive::{self, Archive};
use crate::transfer::import::{self, Request};

/// Arguments of `cms import`.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// What `strapi export` or `cms export` wrote: a tar archive, with gzip and encrypted or
    /// not, or the folder it unpacks to
    #[arg(env = "CMS_IMPORT_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Say what would happen, and write nothing
    #[arg(long, env = "CMS_IMPORT_DRY_RUN")]
    dry_run: bool,
    /// Leave out what does not fit the content model, instead of importing nothing
    #[arg(long, env = "CMS_IMPORT_FORCE")]
    force: bool,
    /// Print one JSON object
    #[arg(long, env = "CMS_IMPORT_JSON")]
    json: bool,
    #[command(flatten)]
    archive: Archive,
}

pub(crate) fn run(args: &Import) -> anyhow::Result<ExitCode> {
    let report = import::run(&Request {
        archive: args.archive.request(&args.file),
        dry_run: args.dry_run,
        force: args.force,
    })?;
    archive::show(&report, args.json)
}
