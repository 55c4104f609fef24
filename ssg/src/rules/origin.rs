//! Which paths a redirect is about: `/blog/:year/*`.

use super::{decoded, name_length};

/// Paths of the daemon itself, which no rule reaches.
const TAKEN: [&str; 6] = ["api", "hooks", "-", "healthz", "readyz", "metrics"];
/// What the splat is called in a target.
pub(super) const SPLAT: &str = "splat";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Compared with the decoded path, letter for letter.
    Literal(String),
    /// Matches one segment, whatever it is.
    Named(String),
}

/// A trailing slash is not looked at; a splat matches the rest, also none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub segments: Vec<Segment>,
    pub splat: bool,
}

impl Origin {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(format!("`{text}` names a host; a rule is about paths of this site"));
        }
        let Some(below) = text.strip_prefix('/') else {
            return Err(format!("`{text}` is no path; it must begin with `/`"));
        };
        if below.contains(['?', '#']) {
            return Err(format!(
                "`{text}`: query parameters are written as `name=value` between the two paths"
            ));
        }
        let mut from = Self { segments: Vec::new(), splat: false };
        let below = below.strip_suffix('/').unwrap_or(below);
        if below.is_empty() {
            return Ok(from);
        }
        let mut parts = below.split('/').peekable();
        while let Some(part) = parts.next() {
            if part == "*" && parts.peek().is_none() {
                from.splat = true;
            } else {
                from.segments.push(segment(text, part, &from.segments)?);
            }
        }
        match from.segments.first() {
            Some(Segment::Literal(first)) if TAKEN.contains(&first.as_str()) => Err(format!(
                "`{text}` is answered by `ssg serve` itself; no rule can be about `/{first}`"
            )),
            _ => Ok(from),
        }
    }

    /// What placeholders and the splat, in this order, stand for in a path.
    #[must_use]
    pub fn captures<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        self.walk(path, true)
    }

    /// The same places in the path as it was sent: for what goes back encoded.
    #[must_use]
    pub(super) fn places<'p>(&self, raw: &'p str) -> Option<Vec<&'p str>> {
        self.walk(raw, false)
    }

    fn walk<'p>(&self, path: &'p str, compare: bool) -> Option<Vec<&'p str>> {
        let mut rest = Some(path.strip_prefix('/')?);
        let mut captures = Vec::new();
        for segment in &self.segments {
            let text = rest?;
            let (head, tail) = match text.split_once('/') {
                Some((head, tail)) => (head, Some(tail)),
                None => (text, None),
            };
            match segment {
                _ if head.is_empty() => return None,
                Segment::Named(_) => captures.push(head),
                Segment::Literal(literal) if compare && literal != head => return None,
                Segment::Literal(_) => {}
            }
            rest = tail;
        }
        let rest = rest.unwrap_or_default();
        if self.splat {
            captures.push(rest);
        }
        (self.splat || rest.is_empty()).then_some(captures)
    }

    /// The names in the order of [`Origin::captures`].
    pub(super) fn names(&self) -> Vec<&str> {
        let named = self.segments.iter().filter_map(|segment| match segment {
            Segment::Named(name) => Some(name.as_str()),
            Segment::Literal(_) => None,
        });
        named.chain(self.splat.then_some(SPLAT)).collect()
    }

    /// The only path it matches, if there is only one.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        let mut path = String::new();
        for segment in &self.segments {
            let Segment::Literal(literal) = segment else { return None };
            path.push('/');
            path.push_str(literal);
        }
        if path.is_empty() {
            path.push('/');
        }
        (!self.splat).then_some(path)
    }
}

fn segment(text: &str, part: &str, before: &[Segment]) -> Result<Segment, String> {
    if let Some(name) = part.strip_prefix(':') {
        if name_length(name) != name.len() || name.is_empty() {
            return Err(format!("`{text}`: `{part}` is no placeholder; expected `:name`"));
        }
        if name == SPLAT || before.contains(&Segment::Named(name.to_owned())) {
            return Err(format!("`{text}`: there is more than one `:{name}`"));
        }
        return Ok(Segment::Named(name.to_owned()));
    }
    if part.contains('*') {
        return Err(format!("`{text}`: `*` stands alone at the end of a path"));
    }
    let literal = decoded(part)?;
    if matches!(literal.as_str(), "" | "." | "..") || literal.contains('/') {
        return Err(format!("`{text}` is not a plain path (`//`, `.`, `..`, an encoded `/`)"));
    }
    Ok(Segment::Literal(literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures<'p>(from: &str, path: &'p str) -> Option<Vec<&'p str>> {
        Origin::parse(from).unwrap().captures(path)
    }

    #[test]
    fn paths_match_segment_by_segment() {
        for (from, path, expected) in [
            ("/", "/", Some(vec![])),
            ("/a", "/a", Some(vec![])),
            ("/a/", "/a", Some(vec![])),
            ("/a", "/a/", Some(vec![])),
            ("/a", "/A", None),
            ("/a", "/a/b", None),
            ("/a", "/", None),
            ("/:x/b", "/1/b", Some(vec!["1"])),
            ("/:x/b", "//b", None),
            ("/a/:x", "/a/", None),
            ("/a/*", "/a", Some(vec![""])),
            ("/a/*", "/a/", Some(vec![""])),
            ("/a/*", "/a/b/c/", Some(vec!["b/c/"])),
            ("/a/*", "/ab", None),
            ("/*", "/", Some(vec![""])),
            ("/%C3%BC", "/ü", Some(vec![])),
        ] {
            assert_eq!(captures(from, path), expected, "{from} {path}");
        }
    }

    #[test]
    fn what_is_no_plain_path_is_refused() {
        for bad in [
            "a",
            "https://example.org/a",
            "/a?b=c",
            "/a*",
            "/a/*/b",
            "/:",
            "/:1",
            "/:a/:a",
            "/:splat",
            "/a//b",
            "/../a",
            "/a%2Fb",
            "/a$b",
            "/api/x",
            "/healthz",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }
}
