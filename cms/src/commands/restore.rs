//! `cms restore`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Storage, Uploads};
use crate::transfer::backup::restore::{self, Request};

/// Arguments of `cms restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// What `cms backup` wrote
    #[arg(env = "CMS_RESTORE_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Key of an encrypted archive
    #[arg(long, env = "CMS_TRANSFER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Replace what is there, all of it
    #[arg(long, env = "CMS_RESTORE_FORCE")]
    force: bool,
    /// Print one JSON object
    #[arg(long, env = "CMS_RESTORE_JSON")]
    json: bool,
    #[command(flatten)]
    uploads: Uploads,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Restore) -> anyhow::Result<ExitCode> {
    let report = restore::run(&Request {
        file: &args.file,
        key: args.key.as_deref(),
        force: args.force,
        settings: &args.storage,
        uploads: &args.uploads,
    })?;
    if args.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}
