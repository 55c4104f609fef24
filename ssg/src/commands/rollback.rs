//! `ssg rollback`, `ssg pin` and `ssg unpin`: back, staying, and forward again.

use anyhow::Result;

use super::purge;
use crate::{
    cli::RollbackArgs,
    config::{Config, Environment},
    exit::Exit,
};

/// Prints the id that is live now.
pub(super) fn rollback(config: &Config, env: &Environment, args: &RollbackArgs) -> Result<Exit> {
    let releases = super::open_releases(config)?;
    let live = releases.rollback(args.id)?;
    purge::after_switch(config, env, &releases);
    eprintln!("release {} is live and pinned; `ssg unpin` lets newer ones go live", live.id);
    super::print(&live.id.to_string())
}

pub(super) fn pin(config: &Config) -> Result<Exit> {
    let live = super::open_releases(config)?.pin()?;
    eprintln!("release {} stays live; `ssg unpin` lets newer ones go live", live.id);
    super::print(&live.id.to_string())
}

pub(super) fn unpin(config: &Config, env: &Environment) -> Result<Exit> {
    let releases = super::open_releases(config)?;
    let live = releases.unpin()?;
    purge::after_switch(config, env, &releases);
    super::print(&live.id.to_string())
}
