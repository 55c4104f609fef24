//! `[publish]` in site.toml: what a release has besides the site's own files.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table};
use crate::release::Encoding;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publishing {
    /// Text files get a copy beside them, compressed in each of these ways.
    pub precompress: BTreeSet<Encoding>,
}

impl Publishing {
    pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Self {
        let Some(mut table) = Table::of(source, "[publish]", value) else { return Self::default() };
        let mut precompress = BTreeSet::new();
        for (name, offset) in table.texts(source, "precompress") {
            match Encoding::ALL.into_iter().find(|encoding| encoding.name() == name) {
                Some(encoding) => drop(precompress.insert(encoding)),
                None => source.complain(
                    offset,
                    format!("`precompress` knows `gzip` and `brotli`, not `{name}`"),
                ),
            }
        }
        table.finish(source, "");
        Self { precompress }
    }
}
