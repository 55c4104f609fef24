//! How large the smaller copy of a picture becomes.
//!
//! The reference lets the decoders of JPEG and WebP shrink while they read, to sizes they
//! round in their own way, and scales the rest. The last pixel depends on that, so the same
//! steps are taken here; nothing is ever decoded by them.

use image::ImageFormat;

/// Width and height of the largest picture of the same shape inside a box, at least one
/// pixel each.
pub(crate) fn fit(
    format: ImageFormat,
    (width, height): (u32, u32),
    (max_width, max_height): (u32, u32),
) -> (u32, u32) {
    let given = (f64::from(width), f64::from(height));
    let bounds = (f64::from(max_width), f64::from(max_height));
    let (across, down) = factors(given, bounds);
    let factor = across.min(down);
    let read = match format {
        ImageFormat::Jpeg => {
            let step = jpeg_step(factor);
            ((given.0 / step).floor(), (given.1 / step).floor())
        }
        ImageFormat::WebP if factor > 1.0 => {
            ((given.0 / factor).round_ties_even(), (given.1 / factor).round_ties_even())
        }
        _ => given,
    };
    let read = (read.0.max(1.0), read.1.max(1.0));
    let (across, down) = factors(read, bounds);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a scaled side lies between 1 and the box"
    )]
    let side = |length: f64, factor: f64| (length / factor).round().max(1.0) as u32;
    (side(read.0, across), side(read.1, down))
}

/// By how much each side shrinks: alike, but never to nothing.
fn factors((width, height): (f64, f64), (max_width, max_height): (f64, f64)) -> (f64, f64) {
    let factor = (width / max_width).max(height / max_height);
    (factor.min(width), factor.min(height))
}

/// A JPEG decoder shrinks by powers of two; a step that would leave nothing to scale is
/// halved.
fn jpeg_step(factor: f64) -> f64 {
    let step = [8.0, 4.0, 2.0].into_iter().find(|step| factor >= *step).unwrap_or(1.0);
    if step > 1.0 && (factor.trunc() - step).abs() < f64::EPSILON { step / 2.0 } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THUMBNAIL: (u32, u32) = (245, 156);

    #[test]
    fn a_copy_has_the_shape_of_its_picture() {
        let png = |size, bounds| fit(ImageFormat::Png, size, bounds);
        assert_eq!(png((1200, 800), (1000, 1000)), (1000, 667));
        assert_eq!(png((640, 480), THUMBNAIL), (208, 156));
        assert_eq!(png((200, 600), THUMBNAIL), (52, 156));
        assert_eq!(png((16_000, 1), THUMBNAIL), (245, 1));
        assert_eq!(png((1200, 900), (750, 750)), (750, 563));
    }

    #[test]
    fn decoders_that_shrink_leave_their_rounding_behind() {
        // Asked of the reference.
        for (size, bounds, copy) in [
            ((1302, 2370), THUMBNAIL, (85, 156)),
            ((1614, 1271), (500, 500), (500, 393)),
            ((2088, 2197), THUMBNAIL, (149, 156)),
            ((2383, 142), THUMBNAIL, (245, 14)),
            ((959, 1377), THUMBNAIL, (108, 156)),
            ((87, 814), THUMBNAIL, (16, 156)),
        ] {
            assert_eq!(fit(ImageFormat::Jpeg, size, bounds), copy, "{size:?}");
        }
        for (size, copy) in [((1200, 900), (750, 562)), ((4000, 3000), (750, 562))] {
            assert_eq!(fit(ImageFormat::WebP, size, (750, 750)), copy, "{size:?}");
        }
    }
}
