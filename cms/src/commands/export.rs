//! `cms export`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Storage, Uploads};
use crate::transfer::export::{self, Request};

/// Arguments of `cms export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Archive to write: `x.tar`, `x.tar.gz`, with `.enc` for an encrypted one, or a folder's
    /// name
    #[arg(env = "CMS_EXPORT_FILE", value_name = "FILE")]
    file: PathBuf,
    /// Key to encrypt with
    #[arg(long, env = "CMS_TRANSFER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long, env = "CMS_EXPORT_JSON")]
    json: bool,
    #[command(flatten)]
    uploads: Uploads,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Export) -> anyhow::Result<ExitCode> {
    let report = export::run(&Request {
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
