//! Files below `static/`: published under their own name, and under one with their
//! content's hash for `asset()`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::BuildError;
use crate::rules;
use crate::site::public_url;
use crate::templates;

/// The folder's name in the templates folder.
pub const FOLDER: &str = "static";
/// Hex digits of the hash in a file name: enough that no two versions ever meet.
const HASH_DIGITS: usize = 12;

/// All static files, by path below `static/`.
#[derive(Debug, Clone, Default)]
pub(super) struct StaticFiles(BTreeMap<String, StaticFile>);

#[derive(Debug, Clone)]
pub(super) struct StaticFile {
    pub(super) disk: PathBuf,
    pub(super) hash: blake3::Hash,
    /// The output file whose name carries the hash.
    pub(super) hashed: String,
}

/// An output file made from a static one.
#[derive(Debug, Clone)]
pub(super) struct StaticOutput<'a> {
    pub(super) file: String,
    pub(super) source: &'a StaticFile,
}

impl StaticFiles {
    pub(super) fn load(templates: &Path) -> Result<Self, BuildError> {
        let folder = templates.join(FOLDER);
        let mut files = BTreeMap::new();
        if !folder.is_dir() {
            return Ok(Self(files));
        }
        for entry in WalkDir::new(&folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| BuildError::File {
                path: error.path().unwrap_or(&folder).to_owned(),
                error: error.into(),
            })?;
            let Some(path) = public_path(&folder, entry.path()) else { continue };
            if entry.file_type().is_file() {
                let disk = entry.path().to_owned();
                let bytes = fs::read(&disk)
                    .map_err(|error| BuildError::File { path: disk.clone(), error })?;
                let hash = blake3::hash(&bytes);
                let hashed = hashed_name(&path, hash);
                files.insert(path, StaticFile { disk, hash, hashed });
            }
        }
        Ok(Self(files))
    }

    /// Every output file, in order of source paths.
    pub(super) fn outputs(&self) -> impl Iterator<Item = StaticOutput<'_>> {
        self.0.iter().flat_map(|(path, source)| {
            [path, &source.hashed].map(|file| StaticOutput { file: file.clone(), source })
        })
    }
}

impl StaticFiles {
    /// Whether an output file is made from a static one.
    pub(super) fn has(&self, file: &str) -> bool {
        self.0.contains_key(file) || self.0.values().any(|known| known.hashed == file)
    }

    /// Stylesheets: their path on disk and their text.
    pub(super) fn stylesheets(&self) -> Vec<(String, String)> {
        let css = self.0.iter().filter(|(path, _)| path.ends_with(".css"));
        let read = css.filter_map(|(_, file)| {
            Some((file.disk.display().to_string(), fs::read_to_string(&file.disk).ok()?))
        });
        read.collect()
    }

    /// The bytes of an output file, if it is made from a static one.
    pub(super) fn read(&self, file: &str) -> Option<Vec<u8>> {
        let output = self.outputs().find(|output| output.file == file)?;
        fs::read(&output.source.disk).ok()
    }
}

impl templates::Assets for StaticFiles {
    fn url(&self, path: &str) -> Option<String> {
        let file = self.0.get(path)?;
        Some(public_url::encode(&format!("/{}", file.hashed)))
    }

    fn paths(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// The path below `static/` with `/`; none for hidden files (but `.well-known` is public)
/// and for the rules, which are for the server.
fn public_path(folder: &Path, path: &Path) -> Option<String> {
    let relative = path.strip_prefix(folder).ok()?;
    let names: Option<Vec<_>> = relative.iter().map(|name| name.to_str()).collect();
    let names = names?;
    let hidden = names.iter().any(|name| name.starts_with('.') && *name != ".well-known");
    let path = names.join("/");
    (!hidden && !path.is_empty() && !rules::is_rule_file(&path)).then_some(path)
}

/// `css/site.css` → `assets/css/site.0123456789ab.css`
fn hashed_name(path: &str, hash: blake3::Hash) -> String {
    let hex = hash.to_hex();
    let digits: String = hex.chars().take(HASH_DIGITS).collect();
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let slash = if folder.is_empty() { "" } else { "/" };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => {
            format!("assets/{folder}{slash}{stem}.{digits}.{extension}")
        }
        _ => format!("assets/{folder}{slash}{name}.{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::Assets;

    #[test]
    fn files_have_a_name_with_their_hash_and_hidden_ones_none() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(FOLDER);
        fs::create_dir_all(folder.join("css")).unwrap();
        fs::write(folder.join("css/site.css"), "body{}").unwrap();
        fs::write(folder.join(".gitkeep"), "").unwrap();
        fs::write(folder.join("_redirects"), "").unwrap();
        let files = StaticFiles::load(dir.path()).unwrap();
        assert_eq!(files.paths(), ["css/site.css"]);
        let url = files.url("css/site.css").unwrap();
        assert!(url.starts_with("/assets/css/site.") && url.ends_with(".css"), "{url}");
        assert_eq!(url.len(), "/assets/css/site..css".len() + HASH_DIGITS);
        assert!(files.url("other.css").is_none());
    }
}
