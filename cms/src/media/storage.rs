//! Where uploaded files live, flat: a folder on this machine, or a bucket.
//!
//! A name is made of a closed alphabet before it can be used at all, so no name leads
//! anywhere else. Files appear whole: they are written aside, on this machine, and then put in
//! their place at once.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::config::{Place, Uploads};

pub(crate) mod bucket;
mod folder;

use bucket::Bucket;

/// Longest name; most file systems allow 255 bytes.
const MAX_NAME_LENGTH: usize = 200;
/// Unfinished files; a crash may leave some, the next start removes them.
const UNFINISHED_PREFIX: &str = ".receiving-";
/// Nobody still sends a file that was begun so long ago.
pub(crate) const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Of the data folder, where files wait that belong into a bucket.
const ASIDE: &str = "uploads-aside";

/// The name of a stored file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

/// Tells a file from what stood under its name before or after.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// What its store calls it, when that is known.
    tag: Option<String>,
    /// When it was put there, in seconds.
    seconds: i64,
}

impl Version {
    /// Not every answer of a bucket has the tag.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.bytes == other.bytes
            && match (&self.tag, &other.tag) {
                (Some(one), Some(other)) => one == other,
                _ => self.seconds == other.seconds,
            }
    }
}

/// The place. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Storage {
    /// On this machine, where files are written; the place itself unless that is a bucket.
    folder: Arc<PathBuf>,
    bucket: Option<Bucket>,
}

impl Storage {
    /// Opens the place, creating it when it is a folder that is missing. A bucket is not asked
    /// whether it is there: see `try_out`.
    ///
    /// # Errors
    /// When the place is no folder that can be written, or the settings of a bucket do not fit.
    pub fn open(uploads: &Uploads, data_dir: &Path) -> anyhow::Result<Self> {
        match &uploads.place {
            Place::Folder(folder) => Self::local(folder),
            Place::Bucket { .. } => {
                let bucket = Bucket::open(uploads)?;
                Ok(Self { bucket: Some(bucket), ..Self::local(&data_dir.join(ASIDE))? })
            }
        }
    }

    /// A folder on this machine.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn local(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("the upload folder `{}` cannot be created", folder.display())
        })?;
        Ok(Self { folder: Arc::new(folder.to_owned()), bucket: None })
    }

    /// The bucket, when it is one.
    #[must_use]
    pub(crate) fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }

    /// Removes what an interrupted server left unfinished on this machine. What is young may
    /// be another server's upload in progress.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn sweep(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(self.folder.as_path())? {
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

    /// Where a file of a folder is.
    #[must_use]
    pub(crate) fn path(&self, name: &FileName) -> PathBuf {
        self.folder.join(&name.0)
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
            .tempfile_in(self.folder.as_path())?;
        Ok(file)
    }

    /// Gives a finished file its name, replacing an older one of that name at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn keep(&self, file: NamedTempFile, name: &FileName) -> anyhow::Result<()> {
        match &self.bucket {
            Some(bucket) => bucket.put(File::open(file.path())?, name),
            None => Ok(folder::keep(file, &self.path(name))?),
        }
    }

    /// As [`Storage::keep`], for a file of this machine that goes once it has its place.
    ///
    /// # Errors
    /// As [`Storage::keep`].
    pub(crate) fn take(&self, from: &Path, name: &FileName) -> anyhow::Result<()> {
        match &self.bucket {
            Some(bucket) => {
                bucket.put(File::open(from)?, name)?;
                Ok(std::fs::remove_file(from)?)
            }
            None => Ok(std::fs::rename(from, self.path(name))?),
        }
    }

    /// Makes what was taken outlive the machine.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn settle(&self) -> std::io::Result<()> {
        match self.bucket {
            Some(_) => Ok(()),
            None => File::open(self.folder.as_path())?.sync_all(),
        }
    }

    /// Removes a file; trouble with that is no error worth more than a log line.
    pub fn remove(&self, name: &FileName) {
        let removed = match &self.bucket {
            Some(bucket) => bucket.remove(name.as_str()),
            None => folder::remove(&self.path(name)).map_err(Into::into),
        };
        if let Err(error) = removed {
            tracing::warn!(name = name.as_str(), %error, "an uploaded file could not be removed");
        }
    }

    /// What is stored under a name.
    ///
    /// # Errors
    /// When the place does not answer.
    pub(crate) fn version(&self, name: &FileName) -> anyhow::Result<Option<Version>> {
        match &self.bucket {
            Some(bucket) => bucket.version(name),
            None => Ok(folder::version(&self.path(name))?),
        }
    }

    /// What is stored under a name, and its bytes as they come.
    ///
    /// # Errors
    /// As [`Storage::version`].
    pub(crate) fn read(&self, name: &FileName) -> anyhow::Result<Option<(Version, Box<dyn Read>)>> {
        match &self.bucket {
            Some(bucket) => bucket.read(name),
            None => Ok(folder::read(&self.path(name))?),
        }
    }

    /// Everything there is, by name.
    ///
    /// # Errors
    /// As [`Storage::version`].
    pub(crate) fn list(&self) -> anyhow::Result<Vec<(FileName, Version)>> {
        match &self.bucket {
            Some(bucket) => bucket.list(),
            None => Ok(folder::list(&self.folder)?),
        }
    }

    /// Writes something and removes it.
    ///
    /// # Errors
    /// What is wrong with the place.
    pub(crate) fn try_out(&self) -> anyhow::Result<()> {
        match &self.bucket {
            Some(bucket) => bucket.try_out(),
            None => Ok(self.unfinished().map(drop)?),
        }
    }

    /// Where files of this machine wait for their place, and who works on them is known.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
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
        let storage = Storage::local(folder.path()).unwrap();
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
