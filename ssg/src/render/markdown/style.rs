//! How texts are to look, by site.toml and by the template that shows them.

use crate::engine::Fingerprint;
use crate::render::markdown::BrokenLinks;
use crate::render::markdown::quotes::{self, Marks};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Style {
    /// Typographic quotes, dashes and dots.
    pub smart: bool,
    /// Marks up code blocks of known languages.
    pub highlight: bool,
    /// Each heading is a link to itself.
    pub heading_links: bool,
    /// Headings are this many levels lower than the text says.
    pub shift: usize,
    /// The text's author may not write HTML, call components or name anchors.
    pub untrusted: bool,
    pub broken_links: BrokenLinks,
    /// `rel` of links that leave the site.
    pub external_rel: String,
    /// The site's own address, to tell which those are.
    pub base_url: String,
    /// Decides which quotes are right.
    pub locale: String,
}

impl Style {
    pub(super) fn quotes(&self) -> Option<&'static Marks> {
        self.smart.then(|| quotes::of_locale(&self.locale))
    }

    /// One name for a text in this style.
    pub(super) fn name(&self, text: &str) -> Fingerprint {
        // Without `..`: what changes the bytes has to be thought of here.
        let Self {
            smart,
            highlight,
            heading_links,
            shift,
            untrusted,
            broken_links,
            external_rel,
            base_url,
            locale,
        } = self;
        Fingerprint::of_written(|out| {
            let flags = [*smart, *highlight, *heading_links, *untrusted];
            out.extend(flags.map(u8::from));
            out.push(u8::try_from(*shift).unwrap_or(u8::MAX));
            out.push(u8::from(*broken_links == BrokenLinks::Unlink));
            let site = if external_rel.is_empty() { "" } else { base_url };
            let language = if *smart { locale.as_str() } else { "" };
            for part in [external_rel, site, language] {
                out.extend_from_slice(&part.len().to_le_bytes());
                out.extend_from_slice(part.as_bytes());
            }
            out.extend_from_slice(text.as_bytes());
        })
    }
}
