//! Equal texts as one: half a million stored questions name the same few thousand documents,
//! types and parameters over and over.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;

#[derive(Debug, Default)]
pub(super) struct Strings(HashSet<Arc<str>, RandomState>);

impl Strings {
    pub(super) fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let shared: Arc<str> = text.into();
        self.0.insert(Arc::clone(&shared));
        shared
    }
}
