//! Where a redirect leads: a file of this site, or an address.
//!
//! An address goes back to the visitor, so it is made from the request as it
//! was encoded. A file is looked up, so it is made from the decoded path, and
//! never from a query parameter, which could say anything.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{decoded, name_length, origin::SPLAT};

/// What an address cannot hold, and `$`, which nginx cannot write.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'$')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// By position among the captures of the path.
    Path(usize),
    /// By position among the rule's query conditions.
    Query(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub destination: Destination,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Below the live tree; `/x/` is its `index.html`.
    File,
    Address {
        /// The request's own query is handed on.
        passes_query: bool,
        /// With its `#`, or empty.
        fragment: String,
    },
}

impl Target {
    /// `path` and `query` name the captures there are.
    pub(super) fn file(text: &str, path: &[&str], query: &[Option<&str>]) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!(
                "`{text}` is not of this site: statuses 200, 404 and 410 show a file of it; \
                 the content server is reached under `/api/`"
            ));
        }
        if text.starts_with("/api/") || text.starts_with("/hooks/") {
            return Err(format!("`{text}` is answered by `ssg serve` and is no file of this site"));
        }
        if text.contains(['?', '#']) {
            return Err(format!("`{text}` shows a file; it cannot have `?` or `#`"));
        }
        let parts = parts(text, path, query, decoded)?;
        if parts.iter().any(|part| matches!(part, Part::Query(_))) {
            return Err(format!("`{text}`: a query parameter cannot name a file of this site"));
        }
        if text.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(format!("`{text}` is not a plain path (`.` or `..`)"));
        }
        Ok(Self { destination: Destination::File, parts })
    }

    pub(super) fn address(
        text: &str,
        path: &[&str],
        query: &[Option<&str>],
    ) -> Result<Self, String> {
        check_host(text)?;
        let (text, fragment) = text.find('#').map_or((text, ""), |at| text.split_at(at));
        if leads_elsewhere(text) {
            return Err(format!(
                "`{text}`: after the first `/`, `:{SPLAT}` cannot be followed by anything: \
                 when it is empty, browsers would read the rest as another host"
            ));
        }
        let parts = parts(text, path, query, |text| Ok(encoded(text)))?;
        let passes_query = !text.contains('?') && query.is_empty();
        let fragment = encoded(fragment);
        Ok(Self { destination: Destination::Address { passes_query, fragment }, parts })
    }

    /// The text with all captures in their places.
    pub(super) fn fill(&self, path: &[&str], query: &[&str]) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Path(at) => path.get(*at).copied().unwrap_or_default(),
            Part::Query(at) => query.get(*at).copied().unwrap_or_default(),
        });
        texts.collect()
    }

    /// What it says when nothing in it depends on the request.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNSAFE).to_string()
}

/// The host is the owner's word alone.
fn check_host(text: &str) -> Result<(), String> {
    if text.starts_with('/') && !text.starts_with("//") {
        return Ok(());
    }
    let url = url::Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty()
    });
    let host = text.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let placeholder = host.match_indices(':').any(|(at, _)| name_length(&host[at + 1..]) > 0);
    if url.is_none() || placeholder {
        return Err(format!(
            "`{text}` leads nowhere; expected a path (`/x/`) or an address (`https://host/x`) \
             whose host has no placeholder"
        ));
    }
    Ok(())
}

fn leads_elsewhere(text: &str) -> bool {
    let rest = text.strip_prefix("/:").and_then(|rest| rest.strip_prefix(SPLAT));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['?', '#']))
}

/// `:name` where such a capture exists; any other `:` is text, except that a
/// misspelt placeholder is a mistake.
fn parts(
    text: &str,
    path: &[&str],
    query: &[Option<&str>],
    plain: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut from = 0;
    let start = text.find("://").map_or(0, |at| at + 3);
    let mut rest = start;
    while let Some(at) = text[rest..].find(':').map(|at| rest + at) {
        let length = name_length(&text[at + 1..]);
        rest = at + 1 + length;
        if length == 0 {
            continue;
        }
        let name = &text[at + 1..rest];
        let capture = path.iter().position(|known| *known == name).map(Part::Path);
        let capture = capture
            .or_else(|| query.iter().position(|known| *known == Some(name)).map(Part::Query))
            .ok_or_else(|| format!("`{text}`: nothing in the rule is called `:{name}`"))?;
        if from < at {
            parts.push(Part::Text(plain(&text[from..at])?));
        }
        parts.push(capture);
        from = rest;
    }
    if from < text.len() {
        parts.push(Part::Text(plain(&text[from..])?));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_put_where_the_target_names_them() {
        let target = Target::address("/x/:b-:a.html", &["a", "b"], &[]).unwrap();
        assert_eq!(target.fill(&["1", "2"], &[]), "/x/2-1.html");
        let target = Target::address("https://a.org:8080/:splat#top", &["splat"], &[]).unwrap();
        assert_eq!(target.fill(&["y/z"], &[]), "https://a.org:8080/y/z");
        let target = Target::file("/%C3%BC/:splat", &["splat"], &[]).unwrap();
        assert_eq!(target.fill(&["y"], &[]), "/ü/y");
    }

    #[test]
    fn only_what_the_owner_wrote_decides_where_visitors_go() {
        for bad in [
            "x",
            "//evil.org/",
            "ftp://a.org/",
            "https://:a.org/",
            "https://a.:a/",
            "/:splat/:a",
            "/:splat/",
            "/:none",
        ] {
            assert!(Target::address(bad, &["a", "splat"], &[]).is_err(), "{bad}");
        }
        let from_query = Target::file("/:id/", &[], &[Some("id")]).unwrap_err();
        assert!(from_query.contains("query parameter"), "{from_query}");
        for bad in ["https://a.org/", "/api/x", "/a?b=c", "/../a", "/a$b"] {
            assert!(Target::file(bad, &[], &[]).is_err(), "{bad}");
        }
    }
}
