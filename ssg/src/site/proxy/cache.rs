//! How long answers of the CMS are kept when the CMS itself does not say.

use std::time::Duration;

use toml::de::DeValue;

use crate::site::toml_reader::{Source, Table};

/// Short: whoever reads is never further behind than this, even if no change is heard of.
const DEFAULT_TTL: Duration = Duration::from_secs(5);
const DEFAULT_WHILE_REVALIDATE: Duration = Duration::from_secs(60);
const DEFAULT_IF_ERROR: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_MAX_ENTRY: u64 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    pub ttl: Duration,
    pub stale_while_revalidate: Duration,
    pub stale_if_error: Duration,
    /// A larger body is passed on and not kept.
    pub max_entry: u64,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            stale_while_revalidate: DEFAULT_WHILE_REVALIDATE,
            stale_if_error: DEFAULT_IF_ERROR,
            max_entry: DEFAULT_MAX_ENTRY,
        }
    }
}

/// `cache = false`, `cache = true`, or a table; what it leaves out is `inherited`. The outer
/// value is none when there is no such key.
pub(super) fn read(
    source: &mut Source<'_>,
    table: &mut Table<'_>,
    inherited: Option<CachePolicy>,
) -> Option<Option<CachePolicy>> {
    let value = table.take("cache")?;
    let offset = value.span().start;
    let known = inherited.unwrap_or_default();
    match value.into_inner() {
        DeValue::Boolean(on) => Some(on.then_some(known)),
        DeValue::Table(inner) => {
            let mut table = Table::new("cache", offset, inner);
            let ttl = table.span(source, "ttl");
            let revalidate = table.span(source, "stale_while_revalidate");
            let error = table.span(source, "stale_if_error");
            let max_entry = table.size(source, "max_entry");
            table.finish(source, "");
            Some(Some(CachePolicy {
                ttl: ttl.unwrap_or(known.ttl),
                stale_while_revalidate: revalidate.unwrap_or(known.stale_while_revalidate),
                stale_if_error: error.unwrap_or(known.stale_if_error),
                max_entry: max_entry.unwrap_or(known.max_entry),
            }))
        }
        _ => {
            let message = "`cache` must be true, false or a table: `{ ttl = \"5s\" }`";
            source.complain(offset, message);
            None
        }
    }
}
