//! `ssg doctor`: tries everything the site needs and says what fails, and why.
//!
//! Nothing is published, and what it writes to see whether it can it takes away. Every finding says what was
//! tried; a bad one says what to do. No finding repeats a secret.

use std::{fmt::Display, path::Path};

use cms_api::change::Op;
use serde::Serialize;

use crate::{
    build::{self, FolderSource, Source},
    config::{Config, ServeConfig},
    site::folder::Folders,
};

mod content_server;
mod daemon;
mod folders;
mod targets;

pub use self::targets::targets;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum State {
    #[serde(rename = "ok")]
    Good,
    /// Works, but somebody should look.
    #[serde(rename = "warning")]
    Doubtful,
    #[serde(rename = "error")]
    Bad,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "warning",
            Self::Bad => "error",
        }
    }
}

/// One thing that was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: &'static str,
    pub state: State,
    pub detail: String,
}

fn good(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding { what, state: State::Good, detail: detail.into() }
}

fn doubtful(what: &'static str, detail: impl Into<String>) -> Finding {
    Finding { what, state: State::Doubtful, detail: detail.into() }
}

fn bad(what: &'static str, detail: impl Display) -> Finding {
    Finding { what, state: State::Bad, detail: format!("{detail:#}") }
}

/// Tries everything but the targets, the machine first, then the content server, then what
/// runs already.
pub async fn examine(config: &Config, serve: &ServeConfig) -> Vec<Finding> {
    let mut findings = vec![site(&config.site)];
    findings.extend(folders::examine(config));
    match content_folders(&config.site) {
        Some(finding) => findings.push(finding),
        None => findings.extend(content_server::examine(config).await),
    }
    findings.extend(daemon::examine(serve).await);
    findings
}

fn site(folder: &Path) -> Finding {
    const WHAT: &str = "site";
    match build::mistakes(folder) {
        Ok(mistakes) if mistakes.is_empty() => {
            good(WHAT, format!("`{}` has no mistakes of its own", folder.display()))
        }
        Ok(mistakes) => bad(WHAT, mistakes.join("\n")),
        Err(error) => bad(WHAT, error),
    }
}

/// Whether content that is kept beside the site can be read; `None` when there is none.
fn content_folders(site: &Path) -> Option<Finding> {
    const WHAT: &str = "content folders";
    let folders = Folders::declared(site).ok()?;
    let first = folders.tables.first()?;
    let named = first.path.display();
    Some(match FolderSource::new(site).pull(None) {
        Ok(pulled) => {
            let rows = pulled.items.iter().filter(|item| item.op == Op::Upsert).count();
            good(WHAT, format!("{rows} entries from `{named}`; no content server is asked"))
        }
        Err(error) => bad(WHAT, error),
    })
}
