//! Finds schema files and names what they describe.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::FileError;

/// A file and the part of its uid that the folders give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SchemaFile {
    pub(super) path: PathBuf,
    /// `api::article.` or `shared.`
    prefix: String,
    /// The folder's or file's own name.
    name: String,
}

impl SchemaFile {
    /// The uid: of a content type after its own singular name, of a component after its file.
    pub(super) fn uid(&self, schema: &Value) -> String {
        let own = schema.pointer("/info/singularName").and_then(Value::as_str);
        let name = if self.prefix.starts_with("api::") { own } else { None };
        format!("{}{}", self.prefix, name.unwrap_or(&self.name))
    }
}

/// Every schema file, in a stable order.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) content_types: Vec<SchemaFile>,
    pub(super) components: Vec<SchemaFile>,
}

/// Looks through the schema folder. Either of the two folders may be missing, not both.
pub(super) fn find(dir: &Path) -> Result<Found, FileError> {
    let (api, components) = (dir.join("api"), dir.join("components"));
    if !api.is_dir() && !components.is_dir() {
        let message = "no content model here: neither `api/` nor `components/` exists".to_owned();
        return Err(FileError { path: dir.to_path_buf(), line: 1, message });
    }
    let mut found = Found::default();
    for (name, folder) in folders(&api)? {
        for (own, folder) in folders(&folder.join("content-types"))? {
            let path = folder.join("schema.json");
            if path.is_file() {
                let prefix = format!("api::{name}.");
                found.content_types.push(SchemaFile { path, prefix, name: own });
            }
        }
    }
    for (category, folder) in folders(&components)? {
        for (name, path) in entries(&folder)? {
            if let Some(name) = name.strip_suffix(".json") {
                let prefix = format!("{category}.");
                found.components.push(SchemaFile { path, prefix, name: name.to_owned() });
            }
        }
    }
    Ok(found)
}

fn folders(dir: &Path) -> Result<Vec<(String, PathBuf)>, FileError> {
    Ok(entries(dir)?.into_iter().filter(|(_, path)| path.is_dir()).collect())
}

/// Visible entries by name; none when the folder does not exist.
fn entries(dir: &Path) -> Result<Vec<(String, PathBuf)>, FileError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error: std::io::Error| FileError {
        path: dir.to_path_buf(),
        line: 1,
        message: format!("cannot be read: {error}"),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
