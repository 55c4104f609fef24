//! `[images]` in site.toml: which variants pictures have where templates do not say.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, Table, to_json};
use crate::pictures::Format;

/// The table, among the settings that pages depend on.
pub const TABLE: &str = "images";
/// Widths when the site does not say: phones, phones with dense screens, laptops.
const WIDTHS: [u32; 4] = [480, 800, 1200, 1600];
const WIDEST: u64 = 8192;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Offered to browsers in this order, before one that all can show.
    pub formats: Vec<Format>,
    /// In pixels, the smallest first.
    pub widths: Vec<u32>,
    /// Something in a picture's place until it has arrived.
    pub placeholder: bool,
    quality: [u8; 3],
}

/// Where a format's quality stands in the list, with its name in the table.
const QUALITIES: [(Format, &str); 3] = [
    (Format::Avif, "avif_quality"),
    (Format::Webp, "webp_quality"),
    (Format::Jpeg, "jpeg_quality"),
];

impl Default for Images {
    fn default() -> Self {
        Self {
            formats: vec![Format::Webp],
            widths: WIDTHS.to_vec(),
            placeholder: false,
            quality: [60, 78, 80],
        }
    }
}

impl Images {
    #[must_use]
    pub fn quality(&self, format: Format) -> u8 {
        let known = QUALITIES.iter().zip(self.quality).find(|((of, _), _)| *of == format);
        known.map_or(100, |(_, quality)| quality)
    }

    pub(super) fn read(source: &mut Source<'_>, value: Option<Spanned<DeValue<'_>>>) -> Self {
        let mut images = Self::default();
        let Some(mut table) = Table::of(source, "[images]", value) else { return images };
        let formats = table.texts(source, "formats");
        if !formats.is_empty() {
            images.formats.clear();
        }
        for (word, offset) in formats {
            match Format::of(&word).filter(|format| !images.formats.contains(format)) {
                Some(format) => images.formats.push(format),
                None => source.complain(
                    offset,
                    format!(
                        "`formats` has each of avif, webp, jpeg and png once at most, not `{word}`"
                    ),
                ),
            }
        }
        if let Some(widths) = table.take("widths") {
            match read_widths(widths.get_ref()) {
                Some(widths) => images.widths = widths,
                None => source.complain(
                    widths.span().start,
                    format!(
                        "`widths` must be numbers of pixels up to {WIDEST}, such as `[480, 960]`"
                    ),
                ),
            }
        }
        images.placeholder = table.flag(source, "placeholder").unwrap_or(false);
        for (quality, (_, name)) in images.quality.iter_mut().zip(QUALITIES) {
            if let Some(given) = table.number(source, name, (1, 100)) {
                *quality = u8::try_from(given).unwrap_or(100);
            }
        }
        table.finish(source, "");
        images
    }
}

fn read_widths(value: &DeValue<'_>) -> Option<Vec<u32>> {
    let json = to_json(value);
    let widths = json.as_array()?.iter().map(|width| {
        let width = width.as_u64().filter(|width| (1..=WIDEST).contains(width))?;
        u32::try_from(width).ok()
    });
    let mut widths: Vec<u32> = widths.collect::<Option<_>>()?;
    widths.sort_unstable();
    widths.dedup();
    (!widths.is_empty()).then_some(widths)
}
