//! `cms transfer`

use std::path::PathBuf;
use std::process::ExitCode;

use super::archive;
use crate::config::{Place as UploadsPlace, Storage, Uploads};
use crate::store::pool::DatabaseUrl;
use crate::transfer::installation::{self, Place, Request};

/// Arguments of `cms transfer`.
#[derive(Debug, clap::Args)]
pub(crate) struct Transfer {
    /// The database to read: `sqlite:PATH` or `postgres://…`
    #[arg(long, env = "CMS_TRANSFER_FROM", value_name = "URL", hide_env_values = true)]
    from: DatabaseUrl,
    /// The database to fill
    #[arg(long, env = "CMS_TRANSFER_TO", value_name = "URL", hide_env_values = true)]
    to: DatabaseUrl,
    #[command(flatten)]
    uploads: Uploads,
    /// Where uploaded files are to be kept [default: where they are]
    #[arg(long, env = "CMS_TRANSFER_TO_UPLOADS", value_name = "PLACE")]
    to_uploads: Option<UploadsPlace>,
    /// Folder that holds the signing key [default: the SQLite file's folder, else cms/data]
    #[arg(long, env = "CMS_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Folder that is to hold the signing key [default: `--data-dir` where it is given, else as
    /// for the database to fill]
    #[arg(long, env = "CMS_TRANSFER_TO_DATA_DIR", value_name = "DIR")]
    to_data_dir: Option<PathBuf>,
    /// Folder that holds `api/` and `components/`
    #[arg(long, env = "CMS_SCHEMA_DIR", value_name = "DIR", default_value = "cms/schema")]
    schema: PathBuf,
    /// Replace what is there, all of it
    #[arg(long, env = "CMS_TRANSFER_FORCE")]
    force: bool,
    /// Print one JSON object
    #[arg(long, env = "CMS_TRANSFER_JSON")]
    json: bool,
}

pub(crate) fn run(args: &Transfer) -> anyhow::Result<ExitCode> {
    let storage = |url: &DatabaseUrl, data_dir: Option<&PathBuf>| Storage {
        database_url: url.clone(),
        data_dir: data_dir.cloned(),
        schema: args.schema.clone(),
        locales: Vec::new(),
    };
    let from = storage(&args.from, args.data_dir.as_ref());
    let to = storage(&args.to, args.to_data_dir.as_ref().or(args.data_dir.as_ref()));
    let place = args.to_uploads.as_ref().unwrap_or(&args.uploads.place).clone();
    let to_uploads = Uploads { place, ..args.uploads.clone() };
    let report = installation::run(&Request {
        from: Place { settings: &from, uploads: &args.uploads },
        to: Place { settings: &to, uploads: &to_uploads },
        force: args.force,
    })?;
    archive::show(&report, args.json)
}
