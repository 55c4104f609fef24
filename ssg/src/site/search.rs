//! `[search]` in site.toml: which entries visitors can search, and where the index stands.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table, table_to_json};

#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The folder of the index, with slashes around.
    pub path: String,
    pub sources: Vec<SearchSource>,
}

/// A content type that is searched.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchSource {
    pub uid: Arc<str>,
    /// The first is what the result is called and counts most.
    pub attributes: Vec<String>,
    pub line: usize,
}

impl Search {
    /// What is read of entries of a type, if they are searched.
    #[must_use]
    pub fn source(&self, uid: &str) -> Option<&SearchSource> {
        self.sources.iter().find(|source| *source.uid == *uid)
    }
}

pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Option<Search> {
    let mut table = Table::of(source, "[search]", value)?;
    let offset = table.offset();
    let path = table.text(source, "path").unwrap_or_else(|| ("/search/".to_owned(), offset));
    let types = table.take("types");
    table.finish(source, "");
    let (path, at) = path;
    if !path.starts_with('/') || !path.ends_with('/') || path == "/" || path.contains("//") {
        source.complain(at, format!("`path` must be a folder such as `/search/`, not `{path}`"));
    }
    let sources = types.map(|types| read_types(source, &types)).unwrap_or_default();
    if sources.is_empty() {
        source.complain(
            offset,
            "`types` must say what is searched: `types = { \"api::article.article\" = [\"title\", \"body\"] }`",
        );
    }
    Some(Search { path, sources })
}

fn read_types(source: &mut Source<'_>, types: &Spanned<DeValue<'_>>) -> Vec<SearchSource> {
    let line = source.line(types.span().start);
    let DeValue::Table(table) = types.get_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for (uid, attributes) in table_to_json(table).as_object().into_iter().flatten() {
        let names: Option<Vec<_>> = attributes
            .as_array()
            .and_then(|names| names.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        match names.filter(|names| !names.is_empty()) {
            Some(attributes) => {
                found.push(SearchSource { uid: uid.as_str().into(), attributes, line });
            }
            None => source.complain_in_line(
                line,
                format!("`{uid}` needs a list of attributes, the title first"),
            ),
        }
    }
    found
}
