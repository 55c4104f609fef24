//! `feed`: entries as Atom, RSS or JSON Feed.
//!
//! Which attribute is what is said by name; everything else is known: addresses of pages,
//! ids that stay, the page's own address and language.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use tera::{Error, Kwargs, State, Tera, Value};

use super::links;
use crate::content::value::get;
use crate::render::feed::{Enclosure, Feed, Format, Item, absolute};
use crate::templates::arguments::Arguments;
use crate::templates::filters::text::Texts;
use crate::templates::scope::{self, Scope};

pub(super) const FEED: [&str; 15] = [
    "format",
    "title",
    "description",
    "home",
    "entries",
    "entry_title",
    "summary",
    "content",
    "published",
    "updated",
    "author",
    "categories",
    "enclosure",
    "locale",
    "url",
];

pub(super) fn register(tera: &mut Tera, texts: &Arc<Texts>) {
    let texts = Arc::clone(texts);
    tera.register_function("feed", move |given: Kwargs, _: &State<'_>| feed(&given, &texts));
}

fn feed(given: &Kwargs, texts: &Texts) -> Result<Value, Error> {
    let arguments = Arguments::new("feed", given, &FEED)?;
    let scope = scope::current()?;
    let word = arguments.required_text("format")?;
    let format = Format::WORDS.iter().find(|(known, _)| *known == word);
    let format = format.map(|(_, format)| *format).ok_or_else(|| {
        let known = Format::WORDS.map(|(word, _)| word).join(", ");
        arguments.error(format!("`format` is one of {known}, not `{word}`"))
    })?;
    let entries = arguments.get("entries").and_then(Value::as_array);
    let entries = entries.ok_or_else(|| arguments.error("`entries=` must be a list of entries"))?;
    let base = scope.base_url();
    let names = Names::of(&arguments)?;
    let items = entries.iter().map(|entry| item(entry, &names, &scope, &arguments, texts));
    let feed = Feed {
        title: arguments.text("title")?.unwrap_or_else(|| scope.title()).to_owned(),
        description: arguments.text("description")?.unwrap_or_default().to_owned(),
        home: in_site(base, arguments.text("home")?.unwrap_or(&scope.home())),
        url: in_site(base, arguments.text("url")?.unwrap_or(&scope.url)),
        language: arguments.text("locale")?.unwrap_or(&scope.locale).to_owned(),
        items: items.collect::<Result<_, _>>()?,
    };
    Ok(Value::safe_string(&feed.write(format)))
}

/// Which attribute is what.
struct Names<'a> {
    title: &'a str,
    summary: Option<&'a str>,
    content: Option<&'a str>,
    published: &'a str,
    updated: &'a str,
    author: Option<&'a str>,
    categories: Option<&'a str>,
    enclosure: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn of(arguments: &Arguments<'a>) -> Result<Self, Error> {
        Ok(Self {
            title: arguments.text("entry_title")?.unwrap_or("title"),
            summary: arguments.text("summary")?,
            content: arguments.text("content")?,
            published: arguments.text("published")?.unwrap_or("publishedAt"),
            updated: arguments.text("updated")?.unwrap_or("updatedAt"),
            author: arguments.text("author")?,
            categories: arguments.text("categories")?,
            enclosure: arguments.text("enclosure")?,
        })
    }
}

fn item(
    entry: &Value,
    names: &Names<'_>,
    scope: &Scope,
    arguments: &Arguments<'_>,
    texts: &Texts,
) -> Result<Item, Error> {
    let shown = entry.as_map().and_then(|map| get(map, "documentId")).and_then(Value::as_str);
    let id = shown.ok_or_else(|| arguments.error("each of `entries` must be an entry"))?;
    let locale = entry.as_map().and_then(|map| get(map, "locale")).and_then(Value::as_str);
    let locale = locale.unwrap_or(&scope.locale);
    let base = &*scope.site.base_url;
    let url = links::document_url(scope, id, locale).map_err(|message| arguments.error(message))?;
    let text = |path: &str| one(entry, path).map(words).unwrap_or_default();
    let time = |path: &str| match one(entry, path).and_then(Value::as_str) {
        None => Ok(None),
        Some(text) => timestamp(text).map(Some).ok_or_else(|| {
            arguments.error(format!("`{path}` of `{id}` is `{text}`, which is no date"))
        }),
    };
    let content = match names.content.and_then(|path| one(entry, path)) {
        None => String::new(),
        Some(value) => absolute(texts.shown(value, arguments)?.as_str().unwrap_or_default(), base),
    };
    Ok(Item {
        title: text(names.title),
        url: in_site(base, &url),
        id: in_site(base, &url),
        published: time(names.published)?,
        updated: time(names.updated)?,
        summary: names.summary.map(text).unwrap_or_default(),
        content,
        author: names.author.map(text).unwrap_or_default(),
        categories: names.categories.map(|path| all(entry, path)).unwrap_or_default(),
        enclosure: names.enclosure.and_then(|path| enclosure(one(entry, path)?, base)),
    })
}

fn enclosure(file: &Value, base: &str) -> Option<Enclosure> {
    let map = file.as_map()?;
    let text = |name: &str| get(map, name).and_then(Value::as_str);
    // The media library counts in kilobytes.
    let size = get(map, "size").and_then(Value::as_f64).unwrap_or(0.0);
    Some(Enclosure {
        url: in_site(base, text("url")?),
        mime: text("mime").unwrap_or("application/octet-stream").to_owned(),
        bytes: (size * 1000.0).round().max(0.0) as u64,
    })
}

/// The value a dotted path leads to, through single entries.
fn one<'v>(entry: &'v Value, path: &str) -> Option<&'v Value> {
    let found = path.split('.').try_fold(entry, |value, name| get(value.as_map()?, name));
    found.filter(|value| !value.is_none())
}

/// The texts a dotted path leads to, through lists as well.
fn all(entry: &Value, path: &str) -> Vec<String> {
    let mut values = vec![entry];
    for name in path.split('.') {
        let each = values.into_iter().flat_map(|value| match value.as_array() {
            Some(items) => items.iter().collect::<Vec<_>>(),
            None => vec![value],
        });
        values = each.filter_map(|value| get(value.as_map()?, name)).collect();
    }
    values.into_iter().filter(|value| !value.is_none()).map(words).collect()
}

fn words(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.as_array().is_some() => crate::render::blocks::plain(value),
        None => value.to_string(),
    }
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    let date = || text.parse::<Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0)));
    text.parse::<Timestamp>().ok().or_else(|| text.parse().ok().and_then(utc)).or_else(date)
}

fn in_site(base: &str, url: &str) -> String {
    if url.starts_with('/') { format!("{base}{url}") } else { url.to_owned() }
}
