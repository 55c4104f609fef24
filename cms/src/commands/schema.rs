//! `cms schema check` and `cms schema graphql`

use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Storage;
use crate::content_types;
use crate::graphql::Graphs;

#[derive(Debug, Subcommand)]
pub(crate) enum SchemaCommand {
    /// Read every schema file and report every mistake with file and line
    Check {
        #[command(flatten)]
        storage: Storage,
    },
    /// Write the GraphQL schema of the content model, in the schema language
    Graphql {
        #[command(flatten)]
        storage: Storage,
    },
}

pub(crate) fn run(command: &SchemaCommand) -> anyhow::Result<ExitCode> {
    match command {
        SchemaCommand::Check { storage } => {
            let model = content_types::load(&storage.schema)?;
            let (types, parts) = (model.api_types().count(), model.components().count());
            println!("{types} content types and {parts} components, no mistakes");
        }
        SchemaCommand::Graphql { storage } => {
            let model = content_types::load(&storage.schema)?;
            println!("{}", Graphs::default().of(&model)?.sdl().trim_end());
        }
    }
    Ok(ExitCode::SUCCESS)
}
