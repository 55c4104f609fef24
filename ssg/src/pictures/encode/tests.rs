//! Files of every format, read back.

use image::metadata::Orientation;
use image::{ImageDecoder as _, ImageFormat, ImageReader};

use super::*;
use crate::pictures::{Focus, Shape, Size, Variant, make};

/// A picture whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
}

fn jpeg(image: &DynamicImage, profile: Option<Vec<u8>>, orientation: Orientation) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder = JpegEncoder::new_with_quality(&mut out, 95);
    let tag = [0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation.to_exif(), 0, 0, 0];
    let exif = [&b"II*\0\x08\0\0\0\x01\0"[..], &tag, &[0; 4]].concat();
    encoder.set_exif_metadata(exif).unwrap();
    write(image, encoder, profile).unwrap();
    out.into_inner()
}

fn variant(width: u32, height: u32, focus: Option<Focus>, format: Format) -> Variant {
    let shape = Shape { size: Size { width, height }, focus };
    Variant::new("/uploads/x.jpg", "0123456789abcdef", shape, format, 80).unwrap()
}

/// Width, height and the profile of a file.
fn told(file: &[u8]) -> (u32, u32, Option<Vec<u8>>) {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format().unwrap();
    let mut decoder = reader.into_decoder().unwrap();
    let (width, height) = decoder.dimensions();
    (width, height, decoder.icc_profile().unwrap())
}

#[test]
fn every_format_has_the_size_and_the_profile() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let source = jpeg(&halves(80, 40), Some(profile.clone()), Orientation::NoTransforms);
    for (format, kind) in [
        (Format::Webp, ImageFormat::WebP),
        (Format::Jpeg, ImageFormat::Jpeg),
        (Format::Png, ImageFormat::Png),
    ] {
        let file = make(&source, &variant(40, 20, None, format)).unwrap();
        assert_eq!(image::guess_format(&file).unwrap(), kind);
        assert_eq!(told(&file), (40, 20, Some(profile.clone())), "{kind:?}");
    }
    let avif = make(&source, &variant(40, 20, None, Format::Avif)).unwrap();
    assert_eq!(image::guess_format(&avif).unwrap(), ImageFormat::Avif);
}

#[test]
fn transparent_pictures_keep_their_profile_too() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let mut png = Cursor::new(Vec::new());
    let image = image::RgbaImage::from_pixel(8, 8, image::Rgba([200, 10, 10, 128]));
    let image = DynamicImage::ImageRgba8(image);
    write(&image, PngEncoder::new(&mut png), Some(profile.clone())).unwrap();
    let file = make(&png.into_inner(), &variant(4, 4, None, Format::Webp)).unwrap();
    assert_eq!(told(&file), (4, 4, Some(profile)));
    let read = image::load_from_memory(&file).unwrap();
    assert!(read.color().has_alpha());
    assert!((120..136).contains(&read.to_rgba8().get_pixel(1, 1).0[3]));
}

#[test]
fn a_picture_is_turned_before_it_is_cut() {
    // Stored lying, red on the left; seen upright, red above.
    let source = jpeg(&halves(80, 40), None, Orientation::Rotate90);
    let facts = crate::pictures::Facts::of(&source, false);
    assert_eq!((facts.width, facts.height), (Some(40), Some(80)));
    let part = |y| {
        let focus = Some(Focus { x: 50, y });
        let file = make(&source, &variant(20, 20, focus, Format::Png)).unwrap();
        let [red, _, blue] = image::load_from_memory(&file).unwrap().to_rgb8().get_pixel(10, 10).0;
        (red > 200, blue > 200)
    };
    assert_eq!(part(0), (true, false));
    assert_eq!(part(100), (false, true));
}

#[test]
fn what_is_no_picture_is_none() {
    let error = make(b"<svg/>", &variant(1, 1, None, Format::Webp)).unwrap_err();
    assert!(!error.to_string().is_empty());
    let source = jpeg(&halves(80, 40), None, Orientation::NoTransforms);
    assert!(make(&source[..30], &variant(1, 1, None, Format::Webp)).is_err());
}
