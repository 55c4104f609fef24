//! `cms backup`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Storage, Uploads};
use crate::transfer::backup::{self, Request};

/// Arguments of `cms backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Archive to write: `x.tar`, `x.tar.gz`, with `.enc` for an encrypted one
    #[arg(env = "CMS_BACKUP_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Key to encrypt with
    #[arg(long, env = "CMS_TRANSFER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long, env = "CMS_BACKUP_JSON")]
    json: bool,
    #[command(flatten)]
    uploads: Uploads,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Backup) -> anyhow::Result<ExitCode> {
    let report = backup::run(&Request {
        file: &args.file,
        key: args.key.as_deref(),
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
