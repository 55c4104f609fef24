//! `cms types`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::config::Storage;
use crate::content_types;
use crate::contract::typescript;

/// Arguments of `cms types`.
#[derive(Debug, clap::Args)]
pub(crate) struct Types {
    /// In TypeScript, for use with `@strapi/client`
    #[arg(long, required = true)]
    ts: bool,
    /// Write to a file instead of printing
    #[arg(long, env = "CMS_TYPES_OUT", value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    storage: Storage,
}

pub(crate) fn run(args: &Types) -> anyhow::Result<ExitCode> {
    let model = content_types::load(&args.storage.schema)?;
    let text = typescript::module(&model);
    match &args.out {
        Some(path) => std::fs::write(path, text)
            .with_context(|| format!("`{}` cannot be written", path.display()))?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}
