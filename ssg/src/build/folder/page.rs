//! One Markdown file as an entry: what its place and its front matter say of it.

use cms_api::temporal;
use serde_json::{Map, Value};

use super::front_matter::{self, Mistake};
use crate::render::plain;
use crate::render::slug::slug;

/// What files are called that stand for their folder.
const INDEX: [&str; 3] = ["index", "_index", "readme"];
/// What a file says by being where it is: front matter may not say otherwise.
const GIVEN: [&str; 11] = [
    "body",
    "file",
    "section",
    "index",
    "id",
    "documentId",
    "locale",
    "localizations",
    "createdAt",
    "updatedAt",
    "publishedAt",
];
/// Hexadecimal digits of a document's name.
const NAME: usize = 24;
/// Length of `2024-05-01`.
const DATE: usize = 10;

/// An entry before its type's attributes are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Page {
    /// Its path in the folder, with slashes.
    pub(super) file: String,
    pub(super) document_id: String,
    pub(super) locale: String,
    pub(super) draft: bool,
    /// Every attribute but the body.
    pub(super) values: Map<String, Value>,
    pub(super) body: String,
}

/// What the path of a file says.
#[derive(Debug)]
struct Place<'a> {
    folders: Vec<&'a str>,
    name: &'a str,
    /// In front of the name: `2024-05-01-name.md`.
    date: Option<&'a str>,
    /// Behind the name: `name.de.md`.
    locale: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(file: &'a str, locales: &[String]) -> Self {
        let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let (stem, locale) = match stem.rsplit_once('.') {
            Some((stem, locale)) if locales.iter().any(|known| known == locale) => {
                (stem, Some(locale))
            }
            _ => (stem, None),
        };
        let (date, name) = match stem.split_at_checked(DATE) {
            Some((date, rest)) if temporal::parse_date(date) == Some(date) => {
                match rest.strip_prefix(['-', '_']).filter(|rest| !rest.is_empty()) {
                    Some(name) => (Some(date), name),
                    None => (None, stem),
                }
            }
            _ => (None, stem),
        };
        let folders = folders.split('/').filter(|folder| !folder.is_empty()).collect();
        Self { folders, name, date, locale }
    }

    fn is_index(&self) -> bool {
        INDEX.contains(&self.name.to_lowercase().as_str())
    }

    /// The names of the folders as URLs have them.
    fn section(&self) -> String {
        self.folders.iter().map(|folder| slug(folder)).collect::<Vec<_>>().join("/")
    }

    /// Of what nobody gave a title.
    fn title(&self) -> String {
        let name =
            if self.is_index() { self.folders.last().unwrap_or(&"Home") } else { &self.name };
        let words = name.replace(['-', '_'], " ");
        let mut chars = words.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }
}

/// Names a document: the same in every language, whatever its text says.
pub(super) fn document_id(uid: &str, file: &str, locales: &[String]) -> String {
    let place = Place::of(file, locales);
    let folders = place.folders.join("/");
    let name = if place.is_index() { "" } else { place.name };
    name_of(&[uid, &folders, place.date.unwrap_or_default(), name])
}

/// A name made of others.
pub(super) fn name_of(parts: &[&str]) -> String {
    let mut name = blake3::hash(parts.join("\n").as_bytes()).to_hex().to_string();
    name.truncate(NAME);
    name
}

pub(super) fn read(
    uid: &str,
    file: &str,
    text: &str,
    locales: &[String],
) -> Result<Page, Vec<Mistake>> {
    let place = Place::of(file, locales);
    let parts = front_matter::split(text).map_err(|mistake| vec![mistake])?;
    let mut values = parts.values;
    let mistakes = wrong(&values);
    if !mistakes.is_empty() {
        return Err(mistakes.into_iter().map(|message| (1, message)).collect());
    }
    let draft = values.remove("draft").is_some_and(|draft| draft == Value::Bool(true));
    let mut body = parts.body;
    if !values.contains_key("title") {
        let (title, rest) = titled(body).unwrap_or((place.title(), body));
        values.insert("title".to_owned(), title.into());
        body = rest;
    }
    addresses(&place, &mut values);
    times(&place, &mut values);
    values.insert("file".to_owned(), file.into());
    Ok(Page {
        file: file.to_owned(),
        document_id: document_id(uid, file, locales),
        locale: place.locale.or(locales.first().map(String::as_str)).unwrap_or_default().to_owned(),
        draft,
        values,
        body: body.to_owned(),
    })
}

/// Where the page is: its slug, its section, and its path, which front matter may replace.
fn addresses(place: &Place<'_>, values: &mut Map<String, Value>) {
    let text = |values: &Map<String, Value>, name: &str| {
        let text = values.get(name).and_then(Value::as_str)?;
        Some(text.trim_matches('/').to_owned())
    };
    let section = place.section();
    let own = text(values, "slug").unwrap_or_else(|| match place.is_index() {
        true => slug(place.folders.last().unwrap_or(&"")),
        false => slug(place.name),
    });
    let path = text(values, "path").unwrap_or_else(|| match (place.is_index(), &*section) {
        (true, _) => section.clone(),
        (false, "") => own.clone(),
        (false, section) => format!("{section}/{own}"),
    });
    for (name, value) in [("slug", own), ("path", path), ("section", section)] {
        values.insert(name.to_owned(), value.into());
    }
    values.insert("index".to_owned(), place.is_index().into());
}

/// `date` and `updated`, and what every entry has instead.
fn times(place: &Place<'_>, values: &mut Map<String, Value>) {
    if let Some(date) = place.date {
        values.entry("date").or_insert_with(|| date.into());
    }
    let time = |name: &str| values.get(name).and_then(Value::as_str).and_then(datetime);
    let date = time("date");
    let updated = time("updated").or_else(|| date.clone());
    for (name, value) in [("createdAt", &date), ("updatedAt", &updated), ("publishedAt", &date)] {
        values.insert(name.to_owned(), value.clone().into());
    }
}

/// A date or a time as Strapi shows times.
pub(super) fn datetime(text: &str) -> Option<String> {
    temporal::parse_datetime(text).map(temporal::format_datetime)
}

/// What front matter says that it may not.
fn wrong(values: &Map<String, Value>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for (name, value) in values {
        let expected = match name.as_str() {
            given if GIVEN.contains(&given) => {
                mistakes.push(format!("`{name}` follows from the file; choose another name"));
                continue;
            }
            "title" | "slug" | "path" | "description" => (value.is_string(), "text"),
            "draft" => (value.is_boolean(), "`true` or `false`"),
            "weight" => (value.is_i64(), "a whole number"),
            "date" | "updated" => {
                let is_date = value.as_str().is_some_and(|text| datetime(text).is_some());
                (is_date, "a date, such as `2024-05-01` or `2024-05-01T12:00:00Z`")
            }
            name if !is_name(name) => {
                mistakes.push(format!(
                    "`{name}` cannot be asked for by templates; use letters, digits and `_`"
                ));
                continue;
            }
            _ => continue,
        };
        if let (false, expected) = expected
            && !value.is_null()
        {
            mistakes.push(format!("`{name}` must be {expected}, not {value}"));
        }
    }
    mistakes
}

fn is_name(name: &str) -> bool {
    name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// The heading a text begins with, and the text without it: templates show titles themselves.
fn titled(body: &str) -> Option<(String, &str)> {
    let text = body.trim_start_matches(['\n', '\r']);
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let heading = line.strip_prefix("# ")?.trim().trim_end_matches('#').trim_end();
    let title = plain::of_markdown(heading);
    (!title.is_empty()).then_some((title, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(file: &str, text: &str) -> Page {
        let locales = ["en".to_owned(), "de".to_owned()];
        read("api::page.page", file, text, &locales).unwrap()
    }

    fn shown(file: &str, text: &str, names: &[&str]) -> String {
        let page = page(file, text);
        let values = names.iter().map(|name| page.values[*name].to_string());
        values.collect::<Vec<_>>().join(" ").replace('"', "")
    }

    #[test]
    fn addresses_follow_from_the_file() {
        for (file, expected) in [
            ("Getting Started.md", "getting-started getting-started  false"),
            ("guide/install.md", "install guide/install guide false"),
            ("guide/_index.md", "guide guide guide true"),
            ("guide/sub/index.md", "sub guide/sub guide/sub true"),
            ("README.md", "   true"),
            ("2024-05-01-hello.md", "hello hello  false"),
            ("guide/install.de.md", "install guide/install guide false"),
            ("v1.2.md", "v1-2 v1-2  false"),
        ] {
            assert_eq!(shown(file, "", &["slug", "path", "section", "index"]), expected, "{file}");
        }
        let own = "+++\nslug = \"b\"\n+++\n";
        assert_eq!(shown("x/a.md", own, &["path"]), "x/b");
        assert_eq!(shown("x/a.md", "---\npath: /else/where/\n---\n", &["path"]), "else/where");
    }

    #[test]
    fn translations_are_one_document() {
        let (en, de) = (page("a/b.md", ""), page("a/b.de.md", ""));
        assert_eq!(en.document_id, de.document_id);
        assert_eq!((&*en.locale, &*de.locale), ("en", "de"));
        assert_ne!(en.document_id, page("a/c.md", "").document_id);
    }

    #[test]
    fn titles_are_found_or_made() {
        assert_eq!(shown("a.md", "---\ntitle: T\n---\n# H\n", &["title"]), "T");
        assert_eq!(shown("a.md", "\n# The `cms` *program* #\nText", &["title"]), "The cms program");
        assert_eq!(page("a.md", "# T\nText").body, "Text");
        assert_eq!(shown("getting-started.md", "Text", &["title"]), "Getting started");
        assert_eq!(shown("guide/index.md", "Text", &["title"]), "Guide");
    }

    #[test]
    fn times_are_those_of_the_front_matter_or_the_name() {
        let names = ["createdAt", "updatedAt"];
        let day = "2024-05-01T00:00:00.000Z";
        assert_eq!(shown("2024-05-01-a.md", "", &names), format!("{day} {day}"));
        let text = "---\ndate: 2024-05-01\nupdated: 2024-05-02T01:00:00+01:00\n---\n";
        assert_eq!(shown("a.md", text, &names), format!("{day} 2024-05-02T00:00:00.000Z"));
        assert_eq!(shown("a.md", "", &names), "null null");
    }

    #[test]
    fn mistakes_name_the_value() {
        let locales = ["en".to_owned()];
        let text = "---\nbody: x\ndate: soon\nweight: a\nmy-name: 1\ndraft: 1\n---\n";
        let found = read("api::page.page", "a.md", text, &locales).unwrap_err();
        let all: Vec<_> = found.into_iter().map(|(_, message)| message).collect();
        for part in [
            "`body` follows",
            "`date` must be a date",
            "`weight` must be a whole",
            "`my-name` cannot",
            "`draft` must be",
        ] {
            assert!(all.iter().any(|message| message.contains(part)), "{part}: {all:?}");
        }
        assert_eq!(page("a.md", "---\ntitle:\n---\n").values["title"], json!(null));
    }
}
