//! The commands: each turns arguments into one call, and its result into
//! output. Results go to stdout, everything else to stderr.

use std::{
    io::{self, Write},
    process,
};

use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::{
    cli::{Cli, Command},
    config::{Config, Environment},
    exit::Exit,
    nginx,
    release::{Settings, Store},
};

mod releases;
mod rollback;

/// Shown unless `SSG_LOG` asks for more or less.
const DEFAULT_LOG: &str = "info";

/// The whole program but the process's end.
pub fn main() -> Exit {
    let cli = Cli::parse();
    match prepared(&cli) {
        Ok(exit) => exit,
        Err(error) => {
            explain(&error);
            Exit::Failure
        }
    }
}

fn prepared(cli: &Cli) -> Result<Exit> {
    let env = Environment::load("production")?;
    log(&env)?;
    let config = Config::resolve(&cli.common, &env)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let _entered = runtime.enter();
    runtime.spawn(exit_on_interrupt());
    run(cli, &env, &config)
}

fn run(cli: &Cli, env: &Environment, config: &Config) -> Result<Exit> {
    match &cli.command {
        Command::Releases(args) => releases::run(config, env, args),
        Command::Rollback(args) => rollback::rollback(config, args),
        Command::Unpin => rollback::unpin(config),
        Command::Nginx(args) => print(nginx::configuration(args, &config.out)?.trim_end()),
    }
}

/// Whatever is under way can be cut off anywhere: the next start settles it.
async fn exit_on_interrupt() {
    if tokio::signal::ctrl_c().await.is_ok() {
        eprintln!("interrupted");
        process::exit(Exit::Interrupted.code().into());
    }
}

fn log(env: &Environment) -> Result<()> {
    let wanted = env.text("SSG_LOG").unwrap_or(DEFAULT_LOG);
    let filter = EnvFilter::try_new(wanted).with_context(|| {
        format!("SSG_LOG is `{wanted}`; expected a level such as info or debug")
    })?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    Ok(())
}

/// The error, then its causes, one to a line.
fn explain(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
}

/// The releases below `--out`.
fn open_releases(config: &Config) -> Result<Store> {
    let settings = Settings { keep: config.keep_releases, ..Settings::default() };
    Store::open_with(&config.out, settings)
        .with_context(|| format!("the releases in `{}` cannot be used", config.out.display()))
}

fn to_json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// A reader that has seen enough (`| head`) is no error.
fn print(text: &str) -> Result<Exit> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to stdout")
        }
        _ => Ok(Exit::Done),
    }
}
