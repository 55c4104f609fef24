//! Dimensions of pictures and their smaller variants, as Strapi makes them. Slow: never on
//! an async thread.
//!
//! What a picture is, is decided by its content alone. Variants have the pixels as they are
//! stored and the note how to turn them, like the picture itself, so both look alike.

use std::fs::File;
use std::io::{BufReader, Cursor, Read as _, Seek as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use image::codecs::gif::{GifDecoder, GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    AnimationDecoder as _, DynamicImage, Frame, ImageDecoder as _, ImageEncoder, ImageFormat,
    ImageReader, Limits,
};
use tempfile::NamedTempFile;

use super::storage::Storage;
use super::{scale, tiff, vector};

/// A picture beyond this is stored but not decoded: it could only be an attack. The first
/// number is the one Strapi has.
const MAX_PIXELS: u64 = 0x3fff * 0x3fff;
const MAX_DECODED_BYTES: u64 = 512 << 20;
/// Pixels of all frames of an animation; of a longer one the first frame is shown.
const MAX_ANIMATED_PIXELS: u64 = 100_000_000;
const JPEG_QUALITY: u8 = 80;

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

/// What looking at a file told.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Anything else.
    NoPicture,
    Picture(Picture),
    /// It begins like a picture and is none.
    Broken,
}

/// Looks at a file.
///
/// # Errors
/// When it cannot be read or a variant cannot be written.
pub(crate) fn examine(path: &Path, storage: &Storage) -> anyhow::Result<Seen> {
    let bytes = read(path).context("an uploaded file cannot be read")?;
    let format = match image::guess_format(&bytes) {
        Ok(
            format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif),
        ) => format,
        _ => return Ok(drawing(&bytes)),
    };
    let Ok(mut decoder) = reader(&bytes, format).into_decoder() else {
        return Ok(Seen::NoPicture);
    };
    let (width, height) = decoder.dimensions();
    let mut picture = Picture { width: Some(width), height: Some(height), ..Picture::default() };
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Ok(Seen::Picture(picture));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = match DynamicImage::from_decoder(decoder) {
        Ok(image) if is_whole(&bytes, format) => image,
        _ => return Ok(Seen::Broken),
    };
    let frames = frames(&bytes, format, pixels);
    let source = Source { image, format, orientation, frames };
    for (name, max_width, max_height) in wanted(width, height) {
        picture.variants.push(source.shrink(name, (max_width, max_height), storage)?);
    }
    Ok(Seen::Picture(picture))
}

/// A picture as a whole, of anything else only the beginning: films are large.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    (&mut file).take(vector::HEAD_BYTES as u64).read_to_end(&mut bytes)?;
    if image::guess_format(&bytes).is_ok() {
        file.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Pictures that have a size and no variants.
fn drawing(bytes: &[u8]) -> Seen {
    if let Some((width, height)) = tiff::size(bytes) {
        let (width, height) = (Some(width), Some(height));
        return Seen::Picture(Picture { width, height, ..Picture::default() });
    }
    let head = bytes.get(..vector::HEAD_BYTES).unwrap_or(bytes);
    if !vector::is_svg(head) {
        return Seen::NoPicture;
    }
    let size = vector::size(&String::from_utf8_lossy(head));
    let (width, height) = (size.map(|size| size.0), size.map(|size| size.1));
    Seen::Picture(Picture { width, height, ..Picture::default() })
}

fn reader(bytes: &[u8], format: ImageFormat) -> ImageReader<Cursor<&[u8]>> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = None;
    limits.max_image_height = None;
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    reader.limits(limits);
    reader
}

/// Our decoder forgives a JPEG that ends early, the reference does not.
fn is_whole(bytes: &[u8], format: ImageFormat) -> bool {
    const SCAN: &[u8] = b"\xff\xda";
    const END: &[u8] = b"\xff\xd9";
    if format != ImageFormat::Jpeg {
        return true;
    }
    // Within the scan no such pair of bytes stands for anything else.
    let scan = bytes.windows(2).rposition(|pair| pair == SCAN).unwrap_or(0);
    bytes.get(scan..).is_some_and(|rest| rest.windows(2).any(|pair| pair == END))
}

/// The frames of an animation that is not too long.
fn frames(bytes: &[u8], format: ImageFormat, pixels: u64) -> Vec<Frame> {
    if format != ImageFormat::Gif {
        return Vec::new();
    }
    let Ok(decoder) = GifDecoder::new(BufReader::new(Cursor::new(bytes))) else {
        return Vec::new();
    };
    let most = usize::try_from(MAX_ANIMATED_PIXELS / pixels.max(1)).unwrap_or(usize::MAX);
    let frames: Result<Vec<_>, _> = decoder.into_frames().take(most.saturating_add(1)).collect();
    frames.ok().filter(|frames| (2..=most).contains(&frames.len())).unwrap_or_default()
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

/// A picture in memory.
struct Source {
    image: DynamicImage,
    format: ImageFormat,
    orientation: Orientation,
    /// Of an animation.
    frames: Vec<Frame>,
}

impl Source {
    fn shrink(
        &self,
        name: &'static str,
        bounds: (u32, u32),
        storage: &Storage,
    ) -> anyhow::Result<Variant> {
        let size = (self.image.width(), self.image.height());
        let (width, height) = scale::fit(self.format, size, bounds);
        let mut encoded = Cursor::new(Vec::new());
        if self.frames.is_empty() {
            let small = self.image.resize_exact(width, height, FilterType::Lanczos3);
            self.encode(&small, &mut encoded)?;
        } else {
            self.animate(width, height, &mut encoded)?;
        }
        let bytes = encoded.stream_position()?;
        let mut file = storage.unfinished()?;
        file.write_all(encoded.get_ref())?;
        Ok(Variant { name, width, height, bytes, file })
    }

    fn encode(&self, small: &DynamicImage, out: &mut Cursor<Vec<u8>>) -> anyhow::Result<()> {
        let note = (self.orientation != Orientation::NoTransforms).then(|| exif(self.orientation));
        match self.format {
            ImageFormat::Jpeg => {
                let small = DynamicImage::ImageRgb8(small.to_rgb8());
                write(&small, JpegEncoder::new_with_quality(out, JPEG_QUALITY), note)
            }
            ImageFormat::WebP => {
                let small = DynamicImage::ImageRgba8(small.to_rgba8());
                write(&small, WebPEncoder::new_lossless(out), note)
            }
            ImageFormat::Gif => {
                Ok(DynamicImage::ImageRgba8(small.to_rgba8()).write_to(out, self.format)?)
            }
            _ => write(small, PngEncoder::new(out), note),
        }
    }

    fn animate(&self, width: u32, height: u32, out: &mut Cursor<Vec<u8>>) -> anyhow::Result<()> {
        let mut encoder = GifEncoder::new(out);
        encoder.set_repeat(Repeat::Infinite)?;
        for frame in &self.frames {
            let image = DynamicImage::ImageRgba8(frame.buffer().clone());
            let small = image.resize_exact(width, height, FilterType::Triangle).into_rgba8();
            encoder.encode_frame(Frame::from_parts(small, 0, 0, frame.delay()))?;
        }
        Ok(())
    }
}

fn write(
    image: &DynamicImage,
    mut encoder: impl ImageEncoder,
    note: Option<Vec<u8>>,
) -> anyhow::Result<()> {
    if let Some(note) = note {
        // Without it the picture is whole, only not upright.
        drop(encoder.set_exif_metadata(note));
    }
    Ok(image.write_with_encoder(encoder)?)
}

/// The shortest metadata that say how a picture is turned, and nothing else about it.
fn exif(orientation: Orientation) -> Vec<u8> {
    const HEADER: &[u8] = b"II*\0\x08\0\0\0";
    const ONE_ENTRY: &[u8] = &[1, 0];
    // The tag of the orientation, one short number.
    const ENTRY: &[u8] = &[0x12, 0x01, 3, 0, 1, 0, 0, 0];
    let value = [orientation.to_exif(), 0, 0, 0];
    const NO_MORE: &[u8] = &[0; 4];
    [HEADER, ONE_ENTRY, ENTRY, &value, NO_MORE].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_gets_the_variants_it_is_larger_than() {
        let names = |w, h| wanted(w, h).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(names(8, 8), Vec::<&str>::new());
        assert_eq!(names(300, 200), ["thumbnail"]);
        assert_eq!(names(200, 600), ["thumbnail", "small"]);
        assert_eq!(names(1200, 800), ["thumbnail", "large", "medium", "small"]);
    }

    /// What a file tells, and the folder its variants are in.
    fn look_in(bytes: &[u8]) -> (Seen, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::local(folder.path()).unwrap();
        let mut file = storage.unfinished().unwrap();
        file.write_all(bytes).unwrap();
        (examine(file.path(), &storage).unwrap(), folder)
    }

    fn look(bytes: &[u8]) -> Seen {
        look_in(bytes).0
    }

    fn jpeg(width: u32, height: u32, orientation: Orientation) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let encoder = JpegEncoder::new(&mut out);
        write(&DynamicImage::new_rgb8(width, height), encoder, Some(exif(orientation))).unwrap();
        out.into_inner()
    }

    #[test]
    fn a_variant_is_turned_like_its_picture() {
        let (seen, _folder) = look_in(&jpeg(600, 400, Orientation::Rotate90));
        let Seen::Picture(picture) = seen else { panic!() };
        assert_eq!((picture.width, picture.height), (Some(600), Some(400)));
        let small = picture.variants.iter().find(|variant| variant.name == "small").unwrap();
        let small = std::fs::read(small.file.path()).unwrap();
        let mut decoder = reader(&small, ImageFormat::Jpeg).into_decoder().unwrap();
        assert_eq!(decoder.dimensions(), (500, 333));
        assert_eq!(decoder.orientation().unwrap(), Orientation::Rotate90);
    }

    #[test]
    fn a_picture_that_ends_early_is_broken() {
        let whole = jpeg(600, 400, Orientation::NoTransforms);
        assert!(matches!(look(&whole), Seen::Picture(_)));
        assert!(matches!(look(&whole[..whole.len() - 20]), Seen::Broken));
        assert!(matches!(look(&whole[..4]), Seen::NoPicture));
        assert!(matches!(look(b"text"), Seen::NoPicture));
    }

    #[test]
    fn the_variants_of_an_animation_move() {
        let mut moving = Cursor::new(Vec::new());
        let mut encoder = GifEncoder::new(&mut moving);
        for shade in [0, 255] {
            let image = image::RgbaImage::from_pixel(300, 200, image::Rgba([shade, 0, 0, 255]));
            encoder.encode_frame(Frame::new(image)).unwrap();
        }
        drop(encoder);
        let (seen, _folder) = look_in(&moving.into_inner());
        let Seen::Picture(picture) = seen else { panic!() };
        let bytes = std::fs::read(picture.variants[0].file.path()).unwrap();
        let frames = GifDecoder::new(Cursor::new(bytes)).unwrap().into_frames();
        assert_eq!(frames.count(), 2);
    }

    #[test]
    fn a_very_long_picture_gets_variants() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(17_000, 10).write_to(&mut png, ImageFormat::Png).unwrap();
        let Seen::Picture(picture) = look(&png.into_inner()) else { panic!() };
        assert_eq!((picture.width, picture.variants.len()), (Some(17_000), 4));
    }
}
