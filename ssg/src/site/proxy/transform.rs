//! What is done to an answer of the CMS before visitors get it.

use serde_json::Value;

use crate::site::toml_reader::{Source, Table};

/// Applied in this order. A path such as `data.author.name` goes through lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transform {
    /// Only these stay.
    pub pick: Vec<String>,
    pub drop: Vec<String>,
    /// Path and new name.
    pub rename: Vec<(String, String)>,
    pub media: Option<Media>,
    /// The template that makes HTML of it.
    pub fragment: Option<Fragment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment {
    pub template: String,
    pub line: usize,
}

/// What is put before `/uploads/…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// The site's `base_url`.
    Absolute,
    Prefix(String),
}

impl Transform {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn read(source: &mut Source<'_>, table: &mut Table<'_>) -> Transform {
    let offset = table.offset();
    let pick = table.names(source, "pick").unwrap_or_default();
    let drop = table.names(source, "drop").unwrap_or_default();
    let rename = table.json("rename").map(|value| read_rename(source, offset, &value));
    let media =
        table.text(source, "media").and_then(|(text, offset)| read_media(source, &text, offset));
    let fragment = table.text(source, "fragment").map(|(name, at)| {
        // Only in these everything is escaped.
        if !name.ends_with(".html") {
            source.complain(
                at,
                format!("`fragment` is `{name}`; it must be a template that ends in `.html`"),
            );
        }
        Fragment { template: name, line: source.line(at) }
    });
    let rename = rename.unwrap_or_default();
    for path in pick.iter().chain(&drop).chain(rename.iter().map(|(path, _)| path)) {
        if path.split('.').any(str::is_empty) {
            source.complain(
                offset,
                format!(
                    "`{path}` is no path; write names with dots between, such as `data.author.name`"
                ),
            );
        }
    }
    Transform { pick, drop, rename, media, fragment }
}

fn read_rename(source: &mut Source<'_>, offset: usize, value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_object().map(|map| {
        let pairs = map.iter().map(|(from, to)| Some((from.clone(), to.as_str()?.to_owned())));
        pairs.collect::<Option<Vec<_>>>()
    });
    let named = |(_, to): &(String, String)| !to.is_empty() && !to.contains('.');
    match pairs.flatten() {
        Some(pairs) if pairs.iter().all(named) => pairs,
        _ => {
            source.complain(offset, "`rename` must be a table of paths and new names: `{ \"data.title\" = \"headline\" }`");
            Vec::new()
        }
    }
}

fn read_media(source: &mut Source<'_>, text: &str, offset: usize) -> Option<Media> {
    let trimmed = text.trim_end_matches('/');
    if text == "absolute" {
        return Some(Media::Absolute);
    }
    if ["https://", "http://", "/"]
        .iter()
        .any(|start| trimmed.starts_with(start) && trimmed.len() > start.len())
    {
        return Some(Media::Prefix(trimmed.to_owned()));
    }
    source.complain(offset, format!("`media` is `{text}`; accepted are `absolute`, an address, or a path to put before `/uploads/…`"));
    None
}
