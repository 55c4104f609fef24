//! What planning asks of the content.

use serde_json::Value;

use super::{Group, Grouping};
use crate::engine::Footprint;

/// Published content at one revision, as far as URLs depend on it. Whatever an answer was
/// made from is added to the footprint.
pub trait Contents: Sync {
    /// Ids of all documents of a type, in a stable order, each once.
    fn documents(&self, uid: &str) -> Vec<String>;

    /// Locales in which a document exists; a single `None` for types that are not localized.
    fn locales_of(&self, uid: &str, document_id: &str) -> Vec<Option<String>>;

    /// A scalar reached from a document through components and to-one relations, or null.
    fn scalar(
        &self,
        uid: &str,
        document_id: &str,
        locale: &str,
        path: &[String],
        footprint: &mut Footprint,
    ) -> Value;

    /// How many documents match a REST `filters` object.
    ///
    /// # Errors
    /// When the filter makes no sense for the content model.
    fn count(
        &self,
        uid: &str,
        locale: &str,
        filters: Option<&Value>,
        footprint: &mut Footprint,
    ) -> Result<u64, String>;

    /// The groups that documents matching a REST `filters` object fall into.
    ///
    /// # Errors
    /// When the attribute or the filter makes no sense for the content model.
    fn groups(
        &self,
        uid: &str,
        locale: &str,
        grouping: &Grouping,
        filters: Option<&Value>,
        footprint: &mut Footprint,
    ) -> Result<Vec<Group>, String>;
}
