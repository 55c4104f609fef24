//! The change feed: `GET /sync`.
//!
//! Semantics follow Contentful's sync: an initial listing of everything, then
//! deltas from a signed token. Sequence numbers are commit order without gaps.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happened to a document in one locale, or to the content model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    Upsert,
    Delete,
    /// `data` is the content model, as [`crate::model::ContentModel::to_json`] writes it.
    Schema,
}

/// One change. For `upsert`, `data` is the entry as REST shows it, with all scalar
/// attributes, components embedded, and media and owning relations as documentIds
/// (`null` or a string for to-one, a list for to-many). Inverse sides are left out: they
/// follow from the owning sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncItem {
    pub seq: i64,
    pub op: Op,
    pub uid: String,
    pub document_id: String,
    pub locale: Option<String>,
    /// The sequence number of the change that wrote this state.
    pub version: i64,
    pub published_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// One page of the feed. Exactly one of `next_page` (ask again now) and `next_sync` (ask
/// again later) is present; both are tokens for `?token=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncPage {
    pub items: Vec<SyncItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_sync: Option<String>,
    /// The sequence number up to which this listing is complete once its last page is read.
    pub upto: i64,
    /// Locale codes, the default one first.
    #[serde(default)]
    pub locales: Vec<String>,
}

/// Error name for a token whose tombstones are gone: start again with `initial=true`. 410.
pub const TOKEN_EXPIRED: &str = "sync_token_expired";
/// Error name for a token used with other filters, or one that was tampered with. 400.
pub const FILTER_MISMATCH: &str = "sync_filter_mismatch";
/// The response header that tells a write's place in the feed.
pub const SEQ_HEADER: &str = "X-Galley-Seq";
