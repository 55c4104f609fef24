//! `[markdown]` in site.toml: how texts are shown.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table};
use crate::render::markdown::{BrokenLinks, Style};

/// Reads the table; the style of a site without one is the default.
pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Style {
    let Some(mut table) = Table::of(source, "[markdown]", value) else { return Style::default() };
    let mut flag = |source: &mut Source<'_>, name| table.flag(source, name).unwrap_or(false);
    let mut style = Style {
        smart: flag(source, "smart_punctuation"),
        highlight: flag(source, "highlight"),
        heading_links: flag(source, "heading_links"),
        untrusted: flag(source, "untrusted"),
        ..Style::default()
    };
    let words = [("error", BrokenLinks::Error), ("unlink", BrokenLinks::Unlink)];
    style.broken_links = table.choice(source, "broken_links", &words).unwrap_or_default();
    if let Some((rel, _)) = table.text(source, "external_rel") {
        style.external_rel = rel;
    }
    table.finish(source, "");
    style
}
