//! `[[folder]]` in site.toml: content that is kept as Markdown files beside the site, and not
//! in a content server. Says where they are; what they say is read by `build::folder`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::config::{DEFAULT_LOCALE, FILE_NAME, read_locales};
use super::toml_reader::{Source, Table, to_json};
use super::{SiteError, SiteErrors};

/// A folder of Markdown files: the entries of one content type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderTable {
    /// As `api::page.page`.
    pub content_type: String,
    /// As it is written: relative to the templates folder.
    pub path: PathBuf,
    /// Attributes that list terms, and the content types whose entries those are.
    pub terms: Vec<(String, String)>,
    /// What links out of the folder are relative to, with a slash at the end.
    pub outside: Option<String>,
}

/// What site.toml says of content in folders, whatever else is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folders {
    pub tables: Vec<FolderTable>,
    /// The first one is that of files that name none.
    pub locales: Vec<String>,
}

impl Folders {
    /// # Errors
    /// That the file cannot be read, or every mistake in what it says of folders.
    pub fn declared(site: &Path) -> Result<Self, SiteErrors> {
        let path = site.join(FILE_NAME);
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot be read: {error}");
            SiteErrors(vec![SiteError { file: file.clone(), line: 1, message }])
        })?;
        let mut source = Source::new(&file, &text);
        let mut folders = Self::default();
        if let Some(mut root) = source.parse() {
            folders.tables = read(&mut source, root.remove("folder"));
            if let Some(DeValue::Table(site)) = root.remove("site").map(Spanned::into_inner) {
                let locales = site.into_iter().find(|(key, _)| key.get_ref() == "locales");
                folders.locales =
                    locales.map(|(_, value)| read_locales(&mut source, value)).unwrap_or_default();
            }
        }
        if folders.locales.is_empty() {
            folders.locales.push(DEFAULT_LOCALE.to_owned());
        }
        if source.errors.is_empty() { Ok(folders) } else { Err(SiteErrors(source.errors)) }
    }

    /// Where the files of a table are.
    #[must_use]
    pub fn place(site: &Path, table: &FolderTable) -> PathBuf {
        site.join(&table.path)
    }
}

/// Reads every `[[folder]]`.
pub(super) fn read(
    source: &mut Source<'_>,
    value: Option<Spanned<DeValue<'_>>>,
) -> Vec<FolderTable> {
    let Some(value) = value else { return Vec::new() };
    let offset = value.span().start;
    let tables = source.each_table(value, "[[folder]]", read_one);
    let mut types = BTreeSet::new();
    for table in &tables {
        let terms = table.terms.iter().map(|(_, uid)| uid).collect::<BTreeSet<_>>();
        if !types.insert(&table.content_type) || terms.contains(&table.content_type) {
            let message =
                format!("`{}` is the type of two folders, or of its own terms", table.content_type);
            source.complain(offset, message);
        }
    }
    for table in &tables {
        for (name, uid) in &table.terms {
            if types.contains(uid) {
                let message =
                    format!("`{uid}`, the terms in `{name}`, is the type of a folder as well");
                source.complain(offset, message);
            }
        }
    }
    tables
}

fn read_one(source: &mut Source<'_>, mut table: Table<'_>) -> Option<FolderTable> {
    let content_type = table.required(source, "type");
    let path = table.required(source, "path");
    let terms = table.take("terms").map(|value| read_terms(source, &value)).unwrap_or_default();
    let outside = table.text(source, "outside").map(|(url, _)| url);
    table.finish(source, "");
    let ((content_type, offset), (path, path_offset)) = (content_type?, path?);
    if !is_uid(&content_type) {
        source.complain(offset, not_a_uid(&content_type));
        return None;
    }
    if path.is_empty() {
        source.complain(path_offset, "`path` must name a folder, relative to this one");
        return None;
    }
    let outside = outside.map(|url| format!("{}/", url.trim_end_matches('/')));
    Some(FolderTable { content_type, path: path.into(), terms, outside })
}

fn read_terms(source: &mut Source<'_>, value: &Spanned<DeValue<'_>>) -> Vec<(String, String)> {
    let offset = value.span().start;
    let DeValue::Table(table) = value.get_ref() else {
        source.complain(offset, "`terms` must be a table, such as `{ tags = \"api::tag.tag\" }`");
        return Vec::new();
    };
    let mut terms = Vec::new();
    for (name, value) in table {
        match to_json(value.get_ref()).as_str() {
            Some(uid) if is_uid(uid) => terms.push((name.get_ref().to_string(), uid.to_owned())),
            other => source.complain(value.span().start, not_a_uid(other.unwrap_or_default())),
        }
    }
    terms.sort();
    terms
}

fn not_a_uid(text: &str) -> String {
    format!("`{text}` is no content type; write `api::page.page`")
}

/// `api::name.name`, as Strapi names content types.
fn is_uid(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|char: char| char.is_ascii_lowercase())
            && word.chars().all(|char| matches!(char, 'a'..='z' | '0'..='9' | '-'))
    };
    let parts = text.strip_prefix("api::").and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(api, name)| word(api) && word(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> Result<Folders, String> {
        let site = tempfile::tempdir().unwrap();
        std::fs::write(site.path().join(FILE_NAME), text).unwrap();
        Folders::declared(site.path()).map_err(|errors| errors.to_string())
    }

    #[test]
    fn folders_are_found_beside_any_other_mistake() {
        let found = declared(
            "nonsense = 1\n[site]\nlocales = [\"de\"]\n[[folder]]\ntype = \"api::page.page\"\n\
             path = \"../docs\"\nterms = { tags = \"api::tag.tag\" }\noutside = \"https://x.org/y\"\n",
        )
        .unwrap();
        let table = FolderTable {
            content_type: "api::page.page".into(),
            path: "../docs".into(),
            terms: vec![("tags".into(), "api::tag.tag".into())],
            outside: Some("https://x.org/y/".into()),
        };
        assert_eq!(found, Folders { tables: vec![table], locales: vec!["de".into()] });
        assert_eq!(declared("[site]\n").unwrap().locales, ["en"]);
    }

    #[test]
    fn mistakes_say_what_is_expected() {
        for (text, expected) in [
            ("type = \"page\"\npath = \"x\"", "`page` is no content type; write `api::page.page`"),
            ("type = \"api::page.page\"", "`path` is missing in `[[folder]]`"),
            ("type = \"api::page.page\"\npath = \"x\"\nterms = 1", "`terms` must be a table"),
            ("type = \"api::page.page\"\npath = \"x\"\nterms = { a = \"b\" }", "`b` is no content"),
            (
                "type = \"api::a.a\"\npath = \"x\"\n[[folder]]\ntype = \"api::a.a\"\npath = \"y\"",
                "the type of two folders",
            ),
            ("type = \"api::a.a\"\npath = \"x\"\nfile = 1", "accepted are `type`, `path`, `terms`"),
        ] {
            let error = declared(&format!("[[folder]]\n{text}\n")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
