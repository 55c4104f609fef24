//! Pictures at the size and in the format a page shows them.
//!
//! A variant's URL says everything about it: of which file it is made, of which bytes of that
//! file, and how. So nobody keeps a list of variants: whoever needs one makes it from its URL,
//! and the same URL is the same picture for ever. No I/O here.

mod decoded;
mod encode;
mod facts;
mod shape;
mod variant;

pub use decoded::NoPicture;
pub use facts::Facts;
pub use shape::{Fit, Focus, Shape, Size};
pub use variant::{Format, Variant};

/// Whether a path of the output is a variant's: its bytes never change.
#[must_use]
pub fn is_variant(path: &str) -> bool {
    Variant::parse(&format!("/{path}")).is_some()
}

/// Makes a variant of a file's bytes.
///
/// # Errors
/// When the bytes are no picture that can be changed.
pub fn make(bytes: &[u8], variant: &Variant) -> Result<Vec<u8>, NoPicture> {
    let picture = decoded::Decoded::of(bytes)?;
    let shaped = picture.shaped(variant.shape);
    encode::encode(shaped, variant.format, variant.quality)
}
