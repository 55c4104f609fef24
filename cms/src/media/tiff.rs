//! The dimensions of a TIFF, from its first directory.
//!
//! Nothing is decoded: browsers do not show such pictures, so no variants are made of them.

/// Directories have one entry for each property; no picture needs as many.
const MAX_ENTRIES: usize = 1_000;
const ENTRY_BYTES: usize = 12;
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
/// Types of a number: two bytes, or four.
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Width and height; `None` for anything that is no TIFF or does not say.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let file = match bytes.get(..4)? {
        b"II*\0" => File { bytes, little: true },
        b"MM\0*" => File { bytes, little: false },
        _ => return None,
    };
    let start = usize::try_from(file.long(4)?).ok()?;
    let count = usize::from(file.short(start)?);
    let places = (0..count.min(MAX_ENTRIES)).map(|at| start + 2 + at * ENTRY_BYTES);
    let (mut width, mut height) = (None, None);
    for place in places {
        match file.short(place)? {
            WIDTH => width = file.value(place),
            HEIGHT => height = file.value(place),
            _ => {}
        }
    }
    Some((width?, height?)).filter(|(width, height)| *width > 0 && *height > 0)
}

struct File<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl File<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    /// The number of the entry at this place.
    fn value(&self, entry: usize) -> Option<u32> {
        match self.short(entry + 2)? {
            SHORT => self.short(entry + 8).map(u32::from),
            LONG => self.long(entry + 8),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of one directory with these entries (tag, type, value).
    fn file(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for (tag, kind, value) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn the_first_directory_tells_the_size() {
        assert_eq!(
            size(&file(&[(254, 4, 0), (256, 3, 640), (257, 4, 70_000)])),
            Some((640, 70_000))
        );
        let big = b"MM\0*\0\0\0\x08\0\x02\x01\0\0\x03\0\0\0\x01\0\x05\0\0\x01\x01\0\x03\0\0\0\x01\0\x07\0\0";
        assert_eq!(size(big), Some((5, 7)));
    }

    #[test]
    fn what_says_nothing_has_no_size() {
        let whole = file(&[(256, 3, 640), (257, 3, 480)]);
        for end in 0..whole.len() - 2 {
            assert_eq!(size(&whole[..end]), None, "{end}");
        }
        for none in [
            file(&[(256, 3, 640)]),
            file(&[(256, 3, 0), (257, 3, 1)]),
            b"II*\0\xff\xff\xff\xff".to_vec(),
        ] {
            assert_eq!(size(&none), None);
        }
    }
}
