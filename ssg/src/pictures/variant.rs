//! The URL of a variant: `/uploads/-/400x300-c50x30-q78-9f86d081884c/boat_1a2b.jpg.webp`.

use super::shape::{Focus, Shape, Size};

/// Where the media library is.
const LIBRARY: &str = "/uploads/";
/// Where variants are. The media library has no folders of this name.
const FOLDER: &str = "/uploads/-/";
/// Digits of the bytes' hash in a URL.
const HASH_DIGITS: usize = 12;
/// No side is longer, whoever wrote the URL.
const LONGEST: u32 = 8192;

/// How a variant is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Avif,
    Webp,
    Jpeg,
    Png,
}

/// Everything about a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The URL of the file it is made of.
    pub source: String,
    /// Of which bytes of that file; the beginning of their hash.
    pub hash: String,
    pub shape: Shape,
    pub format: Format,
    /// From 1 to 100; means nothing to PNG.
    pub quality: u8,
}

impl Format {
    /// As templates and extensions say it; the smallest files first.
    pub const WORDS: [(&'static str, Self); 4] =
        [("avif", Self::Avif), ("webp", Self::Webp), ("jpeg", Self::Jpeg), ("png", Self::Png)];

    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let word = if word == "jpg" { "jpeg" } else { word };
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, format)| *format == self).map_or("", |(word, _)| word)
    }
}

impl Variant {
    /// None for a file that is not in the media library.
    #[must_use]
    pub fn new(
        source: &str,
        hash: &str,
        shape: Shape,
        format: Format,
        quality: u8,
    ) -> Option<Self> {
        let hash = hash.get(..HASH_DIGITS)?.to_owned();
        let source = source.starts_with(LIBRARY).then(|| source.to_owned())?;
        Some(Self { source, hash, shape, format, quality })
    }

    #[must_use]
    pub fn url(&self) -> String {
        let Self { source, hash, shape, format, quality } = self;
        let Size { width, height } = shape.size;
        let focus = shape.focus.map(|Focus { x, y }| format!("-c{x}x{y}")).unwrap_or_default();
        let name = source.strip_prefix(LIBRARY).unwrap_or(source);
        let format = format.as_str();
        format!("{FOLDER}{width}x{height}{focus}-q{quality}-{hash}/{name}.{format}")
    }

    /// Reads a URL; none when it is no variant's.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (how, name) = url.strip_prefix(FOLDER)?.split_once('/')?;
        let (name, format) = name.rsplit_once('.')?;
        let mut parts = how.split('-').peekable();
        let (width, height) = pair(parts.next()?)?;
        let size = Size { width, height };
        let focus = parts.next_if(|part| part.starts_with('c'));
        let focus = match focus.and_then(|part| part.strip_prefix('c')) {
            None => None,
            Some(part) => {
                let (x, y) = pair(part)?;
                Some(Focus { x: hundredth(x)?, y: hundredth(y)? })
            }
        };
        let quality = hundredth(parts.next()?.strip_prefix('q')?.parse().ok()?)?;
        let hash = parts.next().filter(|hash| {
            hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })?;
        let sound = |side: u32| (1..=LONGEST).contains(&side);
        if parts.next().is_some() || !sound(width) || !sound(height) || name.is_empty() {
            return None;
        }
        let found = Self {
            source: format!("{LIBRARY}{name}"),
            hash: hash.to_owned(),
            shape: Shape { size, focus },
            format: Format::of(format)?,
            quality,
        };
        // One picture has one URL.
        (found.url() == url).then_some(found)
    }

    /// Whether these are the bytes it is to be made of.
    #[must_use]
    pub fn is_of(&self, hash: &str) -> bool {
        hash.starts_with(&self.hash)
    }
}

fn pair(text: &str) -> Option<(u32, u32)> {
    let (one, other) = text.split_once('x')?;
    Some((one.parse().ok()?, other.parse().ok()?))
}

fn hundredth(number: u32) -> Option<u8> {
    u8::try_from(number).ok().filter(|number| *number <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_everything() {
        let size = Size { width: 400, height: 300 };
        for focus in [None, Some(Focus { x: 50, y: 3 })] {
            let shape = Shape { size, focus };
            let hash = "0123456789abcdef";
            let variant =
                Variant::new("/uploads/a b/x.jpg", hash, shape, Format::Webp, 78).unwrap();
            assert_eq!(Variant::parse(&variant.url()), Some(variant.clone()), "{}", variant.url());
            assert!(variant.is_of(hash) && !variant.is_of("0f"));
        }
        let good = "/uploads/-/400x300-c50x3-q78-0123456789ab/x.jpg.webp";
        assert!(Variant::parse(good).is_some());
        for (from, to) in [
            ("400x", "99999x"),
            ("400x", "0x"),
            ("400x", "0400x"),
            ("c50", "c101"),
            ("-q78", ""),
            ("9ab/", "9a/"),
            (".webp", ".exe"),
            ("x.jpg", ""),
            ("/-/", "/"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_eq!(Variant::parse(&bad), None, "{bad}");
        }
        assert_eq!(Variant::parse("/uploads/x.jpg"), None);
    }
}
