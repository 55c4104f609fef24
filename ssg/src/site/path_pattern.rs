//! A route's path: literal text and `{attribute}` places, such as `/blog/{slug}/`; a place
//! with a star, `/docs/{path*}/`, takes any number of names.

use std::fmt;
use std::sync::Arc;

/// A checked path. It starts with `/` and ends in `/` or in a name with an extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// Attributes to walk, outermost first.
    Place(Vec<String>),
    /// The same, for any number of names between slashes, none included.
    Rest(Vec<String>),
}

/// Why an entry gives no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillError {
    /// The attribute at fault, if it is one.
    pub field: Option<String>,
    pub message: String,
}

/// Longest file name that common file systems take, in bytes.
const MAX_NAME_BYTES: usize = 255;

impl PathPattern {
    /// # Errors
    /// With a sentence saying what is wrong with the path.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("path `{text}` must start with `/`"));
        }
        let parts = parse_parts(text)?;
        let filled: String = parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.as_str(),
                Part::Place(_) | Part::Rest(_) => "x",
            })
            .collect();
        check_path(&filled).map_err(|what| format!("path `{text}` {what}"))?;
        let name = filled.rsplit('/').next().unwrap_or_default();
        let has_extension = name
            .rsplit_once('.')
            .is_some_and(|(stem, extension)| !stem.is_empty() && !extension.is_empty());
        if !name.is_empty() && !has_extension {
            return Err(format!(
                "path `{text}` must end in `/` or have an extension, such as `{text}/` or \
                 `{text}.html`"
            ));
        }
        Ok(Self { text: text.into(), parts })
    }

    /// The text, shared by all pages of the route.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Attribute paths used, such as `["author", "slug"]`.
    pub fn places(&self) -> impl Iterator<Item = &[String]> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(path) | Part::Rest(path) => Some(path.as_slice()),
            Part::Literal(_) => None,
        })
    }

    #[must_use]
    pub fn has_places(&self) -> bool {
        self.places().next().is_some()
    }

    /// The path with values filled in, as plain UTF-8.
    ///
    /// # Errors
    /// When a value is missing or empty, or makes a path that cannot be a file's.
    pub fn fill(&self, value: impl Fn(&[String]) -> Option<String>) -> Result<String, FillError> {
        let mut path = String::with_capacity(self.text.len() + 16);
        let mut none = false;
        for part in &self.parts {
            match part {
                Part::Literal(text) => {
                    let text = if none { text.strip_prefix('/').unwrap_or(text) } else { text };
                    path.push_str(text);
                }
                Part::Place(names) | Part::Rest(names) => match value(names) {
                    Some(text) if !text.is_empty() => path.push_str(&text),
                    Some(_) if matches!(part, Part::Rest(_)) => {
                        none = true;
                        continue;
                    }
                    _ => {
                        let field = names.join(".");
                        let message =
                            format!("`{field}` is empty, and the path `{}` needs it", self.text);
                        return Err(FillError { field: Some(field), message });
                    }
                },
            }
            none = false;
        }
        check_path(&path).map_err(|what| FillError {
            field: None,
            message: format!("its path `{path}` {what}"),
        })?;
        Ok(path)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse_parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, after) = rest.split_at(open);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let Some((place, tail)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}'))
        else {
            return Err(format!("path `{text}` has a brace without its partner"));
        };
        let (place, many) = match place.strip_suffix('*') {
            Some(place) => (place, true),
            None => (place, false),
        };
        if many && !(literal.ends_with('/') && tail.starts_with('/')) {
            return Err(format!(
                "`{{{place}*}}` in path `{text}` stands for whole names; write it between slashes"
            ));
        }
        let names: Vec<_> = place.split('.').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(|name| !is_attribute_name(name)) {
            return Err(format!(
                "`{{{place}}}` in path `{text}` is no attribute; write `{{slug}}` or `{{author.slug}}`"
            ));
        }
        parts.push(if many { Part::Rest(names) } else { Part::Place(names) });
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

fn is_attribute_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

fn check_path(path: &str) -> Result<(), &'static str> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return if path == "/" { Ok(()) } else { Err("has an empty part (`//`)") };
    }
    for name in inner.split('/') {
        match name {
            "" => return Err("has an empty part (`//`)"),
            "." | ".." => return Err("has a part `.` or `..`"),
            _ if name.len() > MAX_NAME_BYTES => return Err("has a part longer than 255 bytes"),
            _ if name.chars().any(char::is_control) => return Err("has a control character"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(pattern: &str, value: Option<&str>) -> Result<String, String> {
        let pattern = PathPattern::parse(pattern).unwrap();
        pattern.fill(|_| value.map(str::to_owned)).map_err(|error| error.message)
    }

    #[test]
    fn paths_end_in_a_slash_or_have_an_extension() {
        for good in ["/", "/blog/", "/feed.xml", "/blog/{slug}/", "/{a.b}.json", "/x/{slug}.html"] {
            assert!(PathPattern::parse(good).is_ok(), "{good}");
        }
        for bad in
            ["", "blog/", "/blog", "/{slug}", "//", "/a//b/", "/../x/", "/.html", "/a.", "/{/"]
        {
            assert!(PathPattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn places_are_named_by_attribute_paths() {
        let pattern = PathPattern::parse("/{category.slug}/{slug}/").unwrap();
        let places: Vec<_> = pattern.places().map(|names| names.join(".")).collect();
        assert_eq!(places, ["category.slug", "slug"]);
        assert!(PathPattern::parse("/{a b}/").unwrap_err().contains("no attribute"));
    }

    #[test]
    fn values_fill_the_path_or_say_why_not() {
        assert_eq!(fill("/blog/{slug}/", Some("größe")).unwrap(), "/blog/größe/");
        assert!(fill("/blog/{slug}/", None).unwrap_err().contains("`slug` is empty"));
        assert!(fill("/blog/{slug}/", Some("")).is_err());
        assert!(fill("/blog/{slug}/", Some("..")).is_err());
        assert!(fill("/blog/{slug}/", Some("a/../b")).is_err());
        assert!(fill("/blog/{slug}/", Some("a\u{0}b")).is_err());
        assert_eq!(fill("/{slug}/", Some("a/b")).unwrap(), "/a/b/");
    }

    #[test]
    fn a_star_takes_any_number_of_names() {
        assert_eq!(fill("/docs/{path*}/", Some("a/b")).unwrap(), "/docs/a/b/");
        assert_eq!(fill("/docs/{path*}/", Some("")).unwrap(), "/docs/");
        assert_eq!(fill("/{path*}/", Some("")).unwrap(), "/");
        assert_eq!(fill("/{path*}/index.json", Some("")).unwrap(), "/index.json");
        assert!(fill("/{path*}/", None).is_err());
        for bad in ["/a{path*}/", "/{path*}.html", "/{path*}"] {
            assert!(PathPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
