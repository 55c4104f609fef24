//! The content model of a Strapi project: the schema files below its `src/` folder.
//!
//! A plain Strapi tells nobody over REST which attributes its types have, and an answer only
//! shows those that are asked for. So the files it runs on are read, never guessed at.

use std::path::{Path, PathBuf};

use cms_api::model::ContentModel;
use serde_json::{Map, Value, json};
use walkdir::WalkDir;

/// Why a folder is no content model.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    #[error(
        "SSG_SCHEMA_DIR is `{}`: neither `api/` nor `components/` is there; the `src` folder of the Strapi project is expected",
        .0.display()
    )]
    NoModel(PathBuf),
    #[error("`{}` cannot be read: {why}", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("the content model in `{}` is not valid: {why}", folder.display())]
    Invalid { folder: PathBuf, why: String },
}

/// Reads the model: `api/<api>/content-types/<type>/schema.json` and
/// `components/<category>/<name>.json`.
pub(super) fn read(folder: &Path) -> Result<ContentModel, SchemaError> {
    let (api, components) = (folder.join("api"), folder.join("components"));
    if !api.is_dir() && !components.is_dir() {
        return Err(SchemaError::NoModel(folder.to_path_buf()));
    }
    let mut types = Map::new();
    for path in files(&api, 4)? {
        let parts: Vec<_> = path.strip_prefix(&api).unwrap_or(&path).iter().collect();
        let [name, "content-types", own, "schema.json"] =
            parts.iter().filter_map(|part| part.to_str()).collect::<Vec<_>>()[..]
        else {
            continue;
        };
        let schema = json_of(&path)?;
        let singular = schema.pointer("/info/singularName").and_then(Value::as_str);
        types.insert(format!("api::{name}.{}", singular.unwrap_or(own)), schema);
    }
    let mut parts = Map::new();
    for path in files(&components, 2)? {
        let category = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let name = path.file_stem().and_then(|name| name.to_str());
        if let (Some(category), Some(name), Some("json")) =
            (category, name, path.extension().and_then(|end| end.to_str()))
        {
            parts.insert(format!("{category}.{name}"), json_of(&path)?);
        }
    }
    ContentModel::from_json(&json!({ "types": types, "components": parts })).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        SchemaError::Invalid { folder: folder.to_path_buf(), why: lines.join("; ") }
    })
}

/// Files at this depth, in a stable order; none when the folder does not exist.
fn files(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, SchemaError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let walk = WalkDir::new(folder).min_depth(depth).max_depth(depth).sort_by_file_name();
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| SchemaError::Unreadable {
            path: folder.to_path_buf(),
            why: error.to_string(),
        })?;
        if entry.file_type().is_file() {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

fn json_of(path: &Path) -> Result<Value, SchemaError> {
    let failed = |why: String| SchemaError::Unreadable { path: path.to_path_buf(), why };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}
