//! The envelope around every REST answer: `{data, meta}`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::query::{Page, PageStyle};

/// `{"data": …, "meta": {…}}`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub data: Value,
    pub meta: Value,
}

impl Envelope {
    /// A single entry.
    #[must_use]
    pub fn single(data: Value) -> Self {
        Self { data, meta: json!({}) }
    }

    /// A list; `total` is known when the count was asked for.
    #[must_use]
    pub fn list(data: Vec<Value>, page: Page, total: Option<u64>) -> Self {
        Self { data: Value::Array(data), meta: json!({ "pagination": pagination(page, total) }) }
    }
}

/// `meta.pagination` in the style the query used.
#[must_use]
pub fn pagination(page: Page, total: Option<u64>) -> Value {
    let mut meta = match page.style {
        PageStyle::Page { page: number } => json!({ "page": number, "pageSize": page.limit }),
        PageStyle::Offset => json!({ "start": page.start, "limit": page.limit }),
    };
    if let (Some(total), Some(map)) = (total, meta.as_object_mut()) {
        if matches!(page.style, PageStyle::Page { .. }) {
            map.insert("pageCount".into(), total.div_ceil(page.limit.max(1)).into());
        }
        map.insert("total".into(), total.into());
    }
    meta
}
