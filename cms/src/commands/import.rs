//! `cms import`

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Storage, Uploads};
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
    /// Key of an encrypted archive
    #[arg(long, env = "CMS_TRANSFER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    /// Leave out what does not fit the content model, instead of importing nothing
    #[arg(long, env = "CMS_IMPORT_FORCE")]
    force: bool,
    /// Print one JSON object
    #[arg(long, env = "CMS_IMPORT_JSON")]
    json: bool,
    #[command(flatten)]
    uploads: Uploads,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Import) -> anyhow::Result<ExitCode> {
    let report = import::run(&Request {
        file: &args.file,
        key: args.key.as_deref(),
        dry_run: args.dry_run,
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
