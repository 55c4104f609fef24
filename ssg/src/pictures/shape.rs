//! How large a variant becomes, and which part of the picture it shows.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// The point of a picture that stays when it is cropped, in hundredths from the left and the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Focus {
    pub x: u8,
    pub y: u8,
}

impl Focus {
    pub const CENTRE: Self = Self { x: 50, y: 50 };
}

/// What becomes of a picture that has other proportions than its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The box is filled; what stands over is cut off.
    Cover(Focus),
    /// The whole picture is in the box.
    Contain,
}

/// A variant's size, and where its picture is cut if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub size: Size,
    pub focus: Option<Focus>,
}

impl Shape {
    /// The shape of a picture in a box with any of its sides given. It is never made larger
    /// than it is.
    #[must_use]
    pub fn of(picture: Size, width: Option<u32>, height: Option<u32>, fit: Fit) -> Self {
        let (full_width, full_height) = (f64::from(picture.width), f64::from(picture.height));
        let (Some(width), Some(height)) = (width, height) else {
            let across = width.map_or(1.0, |width| f64::from(width) / full_width);
            let down = height.map_or(1.0, |height| f64::from(height) / full_height);
            return Self { size: scaled(picture, across.min(down)), focus: None };
        };
        let (across, down) = (f64::from(width) / full_width, f64::from(height) / full_height);
        match fit {
            Fit::Contain => Self { size: scaled(picture, across.min(down)), focus: None },
            Fit::Cover(focus) => {
                // The largest part of these proportions, and by how much it is too small.
                let shrink = across.max(down).max(1.0);
                let size = Size {
                    width: side(f64::from(width) / shrink),
                    height: side(f64::from(height) / shrink),
                };
                let whole = (full_width * f64::from(size.height)
                    - full_height * f64::from(size.width))
                .abs()
                    < full_width.max(full_height);
                Self { size, focus: (!whole).then_some(focus) }
            }
        }
    }

    /// The part of a picture that is shown: left, top, width and height.
    pub(super) fn part(self, picture: Size) -> (u32, u32, u32, u32) {
        let Some(focus) = self.focus else { return (0, 0, picture.width, picture.height) };
        let (full_width, full_height) = (f64::from(picture.width), f64::from(picture.height));
        let proportion = f64::from(self.size.width) / f64::from(self.size.height.max(1));
        let width = side((full_height * proportion).min(full_width)).min(picture.width);
        let height = side((full_width / proportion).min(full_height)).min(picture.height);
        let from = |full: u32, part: u32, at: u8| {
            let centre = f64::from(full) * f64::from(at.min(100)) / 100.0;
            let start = (centre - f64::from(part) / 2.0).round().max(0.0);
            (start as u32).min(full - part)
        };
        (from(picture.width, width, focus.x), from(picture.height, height, focus.y), width, height)
    }
}

fn scaled(picture: Size, by: f64) -> Size {
    let by = by.min(1.0);
    Size {
        width: side(f64::from(picture.width) * by),
        height: side(f64::from(picture.height) * by),
    }
}

fn side(length: f64) -> u32 {
    length.round().max(1.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Size = Size { width: 1200, height: 800 };

    fn shape(width: u32, height: u32, fit: Fit) -> (u32, u32, bool) {
        let given = |side: u32| (side > 0).then_some(side);
        let Shape { size, focus } = Shape::of(PICTURE, given(width), given(height), fit);
        (size.width, size.height, focus.is_some())
    }

    #[test]
    fn a_picture_fits_its_box() {
        let cover = Fit::Cover(Focus::CENTRE);
        for (width, height, fit, expected) in [
            (600, 0, cover, (600, 400, false)),
            (0, 200, cover, (300, 200, false)),
            (0, 0, cover, (1200, 800, false)),
            (5000, 0, cover, (1200, 800, false)),
            (300, 200, cover, (300, 200, false)),
            (400, 400, cover, (400, 400, true)),
            (1600, 1600, cover, (800, 800, true)),
            (2400, 800, cover, (1200, 400, true)),
            (400, 400, Fit::Contain, (400, 267, false)),
            (1, 0, cover, (1, 1, false)),
        ] {
            assert_eq!(shape(width, height, fit), expected, "{width} x {height}");
        }
    }

    #[test]
    fn the_focal_point_stays_in_the_part() {
        let square = |x, y| {
            let size = Size { width: 100, height: 100 };
            Shape { size, focus: Some(Focus { x, y }) }.part(PICTURE)
        };
        assert_eq!(square(50, 50), (200, 0, 800, 800));
        assert_eq!(square(0, 0), (0, 0, 800, 800));
        assert_eq!(square(100, 50), (400, 0, 800, 800));
        assert_eq!(square(40, 90), (80, 0, 800, 800));
    }
}
