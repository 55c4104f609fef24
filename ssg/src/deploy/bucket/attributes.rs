//! What a bucket says to a browser about a file: what nginx says, as far as a bucket can.

use mime_guess::mime;
use object_store::{Attribute, Attributes};

use crate::pictures::is_variant;
use crate::site::public_url::is_hashed_asset;

const UNCHANGING: &str = "public, max-age=31536000, immutable";
const ASKED_EACH_TIME: &str = "public, no-cache";
/// Where files are that editors uploaded.
const UPLOADS: &str = "uploads/";
/// Of those, what a browser would run as a page of this site.
const ACTIVE: [&str; 6] = ["html", "xml", "xhtml+xml", "svg+xml", "javascript", "css"];
/// Of the sum that tells classes apart.
const CLASS_LENGTH: usize = 8;

/// What is said about a file besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    kind: String,
    cache: &'static str,
    saved: bool,
}

impl Class {
    pub(super) fn of(path: &str) -> Self {
        let guessed = mime_guess::from_path(path).first_or_octet_stream();
        let subtype = match guessed.suffix() {
            Some(suffix) => format!("{}+{suffix}", guessed.subtype()),
            None => guessed.subtype().to_string(),
        };
        let is_text = guessed.type_() == mime::TEXT
            || ["javascript", "json", "xml"].iter().any(|text| subtype.ends_with(text));
        let kind = guessed.essence_str();
        Self {
            kind: if is_text { format!("{kind}; charset=utf-8") } else { kind.to_owned() },
            cache: if is_hashed_asset(path) || is_variant(path) {
                UNCHANGING
            } else {
                ASKED_EACH_TIME
            },
            saved: path.starts_with(UPLOADS) && ACTIVE.contains(&subtype.as_str()),
        }
    }

    /// A name for it: bytes that two classes share are two objects.
    pub(super) fn name(&self) -> String {
        let text = format!("{}\n{}\n{}", self.kind, self.cache, self.saved);
        let sum = blake3::hash(text.as_bytes()).to_hex();
        sum.get(..CLASS_LENGTH).unwrap_or_default().to_owned()
    }

    pub(super) fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, self.kind.clone().into());
        attributes.insert(Attribute::CacheControl, self.cache.into());
        if self.saved {
            attributes.insert(Attribute::ContentDisposition, "attachment".into());
        }
        attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: &str) -> (String, &'static str, bool) {
        let Class { kind, cache, saved } = Class::of(path);
        (kind, cache, saved)
    }

    #[test]
    fn a_file_is_what_nginx_says_it_is() {
        let html = "text/html; charset=utf-8".to_owned();
        assert_eq!(said("a/index.html"), (html.clone(), ASKED_EACH_TIME, false));
        assert_eq!(said("uploads/x.html"), (html, ASKED_EACH_TIME, true));
        assert_eq!(said("assets/site.0123456789ab.css").1, UNCHANGING);
        assert_eq!(said("uploads/x.png"), ("image/png".to_owned(), ASKED_EACH_TIME, false));
        assert!(said("uploads/x.svg").2 && !said("x.svg").2);
        assert_eq!(said("feed").0, "application/octet-stream");
        assert_ne!(Class::of("a.html").name(), Class::of("a.css").name());
    }
}
