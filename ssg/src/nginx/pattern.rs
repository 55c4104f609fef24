//! Rules' paths as nginx's regular expressions, and texts as its strings.
//!
//! Both ends of an expression are fixed, and `.` may be a line break: a path
//! is decoded before it is compared, so it can hold anything.

use std::fmt::Write;

use crate::rules::{Glob, Origin, Part, Segment, Target, Token};

/// Literal text inside an expression inside double quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '/' | '-' | '_') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A text inside double quotes. It must have no `$`.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// How captures are named: variables of nginx are global.
pub(super) struct Captures<'a> {
    pub(super) prefix: &'a str,
}

impl Captures<'_> {
    pub(super) fn path(&self, at: usize) -> String {
        format!("{}_p{at}", self.prefix)
    }

    pub(super) fn query(&self, at: usize) -> String {
        format!("{}_q{at}", self.prefix)
    }

    /// A target with variables for its captures, without the quotes.
    pub(super) fn target(&self, target: &Target) -> String {
        let parts = target.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Path(at) => format!("${{{}}}", self.path(*at)),
            Part::Query(at) => format!("${{{}}}", self.query(*at)),
        });
        parts.collect()
    }

    /// Matches the decoded path and captures.
    pub(super) fn decoded(&self, origin: &Origin) -> String {
        self.walk(origin, "[^/]+", ".*", escaped) + "\\z"
    }

    /// Captures from the address as sent, which is known to match.
    pub(super) fn raw(&self, origin: &Origin) -> String {
        self.walk(origin, "[^/?#]+", "[^?#]*", |_| "[^/?#]+".to_owned())
    }

    fn walk(
        &self,
        origin: &Origin,
        segment: &str,
        rest: &str,
        literal: impl Fn(&str) -> String,
    ) -> String {
        let (mut out, mut at) = (String::new(), 0);
        for one in &origin.segments {
            out.push('/');
            match one {
                Segment::Literal(text) => out.push_str(&literal(text)),
                Segment::Named(_) => {
                    out.push_str(&format!("(?<{}>{segment})", self.path(at)));
                    at += 1;
                }
            }
        }
        let rest = format!("(?<{}>{rest})", self.path(at));
        match (origin.splat, origin.segments.is_empty()) {
            (true, true) => out + "/" + &rest,
            (true, false) => format!("{out}(?:/{rest})?"),
            (false, true) => out + "/",
            (false, false) => out + "/?",
        }
    }
}

/// Matches what the glob matches.
pub(super) fn glob(glob: &Glob) -> String {
    let mut out = "~(?s)^".to_owned();
    for token in &glob.tokens {
        match token {
            Token::Text(text) => out.push_str(&escaped(text)),
            Token::Segment => out.push_str("[^/]+"),
            Token::Any => out.push_str(".*"),
        }
    }
    out.push_str(if glob.below { "(?:/.*)?\\z" } else { "/?\\z" });
    out
}

/// `map SOURCE $NAME { … }`; rows are key and value, quoted as they must be.
pub(super) fn map(
    out: &mut String,
    source: &str,
    name: &str,
    default: &str,
    rows: &[(String, String)],
) -> std::fmt::Result {
    writeln!(out, "map {source} ${name} {{\n    default {default};")?;
    for (key, value) in rows {
        writeln!(out, "    {key} {value};")?;
    }
    writeln!(out, "}}")
}
