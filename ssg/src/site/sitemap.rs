//! `[sitemap]` in site.toml: which pages search engines are told of, and where.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table};
use crate::rules::Glob;

/// The most addresses a file may have by the protocol.
const MOST: u64 = 50_000;

#[derive(Debug, Clone, PartialEq)]
pub struct Sitemap {
    /// Of the whole map, or of the index when it has several files.
    pub path: String,
    pub per_file: u64,
    /// Pages that are left out, by path.
    pub exclude: Vec<Glob>,
}

pub(super) fn read(
    source: &mut Source<'_>,
    value: Option<Spanned<DeValue<'_>>>,
) -> Option<Sitemap> {
    let mut table = Table::of(source, "[sitemap]", value)?;
    let path = table.text(source, "path");
    let per_file = table.number(source, "per_file", (1, MOST)).unwrap_or(MOST);
    let mut exclude = Vec::new();
    for (pattern, offset) in table.texts(source, "exclude") {
        match Glob::parse(&pattern) {
            Ok(glob) => exclude.push(glob),
            Err(message) => source.complain(offset, message),
        }
    }
    table.finish(source, "");
    let path = match path {
        None => "/sitemap.xml".to_owned(),
        Some((path, offset)) => {
            if !path.starts_with('/') || !path.ends_with(".xml") || path.contains("//") {
                let message = format!("`path` must be such as `/sitemap.xml`, not `{path}`");
                source.complain(offset, message);
            }
            path
        }
    };
    Some(Sitemap { path, per_file, exclude })
}
