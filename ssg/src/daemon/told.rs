//! A source that tells what it brings, the moment it does.
//!
//! Whatever was made of the content elsewhere is out of date from then on, whether or not
//! this build ever comes to its end.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use cms_api::change::Op;

use super::pipeline::Listener;
use crate::build::{Pulled, Source, SourceError};
use crate::proxy::{Changed, Documents};

/// Any source, with one listener.
pub struct Told {
    source: Arc<dyn Source>,
    listener: OnceLock<Listener>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}

impl Told {
    #[must_use]
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self { source, listener: OnceLock::new() }
    }

    /// The first one stays.
    pub fn listen(&self, listener: Listener) {
        let _ = self.listener.set(listener);
    }
}

impl Source for Told {
    fn name(&self) -> String {
        self.source.name()
    }

    fn pull(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        let pulled = self.source.pull(cursor)?;
        if let (Some(told), Some(changed)) = (self.listener.get(), changed(&pulled)) {
            told(&changed);
        }
        Ok(pulled)
    }

    fn drafts(&self, cursor: Option<&str>) -> Result<Pulled, SourceError> {
        self.source.drafts(cursor)
    }

    fn fetch(&self, url: &str, to: &Path) -> Result<(), SourceError> {
        self.source.fetch(url, to)
    }
}

fn changed(pulled: &Pulled) -> Option<Changed> {
    if pulled.complete || pulled.items.iter().any(|item| item.op == Op::Schema) {
        return Some(Changed::Everything);
    }
    let mut documents = Documents::default();
    pulled.items.iter().for_each(|item| documents.add(&item.uid, &item.document_id));
    (!documents.is_empty()).then_some(Changed::Only(documents))
}
