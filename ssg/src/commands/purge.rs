//! `ssg purge`, and the purge that follows every command which switches releases.

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use crate::{
    cdn::{Cdn, Faults, Purger, Standing},
    cli::PurgeArgs,
    config::{self, Config, Environment},
    exit::Exit,
    release::Store,
    site::Site,
};

pub(super) fn run(config: &Config, env: &Environment, args: &PurgeArgs) -> Result<Exit> {
    let cdns = cdns(config, env)?;
    if cdns.is_empty() {
        anyhow::bail!("site.toml has no `[[cdn]]`: there is nothing in front of the site to purge");
    }
    let releases = super::open_releases(config)?;
    if args.everything {
        // A switch from nowhere: nobody knows what a cache may hold.
        let live = releases.live()?.context("nothing has been published yet")?;
        releases.note_switch(None, live.id)?;
    }
    let standings = catch_up(cdns, env, &releases)?;
    for standing in &standings {
        println_standing(standing)?;
    }
    let done = standings.iter().all(|standing| standing.done);
    Ok(if done { Exit::Done } else { Exit::Failure })
}

/// After a switch. It has happened, so a purge that cannot be is told and no more;
/// it stays queued.
pub(super) fn after_switch(config: &Config, env: &Environment, releases: &Store) {
    let standings = cdns(config, env).and_then(|cdns| catch_up(cdns, env, releases));
    match standings {
        Ok(standings) => {
            for standing in standings.iter().filter(|standing| !standing.done) {
                let why = standing.error.as_deref().unwrap_or("it takes too long");
                eprintln!(
                    "warning: the purge at {} is queued ({why}); the next build or `ssg purge` tries again",
                    standing.cdn
                );
            }
        }
        Err(error) => eprintln!("warning: nothing was purged: {error:#}"),
    }
}

/// The caches in front of the site, with their tokens.
pub(super) fn cdns(config: &Config, env: &Environment) -> Result<Vec<Cdn>> {
    let site = Site::load(&config.site).map_err(|errors| anyhow::anyhow!("{errors}"))?;
    Ok(config::cdns(&site, env)?)
}

/// The same for the daemon, which goes on serving while its owner mends site.toml.
pub(super) fn cdns_if_readable(config: &Config, env: &Environment) -> Result<Vec<Cdn>> {
    match Site::load(&config.site) {
        Ok(site) => Ok(config::cdns(&site, env)?),
        Err(errors) => {
            tracing::warn!(%errors, "no CDN is purged until the next start");
            Ok(Vec::new())
        }
    }
}

fn catch_up(cdns: Vec<Cdn>, env: &Environment, releases: &Store) -> Result<Vec<Standing>> {
    let mut purger = Purger::new(cdns, releases, &Faults::default())?;
    if purger.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Handle::current().block_on(purger.catch_up(config::purge_wait(env)?)))
}

fn println_standing(standing: &Standing) -> Result<Exit> {
    let state = match (&standing.error, standing.done) {
        (_, true) => "knows of every change".to_owned(),
        (Some(error), false) => format!("waits: {error}"),
        (None, false) => "waits: it takes too long".to_owned(),
    };
    super::print(&format!("{}: {state}", standing.cdn))
}
