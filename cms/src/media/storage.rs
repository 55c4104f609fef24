//! The folder uploaded files live in, flat.
//!
//! A name is made of a closed alphabet before it can be used at all, so no name leads
//! anywhere else. Files appear whole: they are written aside and renamed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::NamedTempFile;

/// Longest name; most file systems allow 255 bytes.
const MAX_NAME_LENGTH: usize = 200;
/// Unfinished files; a crash may leave some, the next start removes them.
const UNFINISHED_PREFIX: &str = ".receiving-";
/// Nobody still sends a file that was begun so long ago.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The name of a stored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// Letters, digits, `_`, `-` and `.`, not beginning with a dot.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let valid = !text.is_empty()
            && text.len() <= MAX_NAME_LENGTH
            && !text.starts_with('.')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        valid.then(|| Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage(Arc<PathBuf>);

impl Storage {
    /// Opens the folder, creating it when it is missing.
    ///
    /// # Errors
    /// When the place is no folder that can be written.
    pub fn open(place: &str) -> anyhow::Result<Self> {
        if place.contains("://") {
            anyhow::bail!("`{place}` is no place for uploads; accepted is the path of a folder");
        }
        let folder = PathBuf::from(place);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("the upload folder `{place}` cannot be created"))?;
        Ok(Self(Arc::new(folder)))
    }

    /// Removes what an interrupted server left unfinished. What is young may be another
    /// server's upload in progress.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sweep(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(self.0.as_path())? {
            let entry = entry?;
            let age =
                entry.metadata().and_then(|it| it.modified()).ok().and_then(|at| at.elapsed().ok());
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED_PREFIX)
                && age.is_some_and(|age| age >= ABANDONED_AFTER)
            {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    #[must_use]
    pub fn path(&self, name: &FileName) -> PathBuf {
        self.0.join(&name.0)
    }

    /// A file to write to; it vanishes unless it is kept.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn unfinished(&self) -> std::io::Result<NamedTempFile> {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::Builder::new()
            .prefix(UNFINISHED_PREFIX)
            .permissions(std::fs::Permissions::from_mode(0o644))
            .tempfile_in(self.0.as_path())?;
        Ok(file)
    }

    /// Gives a finished file its name, replacing an older one of that name at once.
    ///
    /// # Errors
    /// When it cannot be written to the disk.
    pub fn keep(&self, file: NamedTempFile, name: &FileName) -> std::io::Result<()> {
        file.as_file().sync_all()?;
        file.persist(self.path(name)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes a file; one that is gone already is no error worth more than a log line.
    pub fn remove(&self, name: &FileName) {
        match std::fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(name = name.as_str(), %error, "an uploaded file could not be removed");
            }
            _ => {}
        }
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        assert!(FileName::parse("cat_0a1b2c3d4e.png").is_some());
        for name in ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a b", "ä.png", "a\0b"] {
            assert_eq!(FileName::parse(name), None, "{name}");
        }
        assert_eq!(FileName::parse(&"x".repeat(201)), None);
    }

    #[test]
    fn unfinished_files_are_swept_and_kept_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::open(folder.path().to_str().unwrap()).unwrap();
        let name = FileName::parse("a.txt").unwrap();
        storage.keep(storage.unfinished().unwrap(), &name).unwrap();
        let (file, lost) = storage.unfinished().unwrap().keep().unwrap();
        let young = storage.unfinished().unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * ABANDONED_AFTER).unwrap();
        storage.sweep().unwrap();
        assert!(storage.path(&name).exists());
        assert!(young.path().exists() && !lost.exists());
    }
}
