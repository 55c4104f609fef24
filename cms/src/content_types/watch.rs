//! Takes over edited schema files without a restart.
//!
//! The folder is looked at regularly rather than watched: that works on every file system
//! and costs a few system calls. A broken edit is reported once and the old model stays.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use walkdir::WalkDir;

use crate::app::App;
use crate::error::{AppError, AppResult};

use super::adopt::adopt;

const POLL: Duration = Duration::from_millis(500);

/// When every schema file was changed last.
type Stamps = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

fn stamps(dir: &Path) -> Stamps {
    let files = WalkDir::new(dir).follow_links(true).into_iter().filter_map(Result::ok);
    files
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "json"))
        .filter_map(|file| {
            let metadata = file.metadata().ok()?;
            Some((file.into_path(), (metadata.modified().ok(), metadata.len())))
        })
        .collect()
}

/// Looks until `stopped` says so. `seen` is the folder as it was when the model was loaded.
pub(crate) async fn watch(app: App, mut stopped: watch::Receiver<bool>) {
    // Nothing is known of the time before: the first look compares contents.
    let mut seen = Stamps::new();
    while !*stopped.borrow() {
        let (dir, last) = (app.settings.storage.schema.clone(), seen.clone());
        let looked = actix_web::web::block(move || {
            let now = stamps(&dir);
            (now != last).then_some(now)
        });
        if let Ok(Some(now)) = looked.await {
            seen = now;
            reload(&app).await;
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn reload(app: &App) {
    let shared = app.clone();
    let changed = actix_web::web::block(move || take_over(&shared)).await;
    match changed.map_err(AppError::from).flatten() {
        Ok(true) => tracing::info!("the content model was edited and is in use"),
        Ok(false) => {}
        Err(error) => {
            tracing::error!("the edited content model is not used, the old one stays:\n{error:#}");
        }
    }
}

/// Loads the model and makes it current; whether it differs from the one in use.
fn take_over(app: &App) -> AppResult<bool> {
    let model = super::load(&app.settings.storage.schema).map_err(anyhow::Error::from)?;
    if model == *app.model() {
        return Ok(false);
    }
    app.db.write::<_, AppError>(|conn| Ok(adopt(conn, &model)?))?;
    app.model.store(Arc::new(model));
    Ok(true)
}
