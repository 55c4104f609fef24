//! Sources without a feed of their own make up its places: a number that grows, and a digest
//! by which another process knows whether the content is what it was.

use cms_api::change::{Op, SyncItem};
use cms_api::model::ContentModel;

/// The text of a cursor; `kind` tells which source made it.
pub(super) fn write(kind: &str, seq: i64, digest: &str) -> String {
    format!("{kind}:{seq}:{digest}")
}

/// The sequence number and the digest of a cursor of this kind.
pub(super) fn parse<'a>(kind: &str, cursor: &'a str) -> Option<(i64, &'a str)> {
    let (seq, digest) = cursor.strip_prefix(kind)?.strip_prefix(':')?.split_once(':')?;
    Some((seq.parse().ok()?, digest))
}

/// Grows, even where the last number was lost with the cache.
pub(super) fn next(last: Option<i64>) -> i64 {
    let now = jiff::Timestamp::now().as_millisecond();
    last.map_or(now, |last| now.max(last.saturating_add(1)))
}

/// The content model as a row of a feed.
pub(super) fn schema(model: &ContentModel, seq: i64) -> SyncItem {
    SyncItem { data: Some(model.to_json()), ..item(Op::Schema, seq) }
}

/// That a row is gone.
pub(super) fn gone(
    (uid, document_id, locale): (String, String, Option<String>),
    seq: i64,
) -> SyncItem {
    SyncItem { uid, document_id, locale, ..item(Op::Delete, seq) }
}

fn item(op: Op, seq: i64) -> SyncItem {
    SyncItem {
        seq,
        op,
        uid: String::new(),
        document_id: String::new(),
        locale: None,
        version: seq,
        published_at: None,
        data: None,
    }
}
