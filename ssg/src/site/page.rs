//! A page as the route table knows it, before it is rendered.

use serde::Serialize;

use crate::engine::Fingerprint;

/// One output file with a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Percent-encoded, with a leading slash.
    pub url: String,
    /// Relative to the root, UTF-8.
    pub file: String,
    pub locale: String,
    pub template: String,
    /// The route's path as site.toml writes it.
    pub route: String,
    /// Position of the route in site.toml.
    #[serde(skip)]
    pub route_index: usize,
    /// The entry of a route with `each`.
    pub entry: Option<PageEntry>,
    pub list: Option<PageList>,
    /// The same page in every locale that has it, itself included, in the site's order.
    pub alternates: Vec<Alternate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageEntry {
    pub uid: String,
    pub document_id: String,
    /// The canonical REST parameters the route shows it with.
    pub args: String,
}

/// A page's part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageList {
    pub uid: String,
    /// The canonical REST parameters of this page's rows, `start` and `limit` included.
    pub args: String,
    /// 1 and up.
    pub number: u64,
    pub per_page: u64,
    /// The path of page 1, not encoded.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternate {
    pub locale: String,
    pub url: String,
}

impl Page {
    /// Everything the page's bytes may depend on that is not a question of its own.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_json(self)
    }
}
