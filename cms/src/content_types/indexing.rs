//! Keeps the database's indexes in line with the content model: after the start and after
//! every edit, beside the requests.

use std::sync::Arc;
use std::time::Duration;

use cms_api::model::ContentModel;
use tokio::sync::watch;

use crate::app::App;
use crate::store::indexes;

/// How often the model is looked at.
const POLL: Duration = Duration::from_millis(500);
/// What another process makes, or what failed, is looked at again after this time.
const RETRY: Duration = Duration::from_secs(30);

/// Works until `stopped` says so.
pub(crate) async fn keep(app: App, mut stopped: watch::Receiver<bool>) {
    let mut indexed: Option<Arc<ContentModel>> = None;
    while !*stopped.borrow() {
        let model = app.model();
        let mut pause = POLL;
        if !indexed.as_ref().is_some_and(|indexed| Arc::ptr_eq(indexed, &model)) {
            if update(&app, &model, &stopped).await {
                indexed = Some(model);
            } else {
                pause = RETRY;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn update(app: &App, model: &Arc<ContentModel>, stopped: &watch::Receiver<bool>) -> bool {
    let (app, model, stopped) = (app.clone(), Arc::clone(model), stopped.clone());
    let updated = actix_web::web::block(move || {
        // An edited model has other indexes: these are not worth the wait.
        let go_on = || !*stopped.borrow() && Arc::ptr_eq(&app.model(), &model);
        indexes::update(&app.db, &model, go_on)
    });
    match updated.await.map_err(anyhow::Error::from).flatten() {
        Ok(done) => done,
        Err(error) => {
            tracing::warn!("the indexes on values could not be made, lists take longer: {error:#}");
            false
        }
    }
}
