//! The questions a page can ask.
//!
//! A key says everything needed to ask again: it is stored with the page's trace and
//! answered anew by whoever implements [`Oracle`](super::Oracle). Keys are ordered,
//! printable and stable across restarts. Arguments of queries are kept as the canonical
//! JSON of the REST parameters (keys sorted, absent ones left out), see [`canonical`].

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde_json::Value;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// One document by its id. `args`: `fields`, `populate`.
    Entry { uid: Arc<str>, document_id: Arc<str>, locale: Arc<str>, args: Arc<str> },
    /// An ordered list. `args`: `filters`, `sort`, `fields`, `populate`, `start`, `limit`;
    /// with `total`, the number of all matches is part of the answer.
    Query { uid: Arc<str>, locale: Arc<str>, args: Arc<str>, total: bool },
    /// How many documents match. `args`: `filters`.
    Count { uid: Arc<str>, locale: Arc<str>, args: Arc<str> },
    /// Which values an attribute has, and how many documents have each. `args`: `by`, `unit`,
    /// `filters`.
    Groups { uid: Arc<str>, locale: Arc<str>, args: Arc<str> },
    /// The document before or after one in a sorted list. `args`: `filters`, `sort`,
    /// `fields`, `populate`.
    Neighbour {
        direction: Direction,
        uid: Arc<str>,
        document_id: Arc<str>,
        locale: Arc<str>,
        args: Arc<str>,
    },
    /// Where a document has its page; absent when it has none.
    Url { document_id: Arc<str>, locale: Arc<str> },
    /// The published URL of a file below `static/`; absent when there is none.
    Asset { path: Arc<str> },
    /// The text of a template and of everything it extends, includes or calls.
    Template { name: Arc<str> },
    /// A value of site.toml, by its dotted path (`site.title`, or `site` for all of it).
    Config { path: Arc<str> },
    /// The time, rounded down to a number of seconds.
    Time { seconds: u64 },
    /// What the route table says about an output file: route, URL, alternates, position.
    Page { file: Arc<str> },
    /// Addresses and titles of all pages in a folder, in one locale.
    Pages { below: Arc<str>, locale: Arc<str> },
    /// What an output is made of that is made from the whole site.
    Made { file: Arc<str> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Previous,
    Next,
}

impl Direction {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Previous => "previous",
            Self::Next => "next",
        }
    }
}

impl Key {
    /// The word for this kind of question in reports: `entry`, `query`, `template` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Entry { .. } => "entry",
            Self::Query { .. } => "query",
            Self::Count { .. } => "count",
            Self::Groups { .. } => "groups",
            Self::Neighbour { direction, .. } => direction.as_str(),
            Self::Url { .. } => "url",
            Self::Asset { .. } => "asset",
            Self::Template { .. } => "template",
            Self::Config { .. } => "config",
            Self::Time { .. } => "time",
            Self::Page { .. } => "page",
            Self::Pages { .. } => "pages",
            Self::Made { .. } => "made",
        }
    }

    /// The content type asked about, if any.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        match self {
            Self::Entry { uid, .. }
            | Self::Query { uid, .. }
            | Self::Count { uid, .. }
            | Self::Groups { uid, .. }
            | Self::Neighbour { uid, .. } => Some(uid),
            _ => None,
        }
    }

    /// The document asked about, if any.
    #[must_use]
    pub fn document_id(&self) -> Option<&str> {
        match self {
            Self::Entry { document_id, .. }
            | Self::Neighbour { document_id, .. }
            | Self::Url { document_id, .. } => Some(document_id),
            _ => None,
        }
    }

    /// Whether the answer comes from documents, and so has a footprint.
    #[must_use]
    pub fn is_about_content(&self) -> bool {
        self.uid().is_some()
    }

    /// Whether the route table answers.
    #[must_use]
    pub fn is_about_routes(&self) -> bool {
        matches!(
            self,
            Self::Page { .. } | Self::Url { .. } | Self::Pages { .. } | Self::Made { .. }
        )
    }

    /// Templates, assets, configuration, the time: few questions, cheap answers.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Template { .. } | Self::Asset { .. } | Self::Config { .. } | Self::Time { .. }
        )
    }

    /// One line that [`Key::decode`] reads back.
    #[must_use]
    pub fn encode(&self) -> String {
        let total = |total: bool| if total { "total" } else { "" };
        let seconds = match self {
            Self::Time { seconds } => seconds.to_string(),
            _ => String::new(),
        };
        let parts: Vec<&str> = match self {
            Self::Time { .. } => vec![&seconds],
            Self::Entry { uid, document_id, locale, args } => vec![uid, document_id, locale, args],
            Self::Query { uid, locale, args, total: wanted } => {
                vec![uid, locale, args, total(*wanted)]
            }
            Self::Count { uid, locale, args } | Self::Groups { uid, locale, args } => {
                vec![uid, locale, args]
            }
            Self::Neighbour { uid, document_id, locale, args, .. } => {
                vec![uid, document_id, locale, args]
            }
            Self::Url { document_id, locale } => vec![document_id, locale],
            Self::Asset { path } | Self::Config { path } => vec![path],
            Self::Template { name } => vec![name],
            Self::Page { file } | Self::Made { file } => vec![file],
            Self::Pages { below, locale } => vec![below, locale],
        };
        let mut text = self.kind().to_owned();
        for part in parts {
            text.push('\t');
            text.push_str(&part.replace('\\', "\\\\").replace('\t', "\\t"));
        }
        text
    }

    /// The inverse of [`Key::encode`], with texts made by `share`; `None` for text it did not
    /// write.
    #[must_use]
    pub fn decode(text: &str, share: &mut dyn FnMut(&str) -> Arc<str>) -> Option<Self> {
        let mut parts = text.split('\t');
        let kind = parts.next()?;
        let mut next = || parts.next().map(|part| share(&unescape(part)));
        let key = match kind {
            "entry" => {
                Self::Entry { uid: next()?, document_id: next()?, locale: next()?, args: next()? }
            }
            "query" => Self::Query {
                uid: next()?,
                locale: next()?,
                args: next()?,
                total: &*next()? == "total",
            },
            "count" => Self::Count { uid: next()?, locale: next()?, args: next()? },
            "groups" => Self::Groups { uid: next()?, locale: next()?, args: next()? },
            "previous" | "next" => Self::Neighbour {
                direction: if kind == "next" { Direction::Next } else { Direction::Previous },
                uid: next()?,
                document_id: next()?,
                locale: next()?,
                args: next()?,
            },
            "url" => Self::Url { document_id: next()?, locale: next()? },
            "asset" => Self::Asset { path: next()? },
            "template" => Self::Template { name: next()? },
            "config" => Self::Config { path: next()? },
            "time" => Self::Time { seconds: next()?.parse().ok()? },
            "pages" => Self::Pages { below: next()?, locale: next()? },
            "made" => Self::Made { file: next()? },
            "page" => Self::Page { file: next()? },
            _ => return None,
        };
        Some(key)
    }
}

/// For people: `query api::article.article en {"limit":5}`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.encode();
        for (position, part) in text.split('\t').filter(|part| !part.is_empty()).enumerate() {
            if position > 0 {
                f.write_char(' ')?;
            }
            f.write_str(&unescape(part))?;
        }
        Ok(())
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        plain.push(match (char, char == '\\') {
            (_, false) => char,
            (_, true) => match chars.next() {
                Some('t') => '\t',
                _ => '\\',
            },
        });
    }
    plain.into()
}

/// The canonical text of query arguments: object keys sorted at every level, lists as they
/// are; nulls at the top level are left out, so that `limit=null` and no limit are one
/// question.
#[must_use]
pub fn canonical(args: &Value) -> String {
    let sorted = match args {
        Value::Object(map) => {
            Value::Object(sorted(map.iter().filter(|(_, value)| !value.is_null())))
        }
        Value::Null => Value::Object(serde_json::Map::new()),
        other => other.clone(),
    };
    sorted.to_string()
}

fn sorted<'a>(
    entries: impl Iterator<Item = (&'a String, &'a Value)>,
) -> serde_json::Map<String, Value> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(key, _)| *key);
    entries.into_iter().map(|(key, value)| (key.clone(), sort_keys(value))).collect()
}

/// A value with the keys of its objects sorted at every level.
#[must_use]
pub fn sort_keys(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(sorted(map.iter())),
        Value::Array(items) => Value::Array(items.iter().map(sort_keys).collect()),
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_key_survives_encoding() {
        let text = |s: &str| Arc::<str>::from(s);
        let uid = || text("api::article.article");
        let keys = [
            Key::Entry {
                uid: uid(),
                document_id: text("d1"),
                locale: text("en"),
                args: text("{}"),
            },
            Key::Query {
                uid: uid(),
                locale: text(""),
                args: text("{\"q\":\"\\\\\"}"),
                total: true,
            },
            Key::Query { uid: uid(), locale: text("de"), args: text("{}"), total: false },
            Key::Count { uid: uid(), locale: text("de"), args: text("{}") },
            Key::Neighbour {
                direction: Direction::Next,
                uid: uid(),
                document_id: text("d"),
                locale: text("en"),
                args: text("{}"),
            },
            Key::Url { document_id: text("d"), locale: text("en") },
            Key::Asset { path: text("a\tb\\t.css") },
            Key::Template { name: text("base.html") },
            Key::Config { path: text("site.title") },
            Key::Time { seconds: 600 },
            Key::Page { file: text("blog/index.html") },
            Key::Groups { uid: uid(), locale: text("de"), args: text("{}") },
            Key::Pages { below: text("docs/"), locale: text("en") },
            Key::Made { file: text("sitemap.xml") },
        ];
        for key in keys {
            let decoded = Key::decode(&key.encode(), &mut |text| text.into());
            assert_eq!(decoded.as_ref(), Some(&key), "{key}");
        }
    }

    #[test]
    fn arguments_in_any_order_are_one_question() {
        let one = canonical(&json!({ "sort": "a", "filters": { "b": 1, "a": 2 }, "limit": null }));
        let other = canonical(&json!({ "filters": { "a": 2, "b": 1 }, "sort": "a" }));
        assert_eq!(one, other);
        assert_eq!(one, r#"{"filters":{"a":2,"b":1},"sort":"a"}"#);
        assert_eq!(canonical(&Value::Null), "{}");
    }
}
