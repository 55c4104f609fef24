//! What the commands have in common that read or write an archive.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::config::{Storage, Uploads};
use crate::transfer::Request;

/// Arguments beside the archive's name.
#[derive(Debug, clap::Args)]
pub(crate) struct Archive {
    /// Key that encrypts the archive
    #[arg(long, env = "CMS_TRANSFER_KEY", value_name = "KEY", hide_env_values = true)]
    key: Option<String>,
    #[command(flatten)]
    uploads: Uploads,
    #[command(flatten)]
    storage: Storage,
}

impl Archive {
    pub(crate) fn request<'a>(&'a self, file: &'a Path) -> Request<'a> {
        let (key, uploads) = (self.key.as_deref(), &self.uploads);
        Request { file, key, settings: &self.storage, uploads }
    }
}

/// Prints what was done, for people or as one JSON object.
///
/// # Errors
/// When it is no JSON.
pub(crate) fn show(report: &(impl Serialize + Display), json: bool) -> anyhow::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{report}");
    }
    Ok(ExitCode::SUCCESS)
}
