//! Which paths of the API a rule speaks of: names, `*` for any one, `**` for all that follow.

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePath {
    text: String,
    parts: Vec<Part>,
    /// Whatever follows fits as well.
    below: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Name(String),
    Any,
}

impl RulePath {
    /// # Errors
    /// With a sentence saying what is wrong with the path.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("path `{text}` {what}");
        let below_api =
            text.strip_prefix("/api/").ok_or_else(|| wrong("must start with `/api/`"))?;
        let (inner, below) = match below_api.strip_suffix("**") {
            Some("") => ("", true),
            Some(inner) => (
                inner.strip_suffix('/').ok_or_else(|| wrong("must have `**` after a slash"))?,
                true,
            ),
            None => (below_api, false),
        };
        let mut parts = Vec::new();
        for part in inner.split('/').filter(|_| !inner.is_empty()) {
            parts.push(match part {
                "*" => Part::Any,
                "" | "." | ".." => return Err(wrong("has an empty part, `.` or `..`")),
                name if name.contains(['*', '?', '#', '%', '\\'])
                    || name.contains(char::is_control) =>
                {
                    return Err(wrong("has a sign that no name has; `*` stands for a whole part"));
                }
                name => Part::Name(name.to_owned()),
            });
        }
        if parts.is_empty() && !below {
            return Err(wrong("names nothing"));
        }
        Ok(Self { text: text.to_owned(), parts, below })
    }

    /// Whether it fits the decoded names below `/api/`.
    #[must_use]
    pub fn fits(&self, names: &[String]) -> bool {
        let long = if self.below {
            names.len() > self.parts.len()
                || (!self.parts.is_empty() && names.len() == self.parts.len())
        } else {
            names.len() == self.parts.len()
        };
        long && self.parts.iter().zip(names).all(|(part, name)| match part {
            Part::Any => true,
            Part::Name(own) => own == name,
        })
    }
}

impl fmt::Display for RulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        let names: Vec<_> = path.split('/').map(str::to_owned).collect();
        RulePath::parse(pattern).unwrap().fits(&names)
    }

    #[test]
    fn names_stars_and_everything_below() {
        assert!(fits("/api/articles", "articles"));
        assert!(!fits("/api/articles", "articles/x"));
        assert!(fits("/api/articles/*", "articles/x"));
        assert!(!fits("/api/articles/*", "articles"));
        assert!(fits("/api/articles/**", "articles") && fits("/api/articles/**", "articles/x/y"));
        assert!(fits("/api/**", "a/b") && !fits("/api/a/**", "b"));
        assert!(fits("/api/*/count", "a/count"));
    }

    #[test]
    fn odd_paths_are_refused() {
        for bad in
            ["/articles", "/api/", "/api/a//b", "/api/../x", "/api/a*", "/api/a**", "/api/%61"]
        {
            assert!(RulePath::parse(bad).is_err(), "{bad}");
        }
    }
}
