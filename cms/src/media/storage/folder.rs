//! Files in a folder of this machine.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use super::{FileName, Version};

pub(super) fn keep(file: NamedTempFile, place: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

/// One that is gone already is no error.
pub(super) fn remove(place: &Path) -> io::Result<()> {
    unless_gone(std::fs::remove_file(place)).map(drop)
}

/// Of a plain file.
pub(super) fn version(place: &Path) -> io::Result<Option<Version>> {
    let about = unless_gone(place.symlink_metadata())?;
    Ok(about.filter(Metadata::is_file).map(|about| of(&about)))
}

pub(super) fn read(place: &Path) -> io::Result<Option<(Version, Box<dyn Read>)>> {
    let Some(file) = unless_gone(File::open(place))? else { return Ok(None) };
    let about = file.metadata()?;
    Ok(about.is_file().then(|| (of(&about), Box::new(file) as Box<dyn Read>)))
}

pub(super) fn list(folder: &Path) -> io::Result<Vec<(FileName, Version)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = FileName::parse(&entry.file_name().to_string_lossy());
        if let Some(name) = name
            && let Some(version) = version(&entry.path())?
        {
            files.push((name, version));
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// Files are never written in place, so the inode tells them apart.
fn of(about: &Metadata) -> Version {
    let tag = Some(about.ino().to_string());
    Version { bytes: about.len(), tag, seconds: about.mtime() }
}

fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
