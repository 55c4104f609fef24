//! What a request handler may use: the database, the content model, the settings.

use std::sync::Arc;

use actix_web::web;
use arc_swap::ArcSwap;
use cms_api::model::ContentModel;

use crate::auth::keys::Keys;
use crate::auth::limit::AuthLimit;
use crate::config::Settings;
use crate::controllers::contract::Contract;
use crate::documents::cards::Cards;
use crate::error::{AppError, AppResult};
use crate::feed_pulse::Pulse;
use crate::graphql::Graphs;
use crate::jobs::Waker;
use crate::media::storage::Storage;
use crate::registry::{Registry, RegistryCache};
use crate::store::{Conn, Database};

/// Shared by every worker; cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    pub db: Database,
    /// Replaced as a whole when schema files change; a request keeps the one it started with.
    pub model: Arc<ArcSwap<ContentModel>>,
    pub settings: Arc<Settings>,
    /// Wakes the worker after a commit that added jobs.
    pub jobs: Waker,
    /// Tells readers of events that the feed moved.
    pub pulse: Pulse,
    /// Sign access and refresh tokens.
    pub keys: Arc<Keys>,
    pub auth_limit: AuthLimit,
    /// Uploaded files.
    pub uploads: Storage,
    /// Shown documents, for the next answer.
    pub cards: Cards,
    /// The GraphQL schema of the content model.
    pub graphs: Graphs,
    /// What is served, described.
    pub(crate) contract: Contract,
    registry: RegistryCache,
}

impl App {
    #[must_use]
    pub fn new(
        db: Database,
        model: ContentModel,
        settings: Settings,
        keys: Keys,
        uploads: Storage,
    ) -> Self {
        let cards = Cards::new(settings.serving.card_memory.bytes());
        Self {
            db,
            auth_limit: AuthLimit::new(settings.serving.auth_rate_limit),
            keys: Arc::new(keys),
            uploads,
            model: Arc::new(ArcSwap::from_pointee(model)),
            settings: Arc::new(settings),
            jobs: Waker::default(),
            pulse: Pulse::default(),
            cards,
            graphs: Graphs::default(),
            contract: Contract::default(),
            registry: RegistryCache::default(),
        }
    }

    /// Tells those who wait that something was committed.
    pub(crate) fn stir(&self) {
        self.jobs.wake();
        self.pulse.quicken();
    }

    /// The content model as of now.
    #[must_use]
    pub fn model(&self) -> Arc<ContentModel> {
        self.model.load_full()
    }

    /// Locales, permissions and tokens as this connection's transaction sees them.
    ///
    /// # Errors
    /// Those of the database.
    pub fn registry(&self, conn: &mut Conn) -> AppResult<Arc<Registry>> {
        Ok(self.registry.current(conn)?)
    }

    /// Runs `work` on a snapshot of the database, off the async threads; as often as
    /// [`Database::read`] does.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        let db = self.db.clone();
        web::block(move || db.read::<T, AppError>(work)).await?
    }

    /// As [`App::read`], for a few look-ups by key: where a connection is free and no server
    /// has to be asked they are done at once, which takes less than another thread's waking up.
    /// This thread must not wait: readers of a write-ahead log wait for no writer, and where no
    /// connection is free `work` goes to the threads that may.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn glance<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        match self.db.free_reader() {
            Some(reader) => reader.read(work),
            None => self.read(work).await,
        }
    }

    /// Runs `work` in one transaction, off the async threads; as often as [`Database::write`]
    /// does.
    ///
    /// # Errors
    /// Those of `work` and of the database.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Conn) -> AppResult<T> + Send + 'static,
    ) -> AppResult<T> {
        let db = self.db.clone();
        web::block(move || db.write::<T, AppError>(work)).await?
    }
}
