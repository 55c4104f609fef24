//! `cms permission grant|revoke|list`

use std::process::ExitCode;

use clap::Subcommand;

use crate::auth::permission::matches;
use crate::auth::roles;
use crate::bootstrap;
use crate::config::Storage;
use crate::error::AppError;
use crate::store::{Conn, StoreError, registry};

use super::user::unknown_role;

#[derive(Debug, Subcommand)]
pub(crate) enum PermissionCommand {
    /// Let a role do something
    Grant(Change),
    /// Stop a role from doing something
    Revoke(Change),
    /// Show what is granted
    List {
        #[command(flatten)]
        storage: Storage,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Change {
    /// Type of the role, as `public`
    role: String,
    /// Actions, as `api::article.article.find`; `*` stands for any text, as in `api::*.find`
    #[arg(required = true, value_parser = parse_action)]
    actions: Vec<String>,
    #[command(flatten)]
    storage: Storage,
}

/// `api::article.article.find`, with `*` anywhere.
fn parse_action(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":.-_*".contains(c);
    let shaped = text.contains('*') || (text.contains("::") && text.split('.').count() >= 3);
    if !text.is_empty() && text.chars().all(plain) && shaped {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{text}` is no action; accepted are `api::article.article.find` and patterns like \
             `api::*.find`"
        ))
    }
}

pub(crate) fn run(command: PermissionCommand) -> anyhow::Result<ExitCode> {
    match command {
        PermissionCommand::Grant(change) => apply(&change, grant),
        PermissionCommand::Revoke(change) => apply(&change, revoke),
        PermissionCommand::List { storage } => list(&storage),
    }
}

fn apply(
    change: &Change,
    step: fn(&mut Conn, &str, &str) -> Result<(), StoreError>,
) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(&change.storage)?;
    let unknown = db.write::<_, AppError>(|conn| {
        if roles::by_type(conn, &change.role)?.is_none() {
            return Ok(Some(unknown_role(conn, &change.role)?));
        }
        for action in &change.actions {
            step(conn, &change.role, action)?;
        }
        Ok(None)
    })?;
    match unknown {
        Some(message) => anyhow::bail!(message),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Rows that take an action away begin with this.
const DENIED: char = '!';

fn grant(conn: &mut Conn, role: &str, action: &str) -> Result<(), StoreError> {
    for row in registry::permissions(conn)? {
        let denied = row.action.strip_prefix(DENIED);
        if row.role == role && denied.is_some_and(|denied| matches(action, denied)) {
            registry::remove_permission(conn, role, &row.action)?;
        }
    }
    registry::add_permission(conn, role, action)
}

/// Removes what the pattern covers; what a wider pattern still grants is denied by name.
fn revoke(conn: &mut Conn, role: &str, action: &str) -> Result<(), StoreError> {
    let mut still_granted = false;
    for row in registry::permissions(conn)?.into_iter().filter(|row| row.role == role) {
        if matches(action, &row.action) {
            registry::remove_permission(conn, role, &row.action)?;
        } else {
            still_granted |= row.action.contains('*');
        }
    }
    if still_granted {
        registry::add_permission(conn, role, &format!("{DENIED}{action}"))?;
    }
    Ok(())
}

fn list(storage: &Storage) -> anyhow::Result<ExitCode> {
    let db = bootstrap::open_database(storage)?;
    for row in db.read::<_, StoreError>(registry::permissions)? {
        println!("{}\t{}", row.role, row.action);
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::parse_action;

    #[test]
    fn actions_have_a_uid_and_a_verb() {
        for good in ["api::article.article.find", "api::*.find", "*", "plugin::upload.*"] {
            assert!(parse_action(good).is_ok(), "{good}");
        }
        for bad in ["", "find", "api::article.find", "article.article.find", "api::a.b.c d"] {
            assert!(parse_action(bad).is_err(), "{bad}");
        }
    }
}
