//! `ssg diff A B`: the files that differ between two kept releases.

use std::fmt::Write;

use anyhow::Result;
use serde::Serialize;

use crate::{
    cli::DiffArgs,
    config::{Config, Environment},
    exit::Exit,
    release::{FileAction, PathChange},
};

/// Paths below the live tree.
#[derive(Serialize)]
struct Diff<'a> {
    from: u64,
    to: u64,
    added: Vec<&'a str>,
    changed: Vec<&'a str>,
    removed: Vec<&'a str>,
}

pub(super) fn run(config: &Config, env: &Environment, args: &DiffArgs) -> Result<Exit> {
    let changes = super::open_releases(config)?.diff(args.from, args.to)?;
    let diff = Diff {
        from: args.from,
        to: args.to,
        added: files(&changes, FileAction::Add),
        changed: files(&changes, FileAction::Change),
        removed: files(&changes, FileAction::Remove),
    };
    if args.json || env.flag("SSG_JSON")? {
        return super::print(&super::to_json(&diff)?);
    }
    eprintln!(
        "from release {} to {}: {} added, {} changed, {} removed",
        diff.from,
        diff.to,
        diff.added.len(),
        diff.changed.len(),
        diff.removed.len()
    );
    if changes.is_empty() { Ok(Exit::Done) } else { super::print(&listed(&changes)?) }
}

fn files(changes: &[PathChange], action: FileAction) -> Vec<&str> {
    let meant = changes.iter().filter(|change| change.action == action);
    meant.map(|change| change.path.as_str()).collect()
}

fn listed(changes: &[PathChange]) -> Result<String> {
    let mut out = String::new();
    for change in changes {
        let sign = match change.action {
            FileAction::Add => '+',
            FileAction::Change => '~',
            FileAction::Remove => '-',
        };
        let line_break = if out.is_empty() { "" } else { "\n" };
        write!(out, "{line_break}{sign} {}", change.path)?;
    }
    Ok(out)
}
