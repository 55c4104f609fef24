//! A page as the route table knows it, before it is rendered.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::engine::Fingerprint;

/// One output file with a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Percent-encoded, with a leading slash.
    pub url: String,
    /// Relative to the root, UTF-8.
    #[serde(serialize_with = "text")]
    pub file: Arc<str>,
    #[serde(serialize_with = "text")]
    pub locale: Arc<str>,
    #[serde(serialize_with = "text")]
    pub template: Arc<str>,
    /// The route's path as site.toml writes it.
    #[serde(serialize_with = "text")]
    pub route: Arc<str>,
    /// Of the route, in seconds.
    pub revalidate: Option<u64>,
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
    #[serde(serialize_with = "text")]
    pub uid: Arc<str>,
    #[serde(serialize_with = "text")]
    pub document_id: Arc<str>,
    /// The canonical REST parameters the route shows it with.
    #[serde(serialize_with = "text")]
    pub args: Arc<str>,
}

/// A page's part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageList {
    #[serde(serialize_with = "text")]
    pub uid: Arc<str>,
    /// The canonical REST parameters of this page's rows, `start` and `limit` included.
    #[serde(serialize_with = "text")]
    pub args: Arc<str>,
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

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
