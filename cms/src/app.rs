//! What a request handler may use: the database, the content model, the settings.

use std::sync::Arc;

use arc_swap::ArcSwap;
use cms_api::model::ContentModel;

use crate::store::Database;

/// Shared by every worker; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub db: Database,
    /// Replaced as a whole when schema files change; a request keeps the one it started with.
    pub model: Arc<ArcSwap<ContentModel>>,
}

impl App {
    #[must_use]
    pub fn new(db: Database, model: ContentModel) -> Self {
        Self { db, model: Arc::new(ArcSwap::from_pointee(model)) }
    }

    /// The content model as of now.
    #[must_use]
    pub fn model(&self) -> Arc<ContentModel> {
        self.model.load_full()
    }
}
