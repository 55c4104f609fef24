//! Reads the content model from the schema folder, in Strapi's own layout:
//! `api/<name>/content-types/<name>/schema.json` and `components/<category>/<name>.json`.
//!
//! Every mistake is reported at once, with file and line.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use cms_api::content_type::{SchemaError, parse_component, parse_content_type};
use cms_api::model::{ContentModel, ModelError};
use serde_json::Value;

pub(crate) mod adopt;
mod files;
pub(crate) mod indexing;
mod line;
pub(crate) mod watch;

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// Why a folder is no content model: all mistakes, one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError(pub Vec<FileError>);

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// Reads and checks the whole model.
///
/// # Errors
/// Every mistake found in it.
pub fn load(dir: &Path) -> Result<ContentModel, LoadError> {
    let found = files::find(dir).map_err(|error| LoadError(vec![error]))?;
    let mut loader = Loader::default();
    for file in &found.content_types {
        let parsed = loader.read(file, parse_content_type);
        loader.types.extend(parsed);
    }
    for file in &found.components {
        let parsed = loader.read(file, parse_component);
        loader.components.extend(parsed);
    }
    loader.finish()
}

#[derive(Default)]
struct Loader {
    types: Vec<cms_api::content_type::ContentType>,
    components: Vec<cms_api::content_type::Component>,
    /// Where each uid was read from, and the text.
    sources: HashMap<String, (PathBuf, String)>,
    errors: Vec<FileError>,
}

impl Loader {
    fn read<T>(
        &mut self,
        file: &files::SchemaFile,
        parse: impl FnOnce(&str, &Value) -> Result<T, SchemaError>,
    ) -> Option<T> {
        let text = match std::fs::read_to_string(&file.path) {
            Ok(text) => text,
            Err(error) => {
                self.error(&file.path, 1, format!("cannot be read: {error}"));
                return None;
            }
        };
        let value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                self.error(&file.path, error.line(), format!("not valid JSON: {error}"));
                return None;
            }
        };
        let uid = file.uid(&value);
        match parse(&uid, &value) {
            Ok(parsed) => {
                self.sources.insert(uid, (file.path.clone(), text));
                Some(parsed)
            }
            Err(error) => {
                self.error(&file.path, line::of(&text, &error.path), error.to_string());
                None
            }
        }
    }

    /// Regular expressions are those of JavaScript, as in Strapi.
    fn check_patterns(&mut self) {
        let types = self.types.iter().map(|ty| (&ty.uid, &ty.attributes));
        let parts = self.components.iter().map(|part| (&part.uid, &part.attributes));
        let mut errors = Vec::new();
        for (uid, attributes) in types.chain(parts) {
            for (name, attribute) in attributes {
                let pattern = attribute.regex.as_deref().unwrap_or_default();
                if let Err(error) = regress::Regex::new(pattern) {
                    let message = format!("`{pattern}` is no regular expression: {error}");
                    let error = SchemaError::new(message, &["attributes", name, "regex"]);
                    errors.push(ModelError { uid: uid.clone(), error });
                }
            }
        }
        errors.iter().for_each(|error| self.model_error(error));
    }

    fn finish(mut self) -> Result<ContentModel, LoadError> {
        self.check_patterns();
        // References are only checked between files that could be read: a type that is
        // missing because of its own mistake would be reported a second time.
        if self.errors.is_empty() {
            let types = std::mem::take(&mut self.types);
            let components = std::mem::take(&mut self.components);
            match ContentModel::new(types, components) {
                Ok(model) => return Ok(model),
                Err(errors) => errors.iter().for_each(|error| self.model_error(error)),
            }
        }
        Err(LoadError(self.errors))
    }

    fn model_error(&mut self, error: &ModelError) {
        let (path, line) = match self.sources.get(&error.uid) {
            Some((path, text)) => (path.clone(), line::of(text, &error.error.path)),
            None => (PathBuf::from(&error.uid), 1),
        };
        self.error(&path, line, error.error.to_string());
    }

    fn error(&mut self, path: &Path, line: usize, message: String) {
        self.errors.push(FileError { path: path.to_path_buf(), line, message });
    }
}
