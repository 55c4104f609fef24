//! Reading an archive: what it is follows from its first bytes, not from its name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::bufread::MultiGzDecoder;
use walkdir::WalkDir;

use super::cipher::{Decrypting, Key};
use super::member::Member;
use crate::transfer::Refused;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const TAR_MAGIC: &[u8] = b"ustar";
/// Where a tar header says that it is one.
const TAR_MAGIC_AT: usize = 257;
/// A tar archive comes in blocks of this size.
const TAR_BLOCK: usize = 512;
/// Suffix of encrypted archives.
pub(crate) const ENCRYPTED: &str = ".enc";
/// What may follow the end mark: programs fill up to a few kilobytes.
const MAX_TRAILER_BYTES: u64 = 16 * 1024 * 1024;

/// An archive to import.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    path: PathBuf,
    key: Option<Key>,
}

/// A member of an archive on its way to be unpacked.
pub(crate) struct Unpacking<'a> {
    pub(crate) member: Member,
    pub(crate) name: &'a str,
    /// How long it says it is.
    pub(crate) size: u64,
    pub(crate) bytes: &'a mut dyn Read,
}

type Visit<'a> = dyn FnMut(Unpacking<'_>) -> anyhow::Result<()> + 'a;

impl Source {
    /// # Errors
    /// When there is nothing at the path, or no key for an encrypted archive.
    pub(crate) fn open(path: &Path, key: Option<&str>) -> anyhow::Result<Self> {
        std::fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        if key.is_none() && path.to_string_lossy().ends_with(ENCRYPTED) {
            anyhow::bail!("`{}` is encrypted; pass its key with `--key`", path.display());
        }
        Ok(Self { path: path.to_owned(), key: key.map(Key::derive).transpose()? })
    }

    /// Shows every file in the archive to `visit`, in the order they lie there.
    ///
    /// # Errors
    /// Those of `visit`, and what is wrong with the archive.
    pub(crate) fn visit(&self, visit: &mut Visit<'_>) -> anyhow::Result<()> {
        if self.path.is_dir() { self.visit_folder(visit) } else { self.visit_file(visit) }
    }

    fn visit_folder(&self, visit: &mut Visit<'_>) -> anyhow::Result<()> {
        for entry in WalkDir::new(&self.path).sort_by_file_name() {
            let entry = entry.with_context(|| format!("reading `{}`", self.path.display()))?;
            let inside = entry.path().strip_prefix(&self.path).unwrap_or(entry.path());
            let name = inside.to_string_lossy().into_owned();
            if entry.file_type().is_symlink() {
                return Err(Refused::new(format!("`{name}` is a symbolic link")).into());
            }
            if entry.file_type().is_file() {
                let (mut file, member) = (File::open(entry.path())?, Member::parse(&name)?);
                let size = file.metadata()?.len();
                visit(Unpacking { member, name: &name, size, bytes: &mut file })?;
            }
        }
        Ok(())
    }

    fn visit_file(&self, visit: &mut Visit<'_>) -> anyhow::Result<()> {
        let mut file = BufReader::new(File::open(&self.path)?);
        if let Some(kind) = Container::of(&peek(&mut file)?) {
            return self.unpack(kind, file, visit);
        }
        let Some(key) = &self.key else {
            return Err(self.refuse(
                "neither a tar archive nor a gzip file, nor a folder; an \
                encrypted archive needs its key, see `--key`",
            ));
        };
        let mut clear = BufReader::new(Decrypting::new(file, key.clone()));
        let wrong = "no archive, or encrypted with another key";
        let start = peek(&mut clear).map_err(|_| self.refuse(wrong))?;
        let kind = Container::of(&start).ok_or_else(|| self.refuse(wrong))?;
        self.unpack(kind, clear, visit)
    }

    fn unpack(
        &self,
        kind: Container,
        mut bytes: impl BufRead,
        visit: &mut Visit<'_>,
    ) -> anyhow::Result<()> {
        match kind {
            Container::Tar => self.untar(&mut bytes, visit),
            Container::Gzip => self.untar(&mut MultiGzDecoder::new(bytes), visit),
        }
    }

    fn untar(&self, bytes: &mut dyn Read, visit: &mut Visit<'_>) -> anyhow::Result<()> {
        let mut archive = tar::Archive::new(bytes);
        for entry in archive.entries().map_err(|error| self.broken(None, &error))? {
            let mut entry = entry.map_err(|error| self.broken(None, &error))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            if kind.is_dir() || kind.is_pax_global_extensions() {
                continue;
            }
            if !kind.is_file() && !kind.is_contiguous() {
                return Err(Refused::new(format!("the member `{name}` is no plain file")).into());
            }
            let member = Member::parse(&name)?;
            let is_read = matches!(member, Member::Lines(_) | Member::Asset(_));
            let size = entry.size();
            let mut bytes = Counted { inner: &mut entry, read: 0 };
            let unpacking = Unpacking { member, name: &name, size, bytes: &mut bytes };
            visit(unpacking).map_err(|error| match error.downcast() {
                Ok(error) => self.broken(Some(&name), &error),
                Err(error) => error,
            })?;
            let seen = bytes.read;
            if is_read && seen != size {
                let what = format!("`{name}` ends after {seen} of {size} bytes");
                return Err(Refused::new(format!("the archive is cut short: {what}")).into());
            }
        }
        // To the end: the checksum of a gzip file stands there.
        io::copy(&mut archive.into_inner().take(MAX_TRAILER_BYTES), &mut io::sink())
            .map_err(|error| self.broken(None, &error))?;
        Ok(())
    }

    fn refuse(&self, what: &str) -> anyhow::Error {
        Refused::new(format!("`{}` is {what}", self.path.display())).into()
    }

    fn broken(&self, member: Option<&str>, error: &io::Error) -> anyhow::Error {
        let place = member.map(|name| format!(", member `{name}`")).unwrap_or_default();
        Refused::new(format!("the archive `{}` is damaged{place}: {error}", self.path.display()))
            .into()
    }
}

/// What a stream of bytes is.
#[derive(Debug, Clone, Copy)]
enum Container {
    Tar,
    Gzip,
}

impl Container {
    fn of(start: &[u8]) -> Option<Self> {
        let tar = start.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(TAR_MAGIC));
        match start.starts_with(GZIP_MAGIC) {
            true => Some(Self::Gzip),
            false => tar.then_some(Self::Tar),
        }
    }
}

/// The first bytes, which stay to be read.
fn peek<R: Read>(reader: &mut BufReader<R>) -> io::Result<Vec<u8>> {
    let start = reader.fill_buf()?;
    Ok(start.get(..TAR_BLOCK).unwrap_or(start).to_vec())
}

/// Counts what was read.
struct Counted<'a> {
    inner: &'a mut dyn Read,
    read: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.read += count as u64;
        Ok(count)
    }
}
