//! From a page's path to its URL in links and its file below the root.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What cannot stand in a URL path as it is: RFC 3986's path characters are left alone.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A shorter run of hexadecimal digits may be a word.
const SHORTEST_HASH: usize = 8;

/// The name of a folder's own page.
pub const INDEX: &str = "index.html";

/// The URL of a path, percent-encoded.
#[must_use]
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

/// The file of a path, relative to the root: `/blog/` → `blog/index.html`.
#[must_use]
pub fn file(path: &str) -> String {
    let relative = path.trim_start_matches('/');
    if relative.is_empty() || relative.ends_with('/') {
        format!("{relative}{INDEX}")
    } else {
        relative.to_owned()
    }
}

/// The path of page `number` of a list: page 1 stands at the path itself.
#[must_use]
pub fn numbered(path: &str, number: u64) -> String {
    if number <= 1 { path.to_owned() } else { format!("{path}page/{number}/") }
}

/// The path in a locale; the first locale has no prefix.
#[must_use]
pub fn localized(path: &str, locale: &str, is_first: bool) -> String {
    if is_first { path.to_owned() } else { format!("/{locale}{path}") }
}

/// The file somebody means by a URL, an encoded or plain path, or a file's own name.
#[must_use]
pub fn file_meant(text: &str) -> String {
    let path = text
        .split_once("://")
        .map_or(text, |(_, rest)| rest.find('/').map_or("/", |at| rest.split_at(at).1));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let relative = decoded.trim_start_matches("./").trim_start_matches('/');
    let last = relative.rsplit('/').next().unwrap_or_default();
    if relative.is_empty() || relative.ends_with('/') || last.contains('.') {
        file(&format!("/{relative}"))
    } else {
        format!("{relative}/{INDEX}")
    }
}

/// A file whose bytes never change, as its name says: `assets/site.0123abcd….css`.
#[must_use]
pub fn is_hashed_asset(below: &str) -> bool {
    let name = below.strip_prefix("assets/").and_then(|path| path.rsplit('/').next());
    let parts: Vec<_> = name.unwrap_or_default().rsplitn(3, '.').collect();
    let is_hash = |part: &&str| {
        part.len() >= SHORTEST_HASH
            && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    parts.len() == 3 && parts.get(1).is_some_and(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_encoded_and_files_are_not() {
        assert_eq!(encode("/blog/größe & co/"), "/blog/gr%C3%B6%C3%9Fe%20&%20co/");
        assert_eq!(encode("/100%/"), "/100%25/");
        assert_eq!(file("/"), "index.html");
        assert_eq!(file("/blog/größe/"), "blog/größe/index.html");
        assert_eq!(file("/feed.xml"), "feed.xml");
    }

    #[test]
    fn lists_and_locales_have_their_places() {
        assert_eq!(numbered("/blog/", 1), "/blog/");
        assert_eq!(numbered("/blog/", 2), "/blog/page/2/");
        assert_eq!(localized("/feed.xml", "de", false), "/de/feed.xml");
        assert_eq!(localized("/", "en", true), "/");
    }

    #[test]
    fn a_page_is_found_by_url_path_or_file() {
        for text in [
            "/de/blog/gr%C3%B6%C3%9Fe/",
            "https://example.org/de/blog/größe/?a=1#b",
            "de/blog/größe/index.html",
            "/de/blog/größe",
        ] {
            assert_eq!(file_meant(text), "de/blog/größe/index.html", "{text}");
        }
        assert_eq!(file_meant("https://example.org"), "index.html");
        assert_eq!(file_meant("/feed.xml"), "feed.xml");
    }
}
