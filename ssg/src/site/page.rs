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
    /// The part of a split list.
    pub group: Option<PageGroup>,
    /// What other pages call it.
    pub title: Option<Arc<str>>,
    /// Which format of its page this is; none for the page itself.
    pub format: Option<Arc<str>>,
    /// Where the page stands in other formats.
    pub formats: Vec<PageFormat>,
    /// What it is, if no template makes it.
    pub made: Option<Made>,
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

/// The group of a list that is split by a value.
#[derive(Debug, Clone, PartialEq)]
pub struct PageGroup {
    pub key: String,
    pub value: serde_json::Value,
    /// What questions about its address call it.
    pub name: Arc<str>,
}

/// The page in another format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFormat {
    pub name: Arc<str>,
    pub url: String,
}

/// An output that is made from the whole site, without a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// Part of so many parts; all of it when there is one.
    Sitemap { part: u64, parts: u64 },
    /// Names the parts.
    SitemapIndex { parts: u64 },
    /// A file of the search index.
    Search,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternate {
    pub locale: String,
    pub url: String,
}

impl Page {
    /// A page of its own: HTML, and of a list the beginning.
    #[must_use]
    pub fn is_first(&self) -> bool {
        let is_html = self.file.ends_with(".html");
        is_html && self.format.is_none() && self.list.as_ref().is_none_or(|list| list.number == 1)
    }

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
            group,
            title,
            format,
            formats,
            made,
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
            if let Some(PageGroup { key, value, name }) = group {
                text(out, "group");
                [key, &value.to_string(), &**name].into_iter().for_each(|part| text(out, part));
            }
            for (kind, part) in [("title", title), ("format", format)] {
                if let Some(part) = part {
                    text(out, kind);
                    text(out, part);
                }
            }
            for PageFormat { name, url } in formats {
                text(out, name);
                text(out, url);
            }
            match made {
                None => {}
                Some(Made::Sitemap { part, parts }) => {
                    [1, *part, *parts].into_iter().for_each(|part| number(out, part));
                }
                Some(Made::Search) => number(out, 3),
                Some(Made::SitemapIndex { parts }) => {
                    [2, *parts].into_iter().for_each(|part| number(out, part));
                }
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
