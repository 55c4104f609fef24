//! `ssg deploy`, `ssg promote` and `ssg abort`: the release on other machines.

use std::fmt::Write;

use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use tokio::runtime::Handle;

use super::purge;
use crate::{
    cli::DeployArgs,
    config::{self, Config, Environment},
    deploy::{Faults, Journal, Phase, Rollout, Settled, Showing, Standing},
    exit::Exit,
    release::Store,
    site::Site,
};

/// What `ssg deploy --status` tells.
#[derive(Serialize)]
struct Status {
    live: Option<u64>,
    deployment: Option<Journal>,
    targets: Vec<Standing>,
}

pub(super) fn deploy(config: &Config, env: &Environment, args: &DeployArgs) -> Result<Exit> {
    let releases = super::open_releases(config)?;
    let rollout = Rollout { whole: args.whole, ..rollout(config, env, releases.clone())? };
    if args.status {
        return status(&rollout, args.json || env.flag("SSG_JSON")?);
    }
    let release = match args.release {
        Some(release) => release,
        None => releases.live()?.context("nothing has been published yet")?.id,
    };
    let settled = Handle::current().block_on(rollout.deploy(release));
    purge::after_switch(config, env, &releases);
    match settled? {
        Settled::Everywhere => super::print(&format!("release {release} is on every target")),
        Settled::Waiting => {
            eprintln!("`ssg promote` brings it to the others, `ssg abort` takes it back");
            super::print(&format!("release {release} is on the canaries"))
        }
    }
}

pub(super) fn promote(config: &Config, env: &Environment) -> Result<Exit> {
    let releases = super::open_releases(config)?;
    let promoted = Handle::current().block_on(rollout(config, env, releases.clone())?.promote());
    purge::after_switch(config, env, &releases);
    super::print(&format!("release {} is on every target", promoted?))
}

pub(super) fn abort(config: &Config, env: &Environment) -> Result<Exit> {
    let releases = super::open_releases(config)?;
    let aborted = rollout(config, env, releases.clone())?.abort();
    purge::after_switch(config, env, &releases);
    super::print(&format!("release {} was taken back", aborted?))
}

/// To the targets of site.toml.
pub(super) fn rollout(config: &Config, env: &Environment, store: Store) -> Result<Rollout> {
    let site = Site::load(&config.site).map_err(|errors| anyhow!("{errors}"))?;
    Ok(Rollout {
        store,
        targets: config::targets(&site, env)?,
        site: site.base_url,
        cache: config.cache.clone(),
        watch: site.deploy.watch,
        promote: site.deploy.promote,
        whole: false,
        guard: site.guard.unwrap_or_default(),
        faults: Faults::default(),
    })
}

fn status(rollout: &Rollout, json: bool) -> Result<Exit> {
    let status = Status {
        live: rollout.store.live()?.map(|live| live.id),
        deployment: Journal::load(&rollout.store)?,
        targets: rollout.standings()?,
    };
    super::print(&if json { super::to_json(&status)? } else { table(&status)? })
}

fn table(status: &Status) -> Result<String> {
    let live = status.live.map_or_else(|| "nothing".to_owned(), |id| format!("release {id}"));
    let mut out = format!("{:<20} {:<8} {live}", "here", "");
    for Standing { target, canary, showing } in &status.targets {
        let mark = if *canary { "canary" } else { "" };
        let showing = match showing {
            Showing::Release(id) => format!("release {id}"),
            Showing::Foreign => "something else".to_owned(),
            Showing::Switching => "something between two releases".to_owned(),
            Showing::Nothing => "nothing".to_owned(),
            Showing::Unreachable(why) => format!("? {why}"),
        };
        write!(out, "\n{target:<20} {mark:<8} {showing}")?;
    }
    if let Some(Journal { release, phase, at, reason, .. }) = &status.deployment {
        let phase = match phase {
            Phase::Preparing => "was being prepared",
            Phase::Canary => "was being tried on the canaries",
            Phase::Waiting => "waits on the canaries for `ssg promote` or `ssg abort`",
            Phase::Flipping => "was on its way to every target",
            Phase::Done => "was deployed",
            Phase::Aborting => "is not taken back everywhere",
            Phase::Aborted => "was taken back",
        };
        write!(out, "\nrelease {release} {phase} ({at})")?;
        if let Some(reason) = reason {
            write!(out, ": {reason}")?;
        }
    }
    Ok(out)
}
