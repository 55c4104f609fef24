//! `cms backup`

use std::path::PathBuf;
use std::process::ExitCode;

use super::archive::{self, Archive};
use crate::transfer::backup;

/// Arguments of `cms backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Archive to write: `x.tar`, `x.tar.gz`, with `.enc` for an encrypted one
    #[arg(env = "CMS_BACKUP_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object
    #[arg(long, env = "CMS_BACKUP_JSON")]
    json: bool,
    #[command(flatten)]
    archive: Archive,
}

pub(crate) fn run(args: &Backup) -> anyhow::Result<ExitCode> {
    let report = backup::run(&args.archive.request(&args.file))?;
    archive::show(&report, args.json)
}
