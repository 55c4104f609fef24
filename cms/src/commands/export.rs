//! `cms export`

use std::path::PathBuf;
use std::process::ExitCode;

use super::archive::{self, Archive};
use crate::transfer::export;

/// Arguments of `cms export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Archive to write: `x.tar`, `x.tar.gz`, with `.enc` for an encrypted one, or a folder's
    /// name
    #[arg(env = "CMS_EXPORT_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object
    #[arg(long, env = "CMS_EXPORT_JSON")]
    json: bool,
    #[command(flatten)]
    archive: Archive,
}

pub(crate) fn run(args: &Export) -> anyhow::Result<ExitCode> {
    let report = export::run(&args.archive.request(&args.file))?;
    archive::show(&report, args.json)
}
