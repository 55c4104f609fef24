//! `ssg rollback`, `ssg pin` and `ssg unpin`: back, staying, and forward again.

use anyhow::Result;

use crate::{cli::RollbackArgs, config::Config, exit::Exit};

/// Prints the id that is live now.
pub(super) fn rollback(config: &Config, args: &RollbackArgs) -> Result<Exit> {
    let live = super::open_releases(config)?.rollback(args.id)?;
    eprintln!("release {} is live and pinned; `ssg unpin` lets newer ones go live", live.id);
    super::print(&live.id.to_string())
}

pub(super) fn pin(config: &Config) -> Result<Exit> {
    let live = super::open_releases(config)?.pin()?;
    eprintln!("release {} stays live; `ssg unpin` lets newer ones go live", live.id);
    super::print(&live.id.to_string())
}

pub(super) fn unpin(config: &Config) -> Result<Exit> {
    let live = super::open_releases(config)?.unpin()?;
    super::print(&live.id.to_string())
}
