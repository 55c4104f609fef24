//! Pixels as a file. The colours' profile goes along, or, where the format has no place for
//! it, the colours become those that need none.

use std::io::Cursor;

use image::codecs::avif::AvifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage};
use moxcms::{ColorProfile, Layout, TransformOptions};

use super::decoded::{Decoded, NoPicture};
use super::variant::Format;

/// Of ten: the slower ones take several times as long for a few per cent.
const AVIF_SPEED: u8 = 8;
const WHITE: f32 = 255.0;

pub(super) fn encode(picture: Decoded, format: Format, quality: u8) -> Result<Vec<u8>, NoPicture> {
    let Decoded { image, profile } = picture;
    let mut out = Cursor::new(Vec::new());
    match format {
        Format::Jpeg => {
            let image = DynamicImage::ImageRgb8(on_white(image));
            let encoder = JpegEncoder::new_with_quality(&mut out, quality);
            write(&image, encoder, profile)?;
        }
        Format::Png => write(&image, PngEncoder::new(&mut out), profile)?,
        Format::Avif => {
            let image = match profile {
                Some(profile) => plain_colours(image, &profile),
                None => image,
            };
            // The pictures of a build share the cores already.
            let encoder = AvifEncoder::new_with_speed_quality(&mut out, AVIF_SPEED, quality);
            write(&image, encoder.with_num_threads(Some(1)), None)?;
        }
        Format::Webp => return webp(&image, profile.as_deref(), quality),
    }
    Ok(out.into_inner())
}

fn write(
    image: &DynamicImage,
    mut encoder: impl ImageEncoder,
    profile: Option<Vec<u8>>,
) -> Result<(), NoPicture> {
    if let Some(profile) = profile {
        // Without it the colours are a little paler, and the picture is whole.
        drop(encoder.set_icc_profile(profile));
    }
    image.write_with_encoder(encoder).map_err(|error| NoPicture(error.to_string()))
}

fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        let share = f32::from(alpha) / WHITE;
        let mixed = |colour: u8| (f32::from(colour) * share + WHITE * (1.0 - share)).round() as u8;
        Rgb([mixed(red), mixed(green), mixed(blue)])
    })
}

/// The same colours without a profile; as they are when the profile says nothing usable.
fn plain_colours(image: DynamicImage, profile: &[u8]) -> DynamicImage {
    let layout = if image.color().has_alpha() { Layout::Rgba } else { Layout::Rgb };
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return image };
    let plain = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(layout, &plain, layout, options) else {
        return image;
    };
    let mut bytes = vec![0; image.as_bytes().len()];
    if transform.transform(image.as_bytes(), &mut bytes).is_err() {
        return image;
    }
    let (width, height) = (image.width(), image.height());
    let same = match layout {
        Layout::Rgba => {
            image::RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8)
        }
        _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
    };
    same.unwrap_or(image)
}

fn webp(image: &DynamicImage, profile: Option<&[u8]>, quality: u8) -> Result<Vec<u8>, NoPicture> {
    let (width, height) = (image.width(), image.height());
    let encoder = match image {
        DynamicImage::ImageRgba8(image) => webp::Encoder::from_rgba(image, width, height),
        DynamicImage::ImageRgb8(image) => webp::Encoder::from_rgb(image, width, height),
        _ => return Err(NoPicture("pixels of an unknown kind".to_owned())),
    };
    let encoded = encoder
        .encode_simple(false, f32::from(quality))
        .map_err(|error| NoPicture(format!("{error:?}")))?;
    Ok(match profile {
        Some(profile) => with_profile(&encoded, profile, image),
        None => encoded.to_vec(),
    })
}

/// Puts a profile into a WebP file: its header, which may not be there yet, says that one
/// follows.
fn with_profile(file: &[u8], profile: &[u8], image: &DynamicImage) -> Vec<u8> {
    const RIFF: usize = 12;
    const EXTENDED: &[u8] = b"VP8X";
    const HAS_PROFILE: u8 = 0x20;
    const HEADER: usize = 8;
    const EXTENDED_BYTES: usize = 10;
    let body = file.get(RIFF..).unwrap_or_default();
    let (mut header, rest) = if body.starts_with(EXTENDED) {
        let (header, rest) = body.split_at(HEADER + EXTENDED_BYTES);
        (header.get(HEADER..).unwrap_or_default().to_vec(), rest)
    } else {
        let side = |length: u32| (length - 1).to_le_bytes();
        let [w0, w1, w2, _] = side(image.width());
        let [h0, h1, h2, _] = side(image.height());
        (vec![0, 0, 0, 0, w0, w1, w2, h0, h1, h2], body)
    };
    if let Some(flags) = header.first_mut() {
        *flags |= HAS_PROFILE;
    }
    let mut out = b"WEBP".to_vec();
    chunk(EXTENDED, &header, &mut out);
    chunk(b"ICCP", profile, &mut out);
    out.extend_from_slice(rest);
    let mut file = Vec::with_capacity(out.len() + HEADER);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&length(&out));
    file.extend_from_slice(&out);
    file
}

fn chunk(name: &[u8], bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name);
    out.extend_from_slice(&length(bytes));
    out.extend_from_slice(bytes);
    if bytes.len() % 2 == 1 {
        out.push(0);
    }
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests;
