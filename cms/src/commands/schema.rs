//! `cms schema check`

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Storage;
use crate::content_types;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Read every schema file and report every mistake with file and line
    Check {
        #[command(flatten)]
        storage: Storage,
    },
}

pub(crate) fn run(command: &SchemaCommand) -> anyhow::Result<ExitCode> {
    let SchemaCommand::Check { storage } = command;
    let model = content_types::load(&storage.schema)?;
    let (types, parts) = (model.api_types().count(), model.components().count());
    println!("{types} content types and {parts} components, no mistakes");
    Ok(ExitCode::SUCCESS)
}
