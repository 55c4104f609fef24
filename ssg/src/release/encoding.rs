//! Compressed copies of text files: which files get one, and how it is made.
//!
//! The same bytes always give the same copy, so an incremental tree and a clean build agree.
//! A copy is never larger than what it is made from: then there is none.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Below that nginx does not compress on the way either: a packet is a packet.
pub const SMALLEST: u64 = 1024;

/// zlib's scale of 9. Measured on pages of 8 KB: 0.33 ms each, and 9 is no smaller.
const GZIP_LEVEL: u32 = 6;
/// Brotli's scale of 11. 5 takes gzip's time and makes a twentieth less; 9 takes 35 times as
/// long for nothing, 11 70 times as long for another seventh.
const BROTLI_QUALITY: u32 = 5;
/// 4 MB, more than any page has.
const BROTLI_WINDOW: u32 = 22;
const BROTLI_BUFFER: usize = 4096;

/// Everything else is compressed already, or is too odd to guess.
const TEXT: [&str; 17] = [
    "html",
    "htm",
    "css",
    "js",
    "mjs",
    "json",
    "map",
    "xml",
    "svg",
    "txt",
    "atom",
    "rss",
    "csv",
    "ics",
    "md",
    "vtt",
    "webmanifest",
];

/// How a copy is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Gzip,
    Brotli,
}

impl Encoding {
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Brotli];

    /// As the setting and `Accept-Encoding`'s readers call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "brotli",
        }
    }

    /// What a copy's name has behind the file's.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Brotli => ".br",
        }
    }

    /// The bytes of the copy.
    ///
    /// # Errors
    /// Never in practice: everything happens in memory.
    pub fn compress(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes)?;
                encoder.finish()
            }
            Self::Brotli => {
                let mut out = Vec::new();
                let (quality, window) = (BROTLI_QUALITY, BROTLI_WINDOW);
                let mut encoder =
                    brotli::CompressorWriter::new(&mut out, BROTLI_BUFFER, quality, window);
                encoder.write_all(bytes)?;
                drop(encoder);
                Ok(out)
            }
        }
    }

    /// The bytes a copy was made from.
    ///
    /// # Errors
    /// When it is no such copy.
    pub fn expand(self, copy: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Gzip => flate2::read::GzDecoder::new(copy).read_to_end(&mut bytes)?,
            Self::Brotli => {
                brotli::Decompressor::new(copy, BROTLI_BUFFER).read_to_end(&mut bytes)?
            }
        };
        Ok(bytes)
    }
}

/// Whether a file of this name and size gets copies.
#[must_use]
pub fn is_worth_it(path: &str, size: u64) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let text = name.rsplit_once('.').is_some_and(|(_, extension)| TEXT.contains(&extension));
    text && size >= SMALLEST
}

/// The file whose copy has this name.
#[must_use]
pub fn original(path: &str) -> Option<(&str, Encoding)> {
    Encoding::ALL.into_iter().find_map(|encoding| {
        path.strip_suffix(encoding.suffix()).map(|original| (original, encoding))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_lead_back_to_what_they_were_made_from() {
        let text = "<p>The same again, and again.</p>".repeat(100);
        for encoding in Encoding::ALL {
            let copy = encoding.compress(text.as_bytes()).unwrap();
            assert!(copy.len() * 5 < text.len());
            assert_eq!(copy, encoding.compress(text.as_bytes()).unwrap());
            assert_eq!(encoding.expand(&copy).unwrap(), text.as_bytes());
            assert!(encoding.expand(b"no copy").is_err());
        }
    }

    #[test]
    fn only_text_of_some_size_gets_copies() {
        assert!(is_worth_it("blog/x/index.html", SMALLEST));
        assert!(!is_worth_it("blog/x/index.html", SMALLEST - 1));
        assert!(!is_worth_it("uploads/a.png", 1 << 20));
        assert!(!is_worth_it("html", 1 << 20));
        assert_eq!(original("a/x.css.br"), Some(("a/x.css", Encoding::Brotli)));
        assert_eq!(original("a/x.css"), None);
    }
}
