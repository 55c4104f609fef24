//! `cms openapi`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use crate::config::Storage;
use crate::content_types;
use crate::contract::breaking;
use crate::contract::openapi::{self, Offers};

/// Arguments of `cms openapi`.
#[derive(Debug, clap::Args)]
pub(crate) struct OpenApi {
    /// Compare with an earlier document, say what breaks its clients, and exit with 1 if
    /// anything does
    #[arg(long, env = "CMS_OPENAPI_CHECK", value_name = "OLD")]
    check: Option<PathBuf>,
    /// Write to a file instead of printing
    #[arg(long, env = "CMS_OPENAPI_OUT", value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    #[command(flatten)]
    storage: Storage,
}

/// Old clients cannot go on.
const BREAKING: u8 = 1;

pub(crate) fn run(args: &OpenApi) -> anyhow::Result<ExitCode> {
    let model = content_types::load(&args.storage.schema)?;
    let document = openapi::document(&model, Offers { actions: true });
    if let Some(path) = &args.check {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("`{}` cannot be read", path.display()))?;
        let old: Value = serde_json::from_str(&text)
            .with_context(|| format!("`{}` is no OpenAPI document in JSON", path.display()))?;
        anyhow::ensure!(
            old["openapi"].is_string() && old["paths"].is_object(),
            "`{}` is no OpenAPI document: it has no `openapi` and `paths`",
            path.display()
        );
        return Ok(report(&breaking::changes(&old, &document)));
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
    match &args.out {
        Some(path) => std::fs::write(path, text)
            .with_context(|| format!("`{}` cannot be written", path.display()))?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn report(changes: &[String]) -> ExitCode {
    for change in changes {
        println!("breaking: {change}");
    }
    if changes.is_empty() {
        println!("no breaking changes");
        return ExitCode::SUCCESS;
    }
    ExitCode::from(BREAKING)
}
