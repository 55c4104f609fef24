//! Which paths a block of headers is about: `/blog/*`, `/*.pdf`, `/:lang/x`.

use super::{decoded, name_length};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Text(String),
    /// One segment, or what is left of it.
    Segment,
    /// Anything, slashes too.
    Any,
}

/// A trailing slash is not looked at, and `/blog/*` is also about `/blog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    pub tokens: Vec<Token>,
    /// The pattern ends in `/*`: the slash and all behind it may be missing.
    pub below: bool,
}

impl Glob {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(format!("`{text}` names a host; headers are about paths of this site"));
        }
        if !text.starts_with('/') {
            return Err(format!("`{text}` is no path; it must begin with `/`"));
        }
        if text.contains(['?', '#']) || text.contains("//") {
            return Err(format!("`{text}` is not a plain path (`?`, `#`, `//`)"));
        }
        let (text, below) = match text.strip_suffix("/*") {
            Some(text) => (text, true),
            None => (text.strip_suffix('/').unwrap_or(text), false),
        };
        Ok(Self { tokens: tokens(text)?, below })
    }

    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matches_from(&self.tokens, path)
    }

    fn matches_from(&self, tokens: &[Token], path: &str) -> bool {
        let Some((token, others)) = tokens.split_first() else {
            return path.is_empty() || path == "/" || (self.below && path.starts_with('/'));
        };
        let ends = |limit: usize, least: usize| {
            let inside = path.char_indices().map(|(at, _)| at).chain([path.len()]);
            inside.skip(least).take_while(move |at| *at <= limit)
        };
        match token {
            Token::Text(text) => {
                path.strip_prefix(text.as_str()).is_some_and(|path| self.matches_from(others, path))
            }
            Token::Segment => {
                let limit = path.find('/').unwrap_or(path.len());
                ends(limit, 1).any(|at| self.matches_from(others, &path[at..]))
            }
            Token::Any => ends(path.len(), 0).any(|at| self.matches_from(others, &path[at..])),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(['*', ':']).unwrap_or(rest.len());
        let (plain, special) = rest.split_at(at);
        if !plain.is_empty() {
            tokens.push(Token::Text(decoded(plain)?));
        }
        rest = match special.chars().next() {
            Some('*') if tokens.contains(&Token::Any) => {
                return Err(format!("`{text}` has more than one `*`"));
            }
            Some('*') => {
                tokens.push(Token::Any);
                &special[1..]
            }
            Some(_) => {
                let length = name_length(&special[1..]);
                if length == 0 {
                    return Err(format!("`{text}`: `:` begins a placeholder, such as `:name`"));
                }
                tokens.push(Token::Segment);
                &special[1 + length..]
            }
            None => "",
        };
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_paths() {
        for (glob, path, expected) in [
            ("/*", "/", true),
            ("/*", "/a/b", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/a", "/a/", true),
            ("/a", "/a/b", false),
            ("/a/*", "/a", true),
            ("/a/*", "/a/b/c", true),
            ("/a/*", "/ab", false),
            ("/*.pdf", "/x/y.pdf", true),
            ("/*.pdf", "/x/y.pdfx", false),
            ("/:lang/x", "/de/x", true),
            ("/:lang/x", "/de/at/x", false),
            ("/:lang/x", "//x", false),
            ("/f*", "/foo/bar/", true),
        ] {
            assert_eq!(Glob::parse(glob).unwrap().matches(path), expected, "{glob} {path}");
        }
        for bad in ["a", "/a?b", "https://a.org/*", "/*x*", "/a:", "/a//b"] {
            assert!(Glob::parse(bad).is_err(), "{bad}");
        }
    }
}
