//! Dimensions of pictures and their smaller variants, as Strapi makes them. Slow: never on
//! an async thread.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};
use tempfile::NamedTempFile;

use super::storage::Storage;

/// A picture beyond this is stored but not decoded: it could only be an attack.
const MAX_SIDE: u32 = 16_384;
const MAX_DECODED_BYTES: u64 = 512 << 20;
const JPEG_QUALITY: u8 = 80;
/// How much of an SVG file is searched for its size.
const SVG_HEAD: usize = 64 << 10;

/// Name and bounding box of each variant.
const THUMBNAIL: (&str, u32, u32) = ("thumbnail", 245, 156);
const BREAKPOINTS: [(&str, u32); 3] = [("large", 1000), ("medium", 750), ("small", 500)];

/// What is known of a picture.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) variants: Vec<Variant>,
}

/// A smaller copy, not yet named.
#[derive(Debug)]
pub(crate) struct Variant {
    /// `thumbnail`, `small` …
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bytes: u64,
    pub(crate) file: NamedTempFile,
}

/// Looks at a file of type `kind`. A file that is no picture, or a broken one, has nothing.
///
/// # Errors
/// When a variant cannot be written.
pub(crate) fn examine(path: &Path, kind: &str, storage: &Storage) -> anyhow::Result<Picture> {
    let format = match kind {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/png" => ImageFormat::Png,
        "image/webp" => ImageFormat::WebP,
        "image/gif" => ImageFormat::Gif,
        "image/svg+xml" => return Ok(vector(path)),
        _ => return Ok(Picture::default()),
    };
    let image = match decode(path, format) {
        Ok(image) => image,
        Err(error) => {
            tracing::info!(%error, kind, "an uploaded picture cannot be decoded");
            return Ok(Picture::default());
        }
    };
    let (width, height) = (image.width(), image.height());
    let mut variants = Vec::new();
    for (name, max_width, max_height) in wanted(width, height) {
        variants.push(shrink(&image, format, (name, max_width, max_height), storage)?);
    }
    Ok(Picture { width: Some(width), height: Some(height), variants })
}

fn decode(path: &Path, format: ImageFormat) -> anyhow::Result<DynamicImage> {
    let mut reader = ImageReader::open(path)?;
    reader.set_format(format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    Ok(reader.decode()?)
}

/// The variants a picture of this size gets.
fn wanted(width: u32, height: u32) -> Vec<(&'static str, u32, u32)> {
    let mut wanted = Vec::new();
    if width > THUMBNAIL.1 || height > THUMBNAIL.2 {
        wanted.push(THUMBNAIL);
    }
    let larger = BREAKPOINTS.iter().filter(|(_, side)| width > *side || height > *side);
    wanted.extend(larger.map(|(name, side)| (*name, *side, *side)));
    wanted
}

/// The largest size of the same shape that fits, at least one pixel wide and high.
fn fit(width: u32, height: u32, max_width: u32, max_height: u32) -> (u32, u32) {
    let scale =
        (f64::from(max_width) / f64::from(width)).min(f64::from(max_height) / f64::from(height));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a scaled side lies between 1 and the box"
    )]
    let side = |length: u32| (f64::from(length) * scale).round().max(1.0) as u32;
    (side(width), side(height))
}

fn shrink(
    image: &DynamicImage,
    format: ImageFormat,
    (name, max_width, max_height): (&'static str, u32, u32),
    storage: &Storage,
) -> anyhow::Result<Variant> {
    let (width, height) = fit(image.width(), image.height(), max_width, max_height);
    let small = image.resize_exact(width, height, FilterType::Lanczos3);
    let file = storage.unfinished()?;
    let mut out = BufWriter::new(file.as_file());
    match format {
        ImageFormat::Jpeg => DynamicImage::ImageRgb8(small.into_rgb8())
            .write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY))?,
        ImageFormat::WebP | ImageFormat::Gif => {
            let mut encoded = std::io::Cursor::new(Vec::new());
            DynamicImage::ImageRgba8(small.into_rgba8()).write_to(&mut encoded, format)?;
            out.write_all(encoded.get_ref())?;
        }
        _ => {
            let mut encoded = std::io::Cursor::new(Vec::new());
            small.write_to(&mut encoded, format)?;
            out.write_all(encoded.get_ref())?;
        }
    }
    out.flush()?;
    drop(out);
    let bytes = file.as_file().metadata()?.len();
    Ok(Variant { name, width, height, bytes, file })
}

/// The size an SVG file names itself: `width` and `height`, else its view box.
fn vector(path: &Path) -> Picture {
    let Ok(bytes) = std::fs::read(path) else { return Picture::default() };
    let text = String::from_utf8_lossy(bytes.get(..SVG_HEAD).unwrap_or(&bytes)).into_owned();
    let Some((_, rest)) = text.split_once("<svg") else { return Picture::default() };
    let tag = rest.split('>').next().unwrap_or_default();
    let length = |name| attribute(tag, name).and_then(pixels);
    let view_box = attribute(tag, "viewBox").map(|value| {
        let parts = value.split([' ', ',']).filter(|part| !part.is_empty());
        parts.map(pixels).collect::<Vec<_>>()
    });
    let boxed = |at: usize| view_box.as_ref().and_then(|parts| parts.get(at).copied().flatten());
    Picture {
        width: length("width").or_else(|| boxed(2)),
        height: length("height").or_else(|| boxed(3)),
        variants: Vec::new(),
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once(name) {
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        if before.ends_with(char::is_whitespace)
            && let Some(value) = value
        {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            return value.get(1..)?.split(quote).next();
        }
        rest = after;
    }
    None
}

fn pixels(text: &str) -> Option<u32> {
    let number: f64 = text.trim().trim_end_matches("px").parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    let pixels =
        (number.is_finite() && (0.0..1e9).contains(&number)).then(|| number.round() as u32);
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_have_the_sizes_strapi_gives_them() {
        assert_eq!(fit(1200, 800, 1000, 1000), (1000, 667));
        assert_eq!(fit(1200, 800, 500, 500), (500, 333));
        assert_eq!(fit(640, 480, 245, 156), (208, 156));
        assert_eq!(fit(200, 600, 245, 156), (52, 156));
        assert_eq!(fit(16_000, 1, 245, 156), (245, 1));
    }

    #[test]
    fn a_picture_gets_the_variants_it_is_larger_than() {
        let names = |w, h| wanted(w, h).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(names(8, 8), Vec::<&str>::new());
        assert_eq!(names(300, 200), ["thumbnail"]);
        assert_eq!(names(200, 600), ["thumbnail", "small"]);
        assert_eq!(names(1200, 800), ["thumbnail", "large", "medium", "small"]);
    }

    #[test]
    fn an_svg_names_its_size() {
        let size = |svg: &str| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), svg).unwrap();
            let picture = vector(file.path());
            (picture.width, picture.height)
        };
        assert_eq!(size("<svg width=\"64\" height='32px'>"), (Some(64), Some(32)));
        assert_eq!(size("<svg stroke-width=\"9\" viewBox=\"0 0 20 10.4\"/>"), (Some(20), Some(10)));
        assert_eq!(size("<svg width=\"100%\">"), (None, None));
        assert_eq!(size("nothing"), (None, None));
    }
}
