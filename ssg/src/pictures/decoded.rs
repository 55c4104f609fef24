//! A picture in memory, upright, with the colours its file means.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::shape::{Shape, Size};

/// A picture beyond this is not decoded: it could only be an attack.
const MAX_DECODED_BYTES: u64 = 1 << 30;
/// A picture that shrinks by more is halved roughly first, which nobody sees and takes a
/// fraction of the time.
const ROUGH: u32 = 3;
/// Where an ICC profile says which kind of colours it is about, and the one that pixels in
/// memory have.
const COLOUR_SPACE: std::ops::Range<usize> = 16..20;
const RGB: &[u8] = b"RGB ";

/// Why there is no variant of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoPicture(pub(super) String);

pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    /// The colours' profile, where the file has one.
    pub(super) profile: Option<Vec<u8>>,
}

/// What a file tells without being decoded.
pub(super) struct Head {
    /// As people see it.
    pub(super) size: Size,
    pub(super) has_alpha: bool,
}

impl Decoded {
    pub(super) fn of(bytes: &[u8]) -> Result<Self, NoPicture> {
        let mut decoder = decoder(bytes)?;
        if decoder.total_bytes() > MAX_DECODED_BYTES {
            return Err(NoPicture("the picture is too large".to_owned()));
        }
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let profile = decoder.icc_profile().ok().flatten();
        let profile = profile.filter(|profile| profile.get(COLOUR_SPACE) == Some(RGB));
        let image = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
        let mut image = match image.color().has_alpha() {
            true => DynamicImage::ImageRgba8(image.into_rgba8()),
            false => DynamicImage::ImageRgb8(image.into_rgb8()),
        };
        image.apply_orientation(orientation);
        Ok(Self { image, profile })
    }

    /// The part and size of a shape.
    pub(super) fn shaped(self, shape: Shape) -> Self {
        let Self { image, profile } = self;
        let full = Size { width: image.width(), height: image.height() };
        let (left, top, width, height) = shape.part(full);
        let image = if (width, height) == (full.width, full.height) {
            image
        } else {
            image.crop_imm(left, top, width, height)
        };
        let Size { width: to_width, height: to_height } = shape.size;
        if (width, height) == (to_width, to_height) {
            return Self { image, profile };
        }
        let rough = |side: u32| side.saturating_mul(2);
        let image = if width / to_width >= ROUGH && height / to_height >= ROUGH {
            image.thumbnail_exact(rough(to_width), rough(to_height))
        } else {
            image
        };
        Self { image: image.resize_exact(to_width, to_height, FilterType::Lanczos3), profile }
    }
}

impl Head {
    pub(super) fn of(bytes: &[u8]) -> Result<Self, NoPicture> {
        let mut decoder = decoder(bytes)?;
        let (width, height) = decoder.dimensions();
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let size = match orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Size { width: height, height: width },
            _ => Size { width, height },
        };
        Ok(Self { size, has_alpha: decoder.color_type().has_alpha() })
    }
}

fn decoder(bytes: &[u8]) -> Result<impl ImageDecoder + '_, NoPicture> {
    let format = image::guess_format(bytes).map_err(|error| broken(&error))?;
    match format {
        ImageFormat::Jpeg | ImageFormat::Png => {}
        ImageFormat::WebP => {
            let moving = WebPDecoder::new(Cursor::new(bytes));
            if moving.map_err(|error| broken(&error))?.has_animation() {
                return Err(NoPicture("the picture moves".to_owned()));
            }
        }
        _ => return Err(NoPicture("pictures of this kind are shown as they are".to_owned())),
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MAX_DECODED_BYTES);
    reader.limits(limits);
    reader.into_decoder().map_err(|error| broken(&error))
}

fn broken(error: &image::ImageError) -> NoPicture {
    NoPicture(format!("the picture cannot be read: {error}"))
}
