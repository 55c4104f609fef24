//! Watches the templates, and content that is kept beside them. Only says *that* something changed: the build hashes
//! what it reads, so a touched but equal file costs a look and no more.

use std::path::Path;

use anyhow::{Context, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::UnboundedSender;

use super::event::Event;

/// Watches as long as it lives.
#[derive(Debug)]
pub(super) struct Watcher {
    _watcher: RecommendedWatcher,
}

/// Tells `event` of every change below a folder.
pub(super) fn watch(
    folder: &Path,
    events: UnboundedSender<Event>,
    event: fn() -> Event,
) -> Result<Watcher> {
    let react = move |found: notify::Result<notify::Event>| match found {
        Ok(found) if concerns(&found) => {
            // The loop is gone only when everything is about to end.
            let _ = events.send(event());
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "watching files"),
    };
    let mut watcher = notify::recommended_watcher(react).context("cannot watch files")?;
    // The folder, not its files: editors replace files.
    watcher
        .watch(folder, RecursiveMode::Recursive)
        .with_context(|| format!("cannot watch `{}`", folder.display()))?;
    Ok(Watcher { _watcher: watcher })
}

/// Reading templates is an event too: reacting to it would never end. Editors'
/// own files (hidden, or ending in `~`) are no templates.
fn concerns(event: &notify::Event) -> bool {
    let is_ours = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !(name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp"))
    };
    !matches!(event.kind, EventKind::Access(_))
        && (event.paths.is_empty() || event.paths.iter().any(|path| is_ours(path)))
}
