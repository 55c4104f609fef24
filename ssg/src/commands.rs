//! The commands: each turns arguments into one call, and its result into
//! output. Results go to stdout, everything else to stderr.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process,
    sync::Arc,
};

use anyhow::{Context, Result};
use clap::Parser;
use serde::Serialize;
use tokio::runtime::Handle;
use tracing_subscriber::EnvFilter;

use crate::{
    build::{Builder, CmsSource, Crawl, FolderSource, Paths, STATIC_FOLDER, Source},
    cli::{Cli, Command, NginxArgs},
    client::Cms,
    config::{Config, Environment, NginxConfig},
    exit::Exit,
    guard::{LOG_FILE, Policy},
    nginx,
    release::{MOVED, Settings, Store},
    rules::Rules,
    site::{self, Site, folder::Folders},
};

mod annotations;
mod auto_deploy;
mod build;
mod check;
mod deploy;
mod dev;
mod diff;
mod doctor;
mod impact;
mod init;
mod pair;
mod preview;
mod pull;
mod purge;
mod releases;
mod rollback;
mod serve;
mod translations;
mod verify;
mod why;

/// Shown unless `SSG_LOG` asks for more or less: the server's own comings and
/// goings say nothing that we do not.
const DEFAULT_LOG: &str = "info,actix_server=warn";

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
    let default = if matches!(cli.command, Command::Dev(_)) { "development" } else { "production" };
    let env = Environment::load(default)?;
    log(&env)?;
    let config = Config::resolve(&cli.common, &env)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let _entered = runtime.enter();
    // A daemon that is asked to stop ends well; everything else was cut short.
    if !matches!(cli.command, Command::Serve(_) | Command::Dev(_)) {
        runtime.spawn(exit_on_interrupt());
    }
    run(cli, &env, &config)
}

fn run(cli: &Cli, env: &Environment, config: &Config) -> Result<Exit> {
    match &cli.command {
        Command::Build(args) => build::run(config, env, args),
        Command::Check(args) => check::run(config, env, args),
        Command::Why(args) => why::run(config, env, args),
        Command::Impact(args) => impact::run(config, env, args),
        Command::Translations(args) => translations::run(config, env, args),
        Command::Verify(args) => verify::run(config, env, args),
        Command::Pull(args) => pull::run(config, env, args),
        Command::Serve(args) => Handle::current().block_on(serve::run(config, env, args)),
        Command::Dev(args) => Handle::current().block_on(dev::run(config, env, args)),
        Command::Preview(args) => preview::run(config, env, args),
        Command::Releases(args) => releases::run(config, env, args),
        Command::Rollback(args) => rollback::rollback(config, env, args),
        Command::Pin => rollback::pin(config),
        Command::Unpin => rollback::unpin(config, env),
        Command::Deploy(args) => deploy::deploy(config, env, args),
        Command::Promote => deploy::promote(config, env),
        Command::Abort => deploy::abort(config, env),
        Command::Purge(args) => purge::run(config, env, args),
        Command::Diff(args) => diff::run(config, env, args),
        Command::Doctor(args) => doctor::run(config, env, args),
        Command::Init(args) => init::run(config, env, args),
        Command::Pair(args) => pair::run(config, args),
        Command::Nginx(args) => {
            let mut nginx = NginxConfig::resolve(args, env)?;
            heed_site(config, env, args, &mut nginx)?;
            print(nginx::configuration(&nginx, &config.out, &rules(config)?)?.trim_end())
        }
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
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}

/// The error, then its causes, one to a line.
fn explain(error: &anyhow::Error) {
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
}

/// The redirects and headers of the site's owner.
fn rules(config: &Config) -> Result<Rules> {
    let rules = Rules::load(&config.site.join(STATIC_FOLDER));
    rules.map(|rules| rules.and(&config.out.join(MOVED))).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// What site.toml, if there is one here, says about CDNs, canaries, the guard, endpoints, forms
/// and how much visitors may send.
fn heed_site(
    config: &Config,
    env: &Environment,
    args: &NginxArgs,
    nginx: &mut NginxConfig,
) -> Result<()> {
    if !config.site.join(site::config::FILE_NAME).exists() {
        return Ok(());
    }
    let site = Site::load(&config.site).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    nginx.cdn = !site.cdns.is_empty();
    let log = |guard: Policy| guard.log.unwrap_or_else(|| config.cache.join(LOG_FILE));
    nginx.guard_log = site.guard.map(log);
    nginx.body_limit = site.proxy.longest_body();
    nginx.declared = site.proxy.paths().map(str::to_owned).collect();
    let share_is_given =
        args.canary_share.is_some() || env.text("SSG_NGINX_CANARY_SHARE").is_some();
    let share = site.targets.into_iter().find_map(|table| table.share);
    if let Some(share) = share.filter(|_| !share_is_given) {
        nginx.canary_share = share;
    }
    Ok(())
}

/// The releases below `--out`.
fn open_releases(config: &Config) -> Result<Store> {
    let settings = Settings {
        keep: config.keep_releases,
        keep_bytes: config.keep_bytes,
        ..Settings::default()
    };
    Store::open_with(&config.out, settings)
        .with_context(|| format!("the releases in `{}` cannot be used", config.out.display()))
}

/// The site of this configuration, its content from the CMS. Must be called
/// within the runtime, and used outside of asynchronous code.
fn open_builder(config: &Config, releases: Store) -> Result<Builder> {
    Ok(Builder::with_releases(paths(config), source(config)?, releases))
}

/// Where content comes from: the folders that site.toml names, or the CMS. Must be called
/// within the runtime, and used outside of asynchronous code.
fn source(config: &Config) -> Result<Arc<dyn Source>> {
    Ok(match content_folders(config).is_empty() {
        true => Arc::new(cms_source(config)?),
        false => Arc::new(FolderSource::new(&config.site)),
    })
}

/// Where content is kept beside the site. Mistakes are told by the build.
fn content_folders(config: &Config) -> Vec<PathBuf> {
    let folders = Folders::declared(&config.site).unwrap_or_default();
    folders.tables.iter().map(|table| Folders::place(&config.site, table)).collect()
}

fn cms_source(config: &Config) -> Result<CmsSource> {
    let cms = Cms::new(&config.cms, &config.cache)?;
    let crawl = Crawl::new(config.schemas.clone(), config.reconcile_interval);
    let source = CmsSource::new(cms, crawl, config.cms.url.as_str(), Handle::current());
    Ok(source.keeping(&config.cache))
}

fn paths(config: &Config) -> Paths {
    Paths { site: config.site.clone(), out: config.out.clone(), cache: config.cache.clone() }
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
