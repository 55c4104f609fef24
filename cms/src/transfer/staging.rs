//! The folder an archive is unpacked into, on the disk of the uploads so that giving files
//! their names is a rename.
//!
//! One import at a time holds the uploads folder; a staging folder nobody holds is what a
//! crash left, and [`super::recovery`] decides what becomes of it.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Deserialize;
use tempfile::TempDir;

use super::Refused;
use super::archive::lines::LinesFile;
use super::archive::member::{METADATA, Member, Section};
use super::archive::source::{Source, Unpacking};
use crate::media::storage::{FileName, Storage};

pub(super) const PREFIX: &str = ".importing-";
pub(super) const FILES: &str = "files";
pub(super) const SCHEMA: &str = "schema";
/// Of the signing key, which a restore brings.
pub(super) const KEY: &str = "key";
const LINES: &str = "lines";
const RANDOM_LENGTH: usize = 16;
/// `metadata.json` says two things; nobody needs more.
const MAX_METADATA_BYTES: u64 = 1024 * 1024;
const COPY_BYTES: usize = 128 * 1024;

/// Keeps other imports away from an uploads folder while it lives.
#[derive(Debug)]
pub(super) struct Hold {
    _folder: File,
}

impl Hold {
    /// Nothing when another import holds the folder.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub(super) fn of(uploads: &Storage) -> anyhow::Result<Option<Self>> {
        let folder = File::open(uploads.folder())?;
        match folder.try_lock() {
            Ok(()) => Ok(Some(Self { _folder: folder })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// What `metadata.json` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Metadata {
    #[serde(default, rename = "createdAt")]
    pub(crate) created_at: Option<String>,
    #[serde(default)]
    pub(crate) strapi: Maker,
}

/// Who made the archive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Maker {
    #[serde(default)]
    pub(crate) version: Option<String>,
}

/// An unpacked archive. Vanishes unless it is kept.
#[derive(Debug)]
pub(super) struct Staging {
    folder: TempDir,
    lines: BTreeMap<Section, Vec<LinesFile>>,
    /// Uploaded files by name, with their lengths.
    pub(super) assets: BTreeMap<String, u64>,
    pub(super) metadata: Metadata,
    /// Members that are not taken over, and why.
    pub(super) skipped: Vec<(String, &'static str)>,
    seen_metadata: bool,
}

impl Staging {
    /// Unpacks into a folder beside the uploads, to be given to the server.
    ///
    /// # Errors
    /// What is wrong with the archive, or with the disk.
    pub(super) fn unpack(source: &Source, uploads: &Storage) -> anyhow::Result<Self> {
        Self::read(source, folder(uploads)?, true)
    }

    /// Unpacks what must be read, and only looks at the uploaded files.
    ///
    /// # Errors
    /// As [`Staging::unpack`].
    pub(super) fn look(source: &Source) -> anyhow::Result<Self> {
        Self::read(source, tempfile::tempdir()?, false)
    }

    fn read(source: &Source, folder: TempDir, keep_assets: bool) -> anyhow::Result<Self> {
        std::fs::create_dir(folder.path().join(FILES))?;
        std::fs::create_dir(folder.path().join(LINES))?;
        let mut staging = Self {
            folder,
            lines: BTreeMap::new(),
            assets: BTreeMap::new(),
            metadata: Metadata::default(),
            skipped: Vec::new(),
            seen_metadata: false,
        };
        source.visit(&mut |member| staging.take(member, keep_assets))?;
        staging.check()?;
        Ok(staging)
    }

    fn take(&mut self, member: Unpacking<'_>, keep_assets: bool) -> anyhow::Result<()> {
        let Unpacking { member, name, size, bytes } = member;
        match member {
            Member::Lines(section) => {
                check_space(self.folder.path(), &format!("the member `{name}`"), size)?;
                let files = self.lines.entry(section).or_default();
                let file = format!("{}-{:05}", section.folder(), files.len());
                let path = self.folder.path().join(LINES).join(file);
                copy(bytes, Some(&mut File::create(&path)?))?;
                files.push(LinesFile { name: name.to_owned(), path });
            }
            Member::Asset(file) => {
                let length = match keep_assets {
                    true => self.take_asset(&file, name, size, bytes)?,
                    false => copy(bytes, None)?,
                };
                self.assets.insert(file.as_str().to_owned(), length);
            }
            Member::Metadata => {
                let mut text = Vec::new();
                bytes.take(MAX_METADATA_BYTES).read_to_end(&mut text)?;
                self.metadata = serde_json::from_slice(&text)
                    .map_err(|error| Refused::new(format!("{METADATA}: {error}")))?;
                self.seen_metadata = true;
            }
            Member::Sidecar => {}
            Member::UnusableAsset => {
                self.skipped.push((name.to_owned(), "the file's name cannot be served"));
            }
            Member::Unknown => self.skipped.push((name.to_owned(), "no part of an export")),
        }
        Ok(())
    }

    fn take_asset(
        &self,
        file: &FileName,
        name: &str,
        size: u64,
        bytes: &mut dyn Read,
    ) -> anyhow::Result<u64> {
        check_space(self.folder.path(), &format!("the member `{name}`"), size)?;
        let mut out = create(&self.folder.path().join(FILES).join(file.as_str()))?;
        let length = copy(bytes, Some(&mut out))?;
        out.sync_all()?;
        Ok(length)
    }

    /// `metadata.json` is the last member Strapi writes.
    fn check(&mut self) -> anyhow::Result<()> {
        if !self.seen_metadata {
            let message = format!("the archive is not complete: `{METADATA}` is missing");
            return Err(Refused::new(message).into());
        }
        if !self.lines.contains_key(&Section::Schemas) {
            return Err(Refused::new("the archive has no `schemas/*.jsonl`").into());
        }
        for files in self.lines.values_mut() {
            files.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(())
    }

    /// The files of a section in the order of their names.
    pub(super) fn lines(&self, section: Section) -> &[LinesFile] {
        self.lines.get(&section).map_or(&[], Vec::as_slice)
    }

    /// The folder's own name.
    pub(super) fn name(&self) -> String {
        self.path().file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a schema file among what gets its place after the commit.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn add_schema(&self, place: &Path, text: &str) -> anyhow::Result<()> {
        let path = self.path().join(SCHEMA).join(place);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        let mut file = create(&path)?;
        file.write_all(text.as_bytes())?;
        Ok(file.sync_all()?)
    }

    /// Drops a file that no row shows.
    pub(super) fn drop_asset(&mut self, name: &str) -> anyhow::Result<()> {
        self.assets.remove(name);
        let path = self.path().join(FILES).join(name);
        if path.exists() {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }

    /// From now on only [`super::recovery`] removes the folder.
    pub(super) fn keep(self) -> PathBuf {
        self.folder.keep()
    }
}

/// A new staging folder.
///
/// # Errors
/// Those of the disk.
pub(super) fn folder(uploads: &Storage) -> anyhow::Result<TempDir> {
    tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(RANDOM_LENGTH)
        .tempdir_in(uploads.folder())
        .context("no staging folder can be made beside the uploads")
}

/// A full disk is noticed before it is full: other programs need it too.
///
/// # Errors
/// [`Refused`] for more bytes than are free.
pub(super) fn check_space(folder: &Path, what: &str, size: u64) -> anyhow::Result<()> {
    let disk = rustix::fs::statvfs(folder)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if size > free {
        let message = format!("{what} says it has {size} bytes; {free} are free");
        return Err(Refused::new(message).into());
    }
    Ok(())
}

/// A new file that everybody may read, as uploads are served.
fn create(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o644).open(path)
}

/// Copies to the end. Trouble with reading stays an I/O error, which tells of the archive;
/// trouble with writing tells of the disk.
fn copy(from: &mut dyn Read, mut to: Option<&mut File>) -> anyhow::Result<u64> {
    let mut buffer = vec![0; COPY_BYTES];
    let mut copied = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(copied);
        }
        copied += count as u64;
        if let Some(to) = &mut to
            && let Err(error) = to.write_all(buffer.get(..count).unwrap_or_default())
        {
            anyhow::bail!("unpacking the archive: {error}");
        }
    }
}
