//! What a page says of a picture without showing it: its size, and what stands in its place
//! until it has arrived.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::decoded::{Decoded, Head};
use super::encode::encode;
use super::shape::{Fit, Focus, Shape, Size};
use super::variant::Format;

/// Pixels across the longer side of what stands in a picture's place.
const PLACEHOLDER: u32 = 16;
const PLACEHOLDER_QUALITY: u8 = 40;

/// What is known of a file's bytes; the same for the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Of the bytes.
    pub hash: String,
    /// As people see the picture. None when it is none that can be changed.
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub has_alpha: bool,
    /// The picture in a few pixels, as an address; `None` when nobody asked.
    pub placeholder: Option<String>,
}

impl Facts {
    /// Looks at a file; `placeholder` takes decoding it.
    #[must_use]
    pub fn of(bytes: &[u8], placeholder: bool) -> Self {
        let head = Head::of(bytes).ok();
        let placeholder = placeholder.then(|| stand_in(bytes).unwrap_or_default());
        Self {
            hash: blake3::hash(bytes).to_hex().to_string(),
            width: head.as_ref().map(|head| head.size.width),
            height: head.as_ref().map(|head| head.size.height),
            has_alpha: head.is_some_and(|head| head.has_alpha),
            placeholder,
        }
    }

    /// The picture's size, if variants can be made of it.
    #[must_use]
    pub fn size(&self) -> Option<Size> {
        Some(Size { width: self.width?, height: self.height? })
    }
}

fn stand_in(bytes: &[u8]) -> Option<String> {
    let picture = Decoded::of(bytes).ok()?;
    let size = Size { width: picture.image.width(), height: picture.image.height() };
    let fit = if size.width >= size.height {
        (Some(PLACEHOLDER), None)
    } else {
        (None, Some(PLACEHOLDER))
    };
    let shape = Shape::of(size, fit.0, fit.1, Fit::Cover(Focus::CENTRE));
    let shaped = picture.shaped(shape);
    // So few pixels need no profile, which would be longer than they.
    let shaped = Decoded { profile: None, ..shaped };
    let tiny = encode(shaped, Format::Webp, PLACEHOLDER_QUALITY).ok()?;
    Some(format!("data:image/webp;base64,{}", BASE64_STANDARD.encode(tiny)))
}
