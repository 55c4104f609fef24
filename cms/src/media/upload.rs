//! From received files to stored ones: types checked, variants made, names given.

use cms_api::error::{ApiError, ErrorName};
use icu_normalizer::ComposingNormalizerBorrowed;
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use crate::auth::secret;
use crate::error::AppResult;

use super::file_info::FileInfo;
use super::kind;
use super::picture::{self, Seen};
use super::receive::Received;
use super::storage::bucket::Bucket;
use super::storage::{FileName, Storage};

/// Longest part of a stored name that comes from the client's name.
const MAX_SLUG_LENGTH: usize = 80;
const MAX_EXTENSION_LENGTH: usize = 100;
/// Longest name a client may give; Strapi stores files under it, and file systems end there.
const MAX_TOLD_LENGTH: usize = 230;
/// Longest name of a client's file, in UTF-16 units.
const MAX_NAME_LENGTH: usize = 255;
/// Length of the random part of a stored name.
const RANDOM_LENGTH: usize = 10;
const PROVIDER: &str = "local";

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

    /// Gives the files their names, replacing what was there. On a disk one that cannot be
    /// given its name does not keep the others from theirs; a bucket that refuses one is not
    /// asked again for each of them.
    ///
    /// # Errors
    /// The first one, when the place refuses.
    pub(crate) fn keep(self, storage: &Storage) -> anyhow::Result<()> {
        let mut result = Ok(());
        for (file, name) in self.files {
            result = result.and(storage.keep(file, &name));
            if result.is_err() && storage.bucket().is_some() {
                break;
            }
        }
        result
    }

    /// Puts the files into the bucket under these keys, one for each of the names.
    ///
    /// # Errors
    /// When the bucket refuses.
    pub(crate) fn keep_aside(&self, bucket: &Bucket, keys: &[String]) -> anyhow::Result<()> {
        for ((file, name), key) in self.files.iter().zip(keys) {
            bucket.put_at(std::fs::File::open(file.path())?, key, name)?;
        }
        Ok(())
    }
}

/// Prepares new files, all or none.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn prepare_all(
    files: Vec<(Received, FileInfo)>,
    limit: u64,
    storage: &Storage,
) -> AppResult<Vec<Prepared>> {
    let prepared = files.into_iter().map(|(file, info)| prepare(file, &info, None, limit, storage));
    prepared.collect()
}

/// Gives new files their names, all or none.
///
/// # Errors
/// When the place refuses.
pub(crate) fn keep_all(files: Vec<Prepared>, storage: &Storage) -> AppResult<()> {
    // Names are new, so what was given one can be removed when another fails.
    let names: Vec<FileName> = files.iter().flat_map(Prepared::names).collect();
    for file in files {
        if let Err(error) = file.keep(storage) {
            // What a bucket has already goes by what is noted about it.
            if storage.bucket().is_none() {
                names.iter().for_each(|name| storage.remove(name));
            }
            return Err(error.into());
        }
    }
    Ok(())
}

/// Whether the type is refused; the error names the type.
pub(crate) fn check_type(file: &Received, denied: &[String]) -> Result<(), ApiError> {
    match file.suspects.iter().find(|kind| kind::is_listed(denied, kind)) {
        Some(kind) => Err(ApiError::validation(format!("File type '{kind}' is not allowed"))),
        None => Ok(()),
    }
}

/// Chooses names for a file and its variants and describes them; all are on the disk
/// afterwards but for their names. With `replaces` (hash and extension of a stored file) it
/// takes over that name, so that links to it stay good.
///
/// # Errors
/// When the name or the picture is none, the file too long, or the disk refuses.
pub(crate) fn prepare(
    received: Received,
    info: &FileInfo,
    replaces: Option<(String, String)>,
    limit: u64,
    storage: &Storage,
) -> AppResult<Prepared> {
    if !is_valid_name(&received.name) {
        return Err(application("File name contains invalid characters").into());
    }
    let name = composed(info.text("name").unwrap_or(&received.name));
    received.check_size(&name, limit)?;
    let picture = match picture::examine(received.file.path(), storage)? {
        Seen::Picture(picture) => Some(picture),
        Seen::NoPicture => None,
        Seen::Broken => return Err(application("File is not a valid image").into()),
    };
    let (hash, ext) = match replaces {
        Some(known) => known,
        None => (hash_of(&name)?, extension(&received.name, &received.kind)),
    };
    let mut data = description(&name, info, &received);
    let mut files = Vec::new();
    let mut formats = Map::new();
    if let Some(picture) = picture {
        data.insert("width".into(), picture.width.into());
        data.insert("height".into(), picture.height.into());
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
    }
    let formats = if formats.is_empty() { Value::Null } else { Value::Object(formats) };
    let stored = file_name(&hash, &ext)?;
    data.insert("formats".into(), formats);
    data.insert("hash".into(), hash.into());
    data.insert("ext".into(), ext.into());
    data.insert("url".into(), format!("/uploads/{}", stored.as_str()).into());
    files.push((received.file, stored));
    for (file, _) in &files {
        file.as_file().sync_all().map_err(anyhow::Error::from)?;
    }
    Ok(Prepared { data, files })
}

fn application(message: &str) -> ApiError {
    ApiError::new(ErrorName::ApplicationError, message)
}

/// What is said of a file, and what is plain to see; what is not said is left out.
fn description(name: &str, info: &FileInfo, received: &Received) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("name".into(), name.into());
    for said in ["alternativeText", "caption"] {
        if let Some(value) = info.get(said) {
            data.insert(said.into(), value.clone());
        }
    }
    data.insert("focalPoint".into(), info.get("focalPoint").cloned().unwrap_or_default());
    data.insert("mime".into(), received.kind.clone().into());
    data.insert("size".into(), kilobytes(received.bytes).into());
    data.insert("provider".into(), PROVIDER.into());
    data
}

/// Characters that some file system reserves, and whole names that one does.
fn is_valid_name(name: &str) -> bool {
    let is_device = |name: &str| {
        let name = name.to_ascii_lowercase();
        let numbered = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
        matches!(name.as_str(), "con" | "prn" | "aux" | "nul")
            || numbered.is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    !name.is_empty()
        && name.encode_utf16().count() <= MAX_NAME_LENGTH
        && !name.chars().any(|c| c < ' ' || "<>:\"/\\|?*".contains(c))
        && !is_device(name)
        && !matches!(name, "." | "..")
}

/// Letters and their accents as one character where there is one.
fn composed(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned()
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
fn hash_of(name: &str) -> AppResult<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut slug = String::new();
    for c in deunicode::deunicode(stem).chars() {
        match c {
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ if slug.is_empty() || slug.ends_with('_') => {}
            _ => slug.push('_'),
        }
    }
    if slug.len() > MAX_TOLD_LENGTH {
        let message = format!("File name is longer than {MAX_TOLD_LENGTH} characters");
        return Err(application(&message).into());
    }
    let slug = slug.get(..MAX_SLUG_LENGTH).unwrap_or(&slug).trim_end_matches('_');
    let random =
        secret::random_bytes()?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let random = random.get(..RANDOM_LENGTH).unwrap_or_default();
    let slug = if slug.is_empty() { "file" } else { slug };
    Ok(format!("{slug}_{random}"))
}

/// The extension of the client's name as far as it can stand in a URL, or the usual one of
/// the type.
fn extension(name: &str, kind: &str) -> String {
    let own = super::extension::of_name(name);
    let is_plain = own.strip_prefix('.').is_some_and(|ext| {
        !ext.is_empty()
            && ext.len() <= MAX_EXTENSION_LENGTH
            && ext.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    match is_plain {
        true => own.to_owned(),
        false => super::extension::usual(kind).map(|ext| format!(".{ext}")).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::file_info;

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
        assert_eq!(extension("A.JPG", "image/jpeg"), ".JPG");
        assert_eq!(extension("README", "application/x-unheard-of"), "");
    }

    fn received(storage: &Storage, name: &str) -> Received {
        Received {
            name: name.into(),
            kind: "text/plain".into(),
            suspects: Vec::new(),
            bytes: 0,
            file: storage.unfinished().unwrap(),
        }
    }

    #[test]
    fn files_are_stored_all_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::local(folder.path()).unwrap();
        let prepared = |names: &[&str]| {
            let files = names.iter().map(|name| (received(&storage, name), FileInfo::default()));
            prepare_all(files.collect(), 100, &storage).unwrap()
        };
        let files = prepared(&["a.txt", "b.txt", "c.txt"]);
        std::fs::remove_file(files[2].files[0].0.path()).unwrap();
        assert!(keep_all(files, &storage).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        keep_all(prepared(&["d.txt"]), &storage).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_that_some_system_reserves_are_none() {
        for good in ["a.txt", "con.txt", "\u{e4}", "..txt", "comx", "a b"] {
            assert!(is_valid_name(good), "{good}");
        }
        let long = "x".repeat(256);
        for bad in ["", ".", "..", "a/b", "a\\b", "a:b", "a\tb", "NUL", "com1", &long] {
            assert!(!is_valid_name(bad), "{bad}");
        }
    }

    #[test]
    fn sizes_are_thousands_of_bytes() {
        assert_eq!(kilobytes(28), 0.03);
        assert_eq!(kilobytes(301), 0.3);
        assert_eq!(kilobytes(8), 0.01);
    }

    proptest::proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(
            name in "(\\PC|[./\\\\%\0:]|\\.\\./){0,40}",
            said in "(\\PC|[./\\\\%\0:]|\\.\\./){0,40}",
        ) {
            let folder = tempfile::tempdir().unwrap();
            let storage = Storage::local(folder.path()).unwrap();
            let info = serde_json::json!({ "name": said, "hash": said, "ext": said, "url": said });
            let info = file_info::for_files(Some(&info), 1).unwrap().pop().unwrap();
            // A name that is refused leads nowhere at all.
            if let Ok(file) = prepare(received(&storage, &name), &info, None, 100, &storage) {
                let names = file.names();
                keep_all(vec![file], &storage).unwrap();
                for name in &names {
                    let path = storage.path(name);
                    proptest::prop_assert_eq!(path.parent(), Some(folder.path()));
                    proptest::prop_assert!(path.is_file());
                }
            }
        }
    }
}
