//! What is remembered of a purge: with the release, and from one process to the next.

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;

/// What became of a release's purge at one cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub outcome: Outcome,
    /// How many URLs were named; none: everything was meant.
    pub urls: Option<usize>,
    pub calls: usize,
    /// When it came to this.
    pub at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Purged,
    /// Not accepted yet; it is tried again.
    Waiting,
}

/// How far a cache has come in the list of switches, and what it may be asked now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    pub(super) upto: Option<u64>,
    pub(super) bucket: Bucket,
}

impl Place {
    pub(super) fn key(cdn: &str) -> String {
        format!("cdn {cdn}")
    }
}
