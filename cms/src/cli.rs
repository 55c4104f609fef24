//! The command line: `cms <command>`.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 the content model
//! has errors, 2 usage, configuration or internal failure, 130 interrupted.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands;
use crate::config::{self, Settings, Storage};
use crate::content_types::LoadError;
use crate::transfer::Refused;

/// Headless content server that speaks Strapi 5's REST dialect
#[derive(Debug, Parser)]
#[command(name = "cms", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Migrate the database and serve the API
    Serve(Box<Settings>),
    /// Bring the database's tables up to date
    Migrate(Storage),
    /// Manage API tokens
    #[command(subcommand)]
    Token(commands::token::TokenCommand),
    /// Manage end users and service accounts
    #[command(subcommand)]
    User(commands::user::UserCommand),
    /// Manage what roles may do
    #[command(subcommand)]
    Permission(commands::permission::PermissionCommand),
    /// Manage locales
    #[command(subcommand)]
    Locale(commands::locale::LocaleCommand),
    /// Manage webhook endpoints
    #[command(subcommand)]
    Webhook(commands::webhook::WebhookCommand),
    /// Check the content model
    #[command(subcommand)]
    Schema(commands::schema::SchemaCommand),
    /// Write or compare the OpenAPI document of the content model
    Openapi(commands::openapi::OpenApi),
    /// Write the content model as types for clients
    Types(commands::types::Types),
    /// Write the reference pages: content model, settings, errors
    Docs(commands::docs::Docs),
    /// Take over an archive that `strapi export` or `cms export` wrote
    Import(Box<commands::import::Import>),
    /// Write everything into an archive that Strapi and `cms import` read
    Export(Box<commands::export::Export>),
    /// Write database, uploads and signing key into an archive while the server works
    Backup(Box<commands::backup::Backup>),
    /// Put what `cms backup` wrote in place, into an empty installation
    Restore(Box<commands::restore::Restore>),
    /// Move everything to another database, of the same or the other kind
    Transfer(Box<commands::transfer::Transfer>),
    /// Write what this server needs to run as a service: settings, a systemd unit, nginx
    Init(Box<commands::init::Init>),
    /// Make a code with which a site fetches its credentials: see `ssg pair`
    Pair(commands::pair::Pair),
    /// Look for what is wrong with this installation
    Doctor(Box<commands::doctor::Doctor>),
}

/// The content model has errors.
const CONTENT_ERRORS: u8 = 1;
/// Usage, configuration or internal failure.
const FAILURE: u8 = 2;

/// Runs the program on the process's own arguments.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = match config::environment::apply(Cli::command()) {
        Ok(command) => {
            command.try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches))
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(FAILURE);
        }
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let failed = error.use_stderr();
            // Nothing is left to do when even the terminal is gone.
            drop(error.print());
            return if failed { ExitCode::from(FAILURE) } else { ExitCode::SUCCESS };
        }
    };
    crate::logging::start();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            let content = error.is::<LoadError>() || error.is::<Refused>();
            ExitCode::from(if content { CONTENT_ERRORS } else { FAILURE })
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(settings) => commands::serve::run(*settings),
        Command::Migrate(storage) => commands::migrate::run(&storage),
        Command::Token(command) => commands::token::run(command),
        Command::User(command) => commands::user::run(command),
        Command::Permission(command) => commands::permission::run(command),
        Command::Locale(command) => commands::locale::run(command),
        Command::Webhook(command) => commands::webhook::run(command),
        Command::Schema(command) => commands::schema::run(&command),
        Command::Openapi(openapi) => commands::openapi::run(&openapi),
        Command::Types(types) => commands::types::run(&types),
        Command::Docs(docs) => commands::docs::run(&docs, &Cli::command()),
        Command::Import(import) => commands::import::run(&import),
        Command::Export(export) => commands::export::run(&export),
        Command::Backup(backup) => commands::backup::run(&backup),
        Command::Restore(restore) => commands::restore::run(&restore),
        Command::Transfer(transfer) => commands::transfer::run(&transfer),
        Command::Init(init) => commands::init::run(&init),
        Command::Pair(pair) => commands::pair::run(&pair),
        Command::Doctor(doctor) => commands::doctor::run(&doctor),
    }
}

/// The settings of `cms serve` with these flags, as in `["--listen", "127.0.0.1:0"]`.
///
/// # Errors
/// The usage message.
pub fn serve_settings<'a>(flags: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Settings> {
    let flags: Vec<_> = ["cms", "serve"].into_iter().chain(flags).collect();
    match Cli::try_parse_from(flags)?.command {
        Command::Serve(settings) => Ok(*settings),
        other => anyhow::bail!("these are not flags of `serve`: {other:?}"),
    }
}
