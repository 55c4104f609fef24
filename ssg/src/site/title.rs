//! What a route's pages are called where other pages name them: in breadcrumbs and menus.

use toml::Spanned;
use toml::de::DeValue;

use super::toml_reader::{Source, to_json};

/// Text with `{attribute}` places, the same in all locales or one for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(Vec<(Option<String>, Vec<Part>)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place(Vec<String>),
}

impl Title {
    /// Reads `title = "{name}"` or `title = { en = "Blog", de = "Das Blog" }`.
    pub(super) fn read(source: &mut Source<'_>, value: &Spanned<DeValue<'_>>) -> Option<Self> {
        let texts: Option<Vec<_>> = match to_json(value.get_ref()) {
            serde_json::Value::String(text) => parse(&text).map(|parts| vec![(None, parts)]),
            serde_json::Value::Object(map) => map
                .into_iter()
                .map(|(locale, text)| Some((Some(locale), parse(text.as_str()?)?)))
                .collect(),
            _ => None,
        };
        if texts.is_none() {
            source.complain(
                value.span().start,
                "`title` must be text, with places such as `{title}`, or a table of texts by locale",
            );
        }
        texts.map(Self)
    }

    /// Attributes it names.
    pub fn places(&self) -> impl Iterator<Item = &[String]> {
        self.0.iter().flat_map(|(_, parts)| parts).filter_map(|part| match part {
            Part::Place(path) => Some(path.as_slice()),
            Part::Literal(_) => None,
        })
    }

    /// The text in a locale; a value that is not there shows nothing.
    pub fn fill(
        &self,
        locale: &str,
        mut value: impl FnMut(&[String]) -> Option<String>,
    ) -> Option<String> {
        let of = |wanted: Option<&str>| {
            self.0.iter().find(|(of, _)| of.as_deref() == wanted).map(|(_, parts)| parts)
        };
        let parts = of(Some(locale)).or_else(|| of(None))?;
        let text: String = parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Place(names) => value(names).unwrap_or_default(),
            })
            .collect();
        Some(text).filter(|text| !text.trim().is_empty())
    }
}

fn parse(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (place, after) = after.split_once('}')?;
        let names: Vec<_> = place.split('.').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return None;
        }
        parts.push(Part::Place(names));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_mistakes_are_none() {
        let title = Title(vec![(None, parse("By {author.name}!").unwrap())]);
        let filled = title.fill("en", |names| Some(names.join("/")));
        assert_eq!(filled.as_deref(), Some("By author/name!"));
        assert_eq!(Title(vec![(None, parse("{a}").unwrap())]).fill("en", |_| None), None);
        assert_eq!(parse("{a"), None);
        assert_eq!(parse("{}"), None);
    }
}
