//! Equal texts as one: a large site names the same few thousand attributes, types, documents and
//! parameters over and over.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;

#[derive(Debug, Default)]
pub(crate) struct Strings(HashSet<Arc<str>, RandomState>);

impl Strings {
    pub(crate) fn share(&mut self, text: &str) -> Arc<str> {
        self.share_of(usize::MAX, text)
    }

    /// The same, keeping at most so many texts.
    pub(crate) fn share_of(&mut self, most: usize, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        if self.0.len() < most {
            self.0.insert(Arc::clone(&shared));
        }
        shared
    }
}
