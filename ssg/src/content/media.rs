//! Which bytes a file of the media library has.

use super::Entry;
use crate::engine::Fingerprint;

/// A file that is replaced keeps its URL and gets another time, hash or size.
#[must_use]
pub fn version(file: &Entry) -> String {
    let facts = VERSION_FIELDS.map(|name| file.get(name));
    Fingerprint::of_json(&(file.document_id(), facts)).to_string()
}

/// The attributes a version is told by.
pub const VERSION_FIELDS: [&str; 3] = ["updatedAt", "hash", "size"];
