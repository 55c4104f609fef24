//! From received files to stored ones: types checked, variants made, names given.

use cms_api::error::ApiError;
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use crate::auth::secret;
use crate::error::AppResult;

use super::kind;
use super::picture;
use super::receive::Received;
use super::storage::{FileName, Storage};

/// Longest part of a stored name that comes from the client's name.
const MAX_SLUG_LENGTH: usize = 80;
const MAX_EXTENSION_LENGTH: usize = 16;
/// Length of the random part of a stored name.
const RANDOM_LENGTH: usize = 10;
const PROVIDER: &str = "local";

/// What a client says about a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct FileInfo(Map<String, Value>);

impl FileInfo {
    /// # Errors
    /// 400 when it is no JSON object.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| ApiError::validation(format!("fileInfo is no JSON object: {error}")))
    }

    pub(crate) fn of(map: Map<String, Value>) -> Self {
        Self(map)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The attributes it sets on a file that exists already.
    pub(crate) fn changes(&self) -> Map<String, Value> {
        let mut changes = Map::new();
        for name in ["name", "alternativeText", "caption", "focalPoint"] {
            if let Some(value) = self.0.get(name).filter(|value| !value.is_null()) {
                changes.insert(name.into(), value.clone());
            }
        }
        changes
    }
}

/// A file under its final name, and the attributes of its row.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) data: Map<String, Value>,
    pub(crate) names: Vec<FileName>,
}

/// A file that only waits to be given its name, with its variants; it vanishes otherwise.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) data: Map<String, Value>,
    files: Vec<(NamedTempFile, FileName)>,
}

impl Prepared {
    pub(crate) fn names(&self) -> Vec<FileName> {
        self.files.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Gives the files their names, replacing what was there. One that cannot be given its
    /// name does not keep the others from theirs.
    ///
    /// # Errors
    /// The first one, when the disk refuses.
    pub(crate) fn keep(self, storage: &Storage) -> AppResult<()> {
        let mut result = Ok(());
        for (file, name) in self.files {
            result = result.and(storage.keep(file, &name));
        }
        Ok(result.map_err(anyhow::Error::from)?)
    }
}

/// Stores new files, all or none.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn store_all(
    files: Vec<(Received, FileInfo)>,
    storage: &Storage,
) -> AppResult<Vec<Stored>> {
    let mut stored: Vec<Stored> = Vec::new();
    for (file, info) in files {
        match store(file, &info, storage) {
            Ok(file) => stored.push(file),
            Err(error) => {
                stored.iter().flat_map(|file| &file.names).for_each(|name| storage.remove(name));
                return Err(error);
            }
        }
    }
    Ok(stored)
}

/// Names are new, so what was given one can be removed when another fails.
fn store(received: Received, info: &FileInfo, storage: &Storage) -> AppResult<Stored> {
    let prepared = prepare(received, info, None, storage)?;
    let (names, data) = (prepared.names(), prepared.data.clone());
    if let Err(error) = prepared.keep(storage) {
        names.iter().for_each(|name| storage.remove(name));
        return Err(error);
    }
    Ok(Stored { data, names })
}

/// Whether the type is refused; the error names the type.
pub(crate) fn check_type(file: &Received, denied: &[String]) -> Result<(), ApiError> {
    let refused = kind::suspects(&file.kind, &file.declared, &file.name)
        .into_iter()
        .find(|kind| kind::is_listed(denied, kind));
    match refused {
        Some(kind) => Err(ApiError::validation(format!("File type '{kind}' is not allowed"))),
        None => Ok(()),
    }
}

/// Chooses names for a file and its variants and describes them; all are on the disk
/// afterwards but for their names. With `replaces` (hash and extension of a stored file) it
/// takes over that name, so that links to it stay good.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn prepare(
    received: Received,
    info: &FileInfo,
    replaces: Option<(String, String)>,
    storage: &Storage,
) -> AppResult<Prepared> {
    let picture = picture::examine(received.file.path(), &received.kind, storage)?;
    let name = info.text("name").filter(|name| !name.is_empty()).unwrap_or(&received.name);
    let (hash, ext) = match replaces {
        Some(known) => known,
        None => (hash_of(name)?, extension(&received.name, &received.kind)),
    };
    let mut files = Vec::new();
    let mut formats = Map::new();
    for variant in picture.variants {
        let hash = format!("{}_{hash}", variant.name);
        let stored = file_name(&hash, &ext)?;
        let format = json!({
            "name": format!("{}_{name}", variant.name),
            "hash": hash,
            "ext": ext,
            "mime": received.kind,
            "path": null,
            "width": variant.width,
            "height": variant.height,
            "size": kilobytes(variant.bytes),
            "sizeInBytes": variant.bytes,
            "url": format!("/uploads/{}", stored.as_str()),
        });
        formats.insert(variant.name.into(), format);
        files.push((variant.file, stored));
    }
    let stored = file_name(&hash, &ext)?;
    let url = format!("/uploads/{}", stored.as_str());
    files.push((received.file, stored));
    for (file, _) in &files {
        file.as_file().sync_all().map_err(anyhow::Error::from)?;
    }
    let data = json!({
        "name": name,
        "alternativeText": info.0.get("alternativeText"),
        "caption": info.0.get("caption"),
        "focalPoint": info.0.get("focalPoint"),
        "width": picture.width,
        "height": picture.height,
        "formats": if formats.is_empty() { Value::Null } else { Value::Object(formats) },
        "hash": hash,
        "ext": ext,
        "mime": received.kind,
        "size": kilobytes(received.bytes),
        "url": url,
        "previewUrl": null,
        "provider": PROVIDER,
        "provider_metadata": null,
        "folderPath": "/",
    });
    Ok(Prepared { data: data.as_object().cloned().unwrap_or_default(), files })
}

fn file_name(hash: &str, ext: &str) -> anyhow::Result<FileName> {
    FileName::parse(&format!("{hash}{ext}"))
        .ok_or_else(|| anyhow::anyhow!("`{hash}{ext}` is no name of an uploaded file"))
}

/// Thousands of bytes with two decimals.
fn kilobytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "files are far below 2^53 bytes")]
    let bytes = bytes as f64;
    (bytes / 10.0).round() / 100.0
}

/// `Été (1).JPG` is `ete_1_` and ten random characters.
fn hash_of(name: &str) -> anyhow::Result<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut slug = String::new();
    for c in deunicode::deunicode(stem).chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
        if slug.len() >= MAX_SLUG_LENGTH {
            break;
        }
    }
    let slug = slug.trim_end_matches('_');
    let random =
        secret::random_bytes()?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let random = random.get(..RANDOM_LENGTH).unwrap_or_default();
    let slug = if slug.is_empty() { "file" } else { slug };
    Ok(format!("{slug}_{random}"))
}

/// The extension of the client's name, or the usual one of the type.
fn extension(name: &str, kind: &str) -> String {
    let own = name.rsplit_once('.').map(|(_, ext)| ext).filter(|ext| {
        !ext.is_empty()
            && ext.len() <= MAX_EXTENSION_LENGTH
            && ext.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let usual = || usual_extension(kind);
    own.or_else(usual).map(|ext| format!(".{ext}")).unwrap_or_default()
}

fn usual_extension(kind: &str) -> Option<&'static str> {
    /// Where the list of known extensions is in no useful order.
    const USUAL: [(&str, &str); 3] =
        [("image/jpeg", "jpg"), ("text/plain", "txt"), ("image/svg+xml", "svg")];
    if let Some((_, ext)) = USUAL.iter().find(|(known, _)| *known == kind) {
        return Some(ext);
    }
    let known = mime_guess::get_mime_extensions_str(kind)?;
    let subtype = kind.split_once('/').map_or("", |(_, subtype)| subtype);
    known.iter().find(|ext| **ext == subtype).or_else(|| known.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_are_plain_and_unique() {
        let hash = hash_of("Évènement spécial (1).txt").unwrap();
        assert!(hash.starts_with("evenement_special_1_"), "{hash}");
        assert_ne!(hash, hash_of("Évènement spécial (1).txt").unwrap());
        assert!(hash_of("../../etc/passwd.x").unwrap().starts_with("etc_passwd_"));
        assert!(hash_of("😀").is_ok_and(|hash| FileName::parse(&hash).is_some()));
    }

    #[test]
    fn extensions_come_from_the_name_or_the_type() {
        assert_eq!(extension("a.tar.gz", "application/gzip"), ".gz");
        assert_eq!(extension("a.p/hp", "text/plain"), ".txt");
        assert_eq!(extension("README", "application/x-unheard-of"), "");
    }

    fn received(storage: &Storage, name: &str) -> Received {
        Received {
            name: name.into(),
            declared: "text/plain".into(),
            kind: "text/plain".into(),
            bytes: 0,
            file: storage.unfinished().unwrap(),
        }
    }

    #[test]
    fn files_are_stored_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path().to_str().unwrap()).unwrap();
        let mut files: Vec<_> = ["a.txt", "b.txt", "c.txt"]
            .map(|name| (received(&storage, name), FileInfo::default()))
            .into();
        std::fs::remove_file(files[2].0.file.path()).unwrap();
        assert!(store_all(files.split_off(0), &storage).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        files = vec![(received(&storage, "d.txt"), FileInfo::default())];
        assert_eq!(store_all(files, &storage).unwrap().len(), 1);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn sizes_are_thousands_of_bytes() {
        assert_eq!(kilobytes(28), 0.03);
        assert_eq!(kilobytes(301), 0.3);
        assert_eq!(kilobytes(8), 0.01);
    }
}
