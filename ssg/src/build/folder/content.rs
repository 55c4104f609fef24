//! All files of all folders as rows, in the form a change feed has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cms_api::builtin::FILE;
use cms_api::change::{Op, SyncItem};
use cms_api::model::ContentModel;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use walkdir::WalkDir;

use super::links;
use super::model::{self, Attributes};
use super::page::{self, Page, document_id, name_of};
use crate::render::slug::slug;
use crate::site::folder::{FolderTable, Folders};

/// A row's name: type, document, locale.
pub(super) type RowKey = (String, String, Option<String>);

/// What the folders hold.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) model: ContentModel,
    pub(super) locales: Vec<String>,
    pub(super) rows: BTreeMap<RowKey, SyncItem>,
    /// Rows that are not to be published.
    pub(super) drafts: BTreeSet<RowKey>,
    /// Where the media are that pages show, by URL.
    pub(super) media: BTreeMap<String, PathBuf>,
    /// The Markdown files of each folder.
    pub(super) listed: Vec<BTreeSet<String>>,
    /// Every file that was read, or looked for.
    pub(super) files: BTreeSet<PathBuf>,
}

impl Content {
    /// A row, if it is published.
    pub(super) fn published(&self, key: &RowKey) -> Option<&SyncItem> {
        self.rows.get(key).filter(|_| !self.drafts.contains(key))
    }
}

/// Reads everything; the error is every mistake, a line each.
pub(super) fn read(site: &Path, folders: &Folders) -> Result<Content, Vec<String>> {
    let mut reading = Reading {
        site: site.to_owned(),
        content: Content { locales: folders.locales.clone(), ..Content::default() },
        types: Map::new(),
        mistakes: Vec::new(),
    };
    for table in &folders.tables {
        reading.folder(table);
    }
    let model = json!({ "types": reading.types, "components": {} });
    match ContentModel::from_json(&model) {
        Ok(model) => reading.content.model = model,
        Err(errors) => reading.mistakes.extend(errors.iter().map(ToString::to_string)),
    }
    if reading.mistakes.is_empty() { Ok(reading.content) } else { Err(reading.mistakes) }
}

struct Reading {
    site: PathBuf,
    content: Content,
    types: Map<String, Value>,
    mistakes: Vec<String>,
}

/// A folder being read.
struct Folder<'a> {
    table: &'a FolderTable,
    root: PathBuf,
    /// Its Markdown files.
    files: BTreeSet<String>,
}

impl Reading {
    fn folder(&mut self, table: &FolderTable) {
        let root = Folders::place(&self.site, table);
        let files = match markdown(&root, &self.site) {
            Ok(files) => files,
            Err(why) => return self.mistakes.push(format!("`{}`: {why}", root.display())),
        };
        self.content.listed.push(files.clone());
        let folder = Folder { table, root, files };
        let pages = self.pages(&folder);
        match model::attributes(table, &pages) {
            Ok(attributes) => {
                let localized = self.content.locales.len() > 1;
                model::describe(table, &attributes, localized, &mut self.types);
                for page in pages {
                    self.page(&folder, page, &attributes, localized);
                }
            }
            Err(mistakes) => {
                let place = folder.root.display().to_string();
                self.mistakes.extend(mistakes.iter().map(|mistake| format!("{place}: {mistake}")));
            }
        }
    }

    fn pages(&mut self, folder: &Folder<'_>) -> Vec<Page> {
        let mut pages = Vec::new();
        for file in &folder.files {
            let path = folder.root.join(file);
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    self.mistakes.push(format!("{}: {error}", path.display()));
                    continue;
                }
            };
            let uid = &folder.table.content_type;
            match page::read(uid, file, &text, &self.content.locales) {
                Ok(page) => pages.push(page),
                Err(mistakes) => self.mistakes.extend(
                    mistakes
                        .iter()
                        .map(|(line, what)| format!("{}:{line}: {what}", path.display())),
                ),
            }
            self.content.files.insert(path);
        }
        pages
    }

    fn page(&mut self, folder: &Folder<'_>, page: Page, attributes: &Attributes, localized: bool) {
        let Page { file, document_id, locale, draft, mut values, body } = page;
        let uid = &folder.table.content_type;
        let body = links::rewrite(&body, |dest| self.link(folder, &file, dest));
        let mut data = Map::new();
        data.insert("id".to_owned(), number(&[uid, &document_id, &locale]).into());
        data.insert("documentId".to_owned(), document_id.as_str().into());
        for (name, kind) in attributes {
            let value = values.remove(name).unwrap_or_default();
            data.insert(name.clone(), kind.shown(value));
        }
        data.insert("body".to_owned(), body.into());
        for (name, target) in &folder.table.terms {
            let value = values.remove(name).unwrap_or_default();
            match self.terms(target, &value) {
                Some(ids) => drop(data.insert(name.clone(), ids.into())),
                None => self.mistakes.push(format!(
                    "{}: `{name}` must be a list of words, not {value}",
                    folder.root.join(&file).display()
                )),
            }
        }
        let published = values.get("publishedAt").and_then(Value::as_str).map(str::to_owned);
        for name in ["createdAt", "updatedAt", "publishedAt"] {
            data.insert(name.to_owned(), values.remove(name).unwrap_or_default());
        }
        data.insert("locale".to_owned(), Value::from(localized.then_some(locale.as_str())));
        let key = (uid.clone(), document_id, localized.then_some(locale));
        if self.content.rows.contains_key(&key) {
            let path = folder.root.join(&file);
            self.mistakes.push(format!("{}: another file is the same page", path.display()));
        }
        if draft {
            self.content.drafts.insert(key.clone());
        }
        self.add(key, published, data);
    }

    fn add(&mut self, key: RowKey, published_at: Option<String>, data: Map<String, Value>) {
        let (uid, document_id, locale) = key.clone();
        let data = Some(Value::Object(data));
        let (op, seq, version) = (Op::Upsert, 0, 0);
        let item = SyncItem { seq, op, uid, document_id, locale, version, published_at, data };
        self.content.rows.insert(key, item);
    }

    /// What a link becomes: one to another page, to a file beside it, or out of the folder.
    fn link(&mut self, folder: &Folder<'_>, file: &str, dest: &str) -> Option<String> {
        let (path, rest) = links::relative(dest)?;
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let target = match links::joined(file, &path) {
            Ok(target) => target,
            Err(up) => {
                let base = folder.table.outside.as_deref()?;
                return Some(format!("{}{rest}", url::Url::parse(base).ok()?.join(&up).ok()?));
            }
        };
        let index = |name: &str| format!("{target}/{name}").trim_start_matches('/').to_owned();
        let candidates =
            [target.clone(), index("index.md"), index("_index.md"), index("README.md")];
        if let Some(page) = candidates.iter().find(|name| folder.files.contains(*name)) {
            let id = document_id(&folder.table.content_type, page, &self.content.locales);
            return Some(format!("entry:{id}{rest}"));
        }
        self.media(&folder.root.join(&target)).map(|url| url + rest)
    }

    /// The URL of a file that pages show.
    fn media(&mut self, path: &Path) -> Option<String> {
        self.content.files.insert(path.to_owned());
        let bytes = std::fs::read(path).ok()?;
        let mut hash = blake3::hash(&bytes).to_hex().to_string();
        hash.truncate(16);
        let ext = path.extension().and_then(|ext| ext.to_str());
        let ext = ext.map(|ext| format!(".{}", ext.to_lowercase())).unwrap_or_default();
        let stem = slug(path.file_stem()?.to_str()?);
        let url = format!("/uploads/{stem}_{hash}{ext}");
        if self.content.media.insert(url.clone(), path.to_owned()).is_some() {
            return Some(url);
        }
        let mime = mime_guess::from_path(path).first_or_octet_stream();
        let id = name_of(&[FILE, &url]);
        let data = json!({
            "id": number(&[FILE, &url]), "documentId": id, "name": path.file_name()?.to_str()?,
            "alternativeText": null, "caption": null, "focalPoint": null, "width": null,
            "height": null, "formats": null, "hash": format!("{stem}_{hash}"), "ext": ext,
            "mime": mime.essence_str(), "size": bytes.len() as f64 / 1_000.0, "url": url,
            "previewUrl": null, "provider": "local", "provider_metadata": null,
            "createdAt": null, "updatedAt": null, "publishedAt": null,
        });
        if let Value::Object(data) = data {
            self.add((FILE.to_owned(), id, None), None, data);
        }
        Some(url)
    }

    /// The documents of some terms, which are entries from then on; `None` when it is no
    /// list of words.
    fn terms(&mut self, uid: &str, value: &Value) -> Option<Vec<String>> {
        let words: Vec<&str> = match value {
            Value::Null => Vec::new(),
            Value::String(word) => vec![word],
            Value::Array(words) => words.iter().map(Value::as_str).collect::<Option<_>>()?,
            _ => return None,
        };
        let mut ids: Vec<String> = Vec::new();
        for word in words {
            let slug = slug(word);
            let id = name_of(&[uid, &slug]);
            let key = (uid.to_owned(), id.clone(), None);
            if !self.content.rows.contains_key(&key) {
                let data = json!({
                    "id": number(&[uid, &slug]), "documentId": id, "name": word, "slug": slug,
                    "createdAt": null, "updatedAt": null, "publishedAt": null, "locale": null,
                });
                if let Value::Object(data) = data {
                    self.add(key, None, data);
                }
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Some(ids)
    }
}

/// A row's number: the same whatever other rows there are.
fn number(parts: &[&str]) -> i64 {
    let hash = blake3::hash(parts.join("\n").as_bytes());
    let bytes = hash.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
    // What JavaScript counts exactly.
    (u64::from_le_bytes(bytes) >> 11).cast_signed()
}

/// The Markdown files below a folder, by their paths with slashes. Hidden ones and the site's
/// own folder are left out.
pub(super) fn markdown(root: &Path, site: &Path) -> Result<BTreeSet<String>, String> {
    let site = std::fs::canonicalize(site).ok();
    let is_shown = |entry: &walkdir::DirEntry| {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let own = entry.file_type().is_dir() && std::fs::canonicalize(entry.path()).ok() == site;
        entry.depth() == 0 || !(hidden || own)
    };
    let mut files = BTreeSet::new();
    for entry in WalkDir::new(root).into_iter().filter_entry(is_shown) {
        let entry = entry.map_err(|error| error.to_string())?;
        let is_markdown = entry.path().extension().is_some_and(|ext| ext == "md");
        if let (true, Ok(path)) = (is_markdown, entry.path().strip_prefix(root)) {
            let names: Option<Vec<&str>> = path.iter().map(|name| name.to_str()).collect();
            let names = names.ok_or_else(|| format!("{} is no UTF-8", entry.path().display()))?;
            files.insert(names.join("/"));
        }
    }
    Ok(files)
}
