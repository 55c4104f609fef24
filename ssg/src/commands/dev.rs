//! `ssg dev`: the daemon over the site as it is edited, with a store of releases that is
//! thrown away.

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::{
    build::Viewer,
    cli::DevArgs,
    clock::Clock,
    config::{Config, Environment, ServeConfig},
    daemon::{self, Daemon, Options},
    dev::{Dev, Looking},
    exit::Exit,
    release::{Settings, Store},
};

pub(super) async fn run(config: &Config, env: &Environment, args: &DevArgs) -> Result<Exit> {
    let options = Options {
        serve: ServeConfig::for_dev(args, env)?,
        cms: config.cms.clone(),
        site: config.site.clone(),
        folders: super::content_folders(config),
        cache: config.cache.clone(),
        clock: Clock::default(),
    };
    let drafts = args.drafts || env.flag("SSG_DRAFTS")?;
    let folder = tempfile::tempdir().context("there is no folder for temporary files")?;
    let releases =
        Store::open_with(folder.path(), Settings { durable: false, ..Settings::default() })?;
    let viewer = Viewer::new(super::paths(config), super::source(config)?);
    let dev = Arc::new(Dev::new(viewer, &config.site, drafts));
    let daemon = Daemon::start(&options, releases, Arc::new(Looking(Arc::clone(&dev))))?;
    eprintln!("listening on {}", daemon.url());
    daemon::asked_to_stop().await?;
    dev.close();
    daemon.stop().await;
    Ok(Exit::Done)
}
