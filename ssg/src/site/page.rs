//! A page as the route table knows it, before it is rendered.

use std::sync::Arc;

use crate::engine::Fingerprint;

/// One output file with a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Percent-encoded, with a leading slash.
    pub url: String,
    /// Relative to the root, UTF-8.
    pub file: Arc<str>,
    pub locale: Arc<str>,
    pub template: Arc<str>,
    /// The route's path as site.toml writes it.
    pub route: Arc<str>,
    /// Of the route, in seconds.
    pub revalidate: Option<u64>,
    /// Position of the route in site.toml.
    pub route_index: usize,
    /// The entry of a route with `each`.
    pub entry: Option<PageEntry>,
    pub list: Option<PageList>,
    /// The same page in every locale that has it, itself included, in the site's order.
    pub alternates: Vec<Alternate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageEntry {
    pub uid: Arc<str>,
    pub document_id: Arc<str>,
    /// The canonical REST parameters the route shows it with.
    pub args: Arc<str>,
}

/// A page's part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageList {
    pub uid: Arc<str>,
    /// The canonical REST parameters of this page's rows, `start` and `limit` included.
    pub args: Arc<str>,
    /// 1 and up.
    pub number: u64,
    pub per_page: u64,
    /// The path of page 1, not encoded.
    pub path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    pub locale: String,
    pub url: String,
}

impl Page {
    /// Everything the page's bytes may depend on that is not a question of its own.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // Without `..`: a new field has to be thought of here.
        let Self {
            url,
            file,
            locale,
            template,
            route,
            revalidate,
            route_index: _,
            entry,
            list,
            alternates,
        } = self;
        Fingerprint::of_written(|out| {
            [&**url, file, locale, template, route].into_iter().for_each(|part| text(out, part));
            number(out, revalidate.map_or(0, |seconds| seconds.saturating_add(1)));
            number(out, u64::from(entry.is_some()));
            if let Some(PageEntry { uid, document_id, args }) = entry {
                [uid, document_id, args].into_iter().for_each(|part| text(out, part));
            }
            number(out, u64::from(list.is_some()));
            if let Some(PageList { uid, args, number: position, per_page, path }) = list {
                [&**uid, args, path].into_iter().for_each(|part| text(out, part));
                number(out, *position);
                number(out, *per_page);
            }
            for Alternate { locale, url } in alternates {
                text(out, locale);
                text(out, url);
            }
        })
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}
