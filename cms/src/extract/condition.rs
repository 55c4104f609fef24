//! Conditional requests: `If-None-Match` on reads, `If-Match` on writes.
//!
//! A tag is compared without its quotes and without `W/`: a proxy that compresses an answer
//! marks its tag as weak, and the tag still names the same edition of the same entry.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

/// Tags a client names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tags {
    /// `*`: whatever there is.
    Any,
    These(Vec<String>),
}

impl Tags {
    pub(crate) fn if_none_match(request: &HttpRequest) -> Option<Self> {
        Self::of(request, &header::IF_NONE_MATCH)
    }

    pub(crate) fn if_match(request: &HttpRequest) -> Option<Self> {
        Self::of(request, &header::IF_MATCH)
    }

    fn of(request: &HttpRequest, name: &HeaderName) -> Option<Self> {
        let mut values = request.headers().get_all(name).peekable();
        values.peek()?;
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        Some(Self::parse(&values.join(",")))
    }

    /// Our tags hold no commas, so one that does is none of ours and may fall apart.
    fn parse(text: &str) -> Self {
        let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        let bare = tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"'));
        let tags: Vec<String> = bare.map(str::to_owned).collect();
        if tags.iter().any(|tag| tag == "*") { Self::Any } else { Self::These(tags) }
    }

    /// Whether one of the tags is this one.
    pub(crate) fn name(&self, tag: &str) -> bool {
        matches!(self, Self::These(tags) if tags.iter().any(|known| known == tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_without_quotes_and_weakness() {
        let tags = Tags::parse(r#""a.b", W/"c" ,d,"#);
        for known in ["a.b", "c", "d"] {
            assert!(tags.name(known));
        }
        assert!(!tags.name("a") && !tags.name(""));
        assert_eq!(Tags::parse(" * "), Tags::Any);
        assert!(!Tags::Any.name("a"));
    }
}
