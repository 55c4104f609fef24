//! Writing an archive: it appears whole or not at all, and equal content makes equal bytes.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::{NamedTempFile, TempDir};

use super::cipher::{Encrypting, Key};
use super::source::ENCRYPTED;

const PREFIX: &str = ".exporting-";
/// An archive holds password hashes and webhook secrets.
const OWNER_ONLY: u32 = 0o600;
const MEMBER_MODE: u32 = 0o644;
const COPY_BYTES: usize = 128 * 1024;

/// What an archive's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Tar,
    Gzip,
    Folder,
}

/// Where an archive is written.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    path: PathBuf,
    form: Form,
    key: Option<Key>,
}

impl Target {
    /// # Errors
    /// When name and key do not go together.
    pub(crate) fn parse(path: &Path, key: Option<&str>) -> anyhow::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let plain = name.strip_suffix(ENCRYPTED);
        let form = match plain.unwrap_or(&name) {
            name if name.ends_with(".tar") => Form::Tar,
            name if name.ends_with(".tar.gz") || name.ends_with(".tgz") => Form::Gzip,
            name if !name.contains('.') && plain.is_none() => Form::Folder,
            _ => anyhow::bail!(
                "`{name}` is no name of an archive; accepted are `x.tar`, `x.tar.gz`, with `.enc` \
                 and a key for an encrypted one, and a folder's name without a dot"
            ),
        };
        match (plain, key, form) {
            (Some(_), None, _) => anyhow::bail!("`{name}` is to be encrypted; pass a `--key`"),
            (None, Some(_), Form::Tar | Form::Gzip) => anyhow::bail!(
                "an encrypted archive is named `{name}{ENCRYPTED}`; leave out `--key` for a plain one"
            ),
            (_, Some(_), Form::Folder) => anyhow::bail!("a folder cannot be encrypted"),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), form, key: key.map(Key::derive).transpose()? })
    }

    /// The folder the archive will lie in.
    pub(crate) fn parent(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// Begins to write. Members are dated `seconds`, in Unix time.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn create(&self, seconds: u64) -> anyhow::Result<Writer> {
        let parent = self.parent();
        let begun = || format!("writing `{}`", self.path.display());
        if self.form == Form::Folder {
            let taken = std::fs::read_dir(&self.path).is_ok_and(|mut all| all.next().is_some());
            anyhow::ensure!(!taken, "`{}` is a folder that is not empty", self.path.display());
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
            let folder = folder.with_context(begun)?;
            return Ok(Writer { path: self.path.clone(), seconds, sink: Sink::Folder(folder) });
        }
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(std::fs::Permissions::from_mode(OWNER_ONLY))
            .tempfile_in(parent)
            .with_context(begun)?;
        let mut layers: Box<dyn Layer> = Box::new(BufWriter::new(file.as_file().try_clone()?));
        if let Some(key) = &self.key {
            layers = Box::new(Encrypting::new(layers, key.clone()));
        }
        if self.form == Form::Gzip {
            layers = Box::new(GzEncoder::new(layers, Compression::default()));
        }
        let sink = Sink::Tar(Box::new(tar::Builder::new(layers)), file);
        Ok(Writer { path: self.path.clone(), seconds, sink })
    }
}

/// Something written to that must be ended.
trait Layer: Write {
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl Layer for BufWriter<File> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()
    }
}

impl Layer for Encrypting<Box<dyn Layer>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Encrypting::finish(*self)?.finish()
    }
}

impl Layer for GzEncoder<Box<dyn Layer>> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        GzEncoder::finish(*self)?.finish()
    }
}

enum Sink {
    Tar(Box<tar::Builder<Box<dyn Layer>>>, NamedTempFile),
    Folder(TempDir),
}

/// An archive being written; it vanishes unless it is finished.
pub(crate) struct Writer {
    path: PathBuf,
    seconds: u64,
    sink: Sink,
}

impl Writer {
    /// Adds a member of `size` bytes.
    ///
    /// # Errors
    /// When there are fewer bytes than promised; those of the disk.
    pub(crate) fn add(
        &mut self,
        name: &str,
        size: u64,
        bytes: &mut dyn Read,
    ) -> anyhow::Result<()> {
        let mut bytes = bytes.take(size);
        match &mut self.sink {
            Sink::Tar(builder, _) => {
                let mut header = tar::Header::new_gnu();
                header.set_size(size);
                header.set_mode(MEMBER_MODE);
                header.set_mtime(self.seconds);
                header.set_uid(0);
                header.set_gid(0);
                builder.append_data(&mut header, name, &mut bytes)?;
            }
            Sink::Folder(folder) => {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
                let mut file = File::create(&path)?;
                let mut buffer = vec![0; COPY_BYTES];
                loop {
                    let count = bytes.read(&mut buffer)?;
                    if count == 0 {
                        break;
                    }
                    file.write_all(buffer.get(..count).unwrap_or_default())?;
                }
                file.sync_all()?;
            }
        }
        anyhow::ensure!(bytes.limit() == 0, "`{name}` became shorter while it was read");
        Ok(())
    }

    /// Gives the archive its name.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.sink {
            Sink::Tar(builder, file) => {
                builder.into_inner()?.finish()?;
                file.as_file().sync_all()?;
                file.persist(&self.path).map_err(|error| error.error)?;
            }
            Sink::Folder(folder) => {
                std::fs::rename(folder.path(), &self.path)?;
                // It has another name now.
                let _ = folder.keep();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_form() {
        let form = |name: &str, key| Target::parse(Path::new(name), key).map(|it| it.form);
        assert_eq!(form("a.tar", None).unwrap(), Form::Tar);
        assert_eq!(form("b/a.tar.gz", None).unwrap(), Form::Gzip);
        assert_eq!(form("b/backup", None).unwrap(), Form::Folder);
        assert_eq!(form("a.tar.enc", Some("k")).unwrap(), Form::Tar);
        for (name, key) in
            [("a.zip", None), ("a.tar", Some("k")), ("a.tar.enc", None), ("a", Some("k"))]
        {
            assert!(form(name, key).is_err(), "{name}");
        }
    }
}
