//! Uploads and the signing key on their way to another place. Taken back unless they are kept.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Request, key_of};
use crate::media::storage::{FileName, Storage};

const OWNER_ONLY: u32 = 0o600;

/// What was copied so far.
pub(super) struct Moved {
    /// Where files went that had not been there; nothing where uploads stay.
    uploads: Option<Storage>,
    copied: u64,
    added: Vec<FileName>,
    /// All that belong there.
    belonging: BTreeSet<String>,
    key: Option<Key>,
}

/// A signing key to be put in place.
struct Key {
    text: String,
    place: PathBuf,
    /// What was there.
    before: Option<String>,
    placed: bool,
}

impl Moved {
    /// Copies the files.
    ///
    /// # Errors
    /// When there are files or another key already, and nobody said that they may be replaced;
    /// those of the disks.
    pub(super) fn begin(request: &Request<'_>, uploads: &Storage) -> anyhow::Result<Self> {
        let (added, belonging) = Default::default();
        let mut moved = Self { uploads: None, copied: 0, added, belonging, key: key(request)? };
        let place = &request.to.uploads.place;
        if request.from.uploads.place == *place {
            return Ok(moved);
        }
        let target = Storage::open(request.to.uploads, &request.to.settings.data_dir())?;
        let there = names(&target)?;
        anyhow::ensure!(
            there.is_empty() || request.force,
            "`{place}` is not empty: {} files; `--force` replaces all of them",
            there.len()
        );
        moved.uploads = Some(target.clone());
        for (name, _) in uploads.list()? {
            if !there.contains(name.as_str()) {
                moved.added.push(name.clone());
            }
            let copying = || format!("copying `{}` to `{place}`", name.as_str());
            if copy(uploads, &target, &name).with_context(copying)? {
                moved.copied += 1;
                moved.belonging.insert(name.as_str().to_owned());
            }
        }
        target.settle()?;
        Ok(moved)
    }

    /// Puts the signing key in its place.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn place_key(&mut self) -> anyhow::Result<()> {
        let Some(key) = &mut self.key else { return Ok(()) };
        write_key(&key.place, &key.text)?;
        key.placed = true;
        Ok(())
    }

    /// Leaves everything where it is now, without files of what was replaced. Says how many
    /// files were copied, and whether a key was.
    ///
    /// # Errors
    /// Those of the disk.
    pub(super) fn keep(mut self) -> anyhow::Result<(u64, bool)> {
        self.added.clear();
        if let Some(target) = self.uploads.take() {
            for (name, _) in target.list()? {
                if !self.belonging.contains(name.as_str()) {
                    target.remove(&name);
                }
            }
        }
        Ok((self.copied, self.key.take().is_some()))
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        if let Some(target) = &self.uploads {
            self.added.iter().for_each(|name| target.remove(name));
        }
        if let Some(key) = self.key.as_ref().filter(|key| key.placed) {
            let undone = match &key.before {
                Some(text) => write_key(&key.place, text),
                None => std::fs::remove_file(&key.place).map_err(Into::into),
            };
            if let Err(error) = undone {
                tracing::error!("`{}` is the key of the other place: {error}", key.place.display());
            }
        }
    }
}

fn names(place: &Storage) -> anyhow::Result<BTreeSet<String>> {
    Ok(place.list()?.into_iter().map(|(name, _)| name.as_str().to_owned()).collect())
}

/// Whether the file was still there.
fn copy(from: &Storage, to: &Storage, name: &FileName) -> anyhow::Result<bool> {
    let Some((_, mut bytes)) = from.read(name)? else { return Ok(false) };
    let file = to.unfinished()?;
    io::copy(&mut bytes, &mut file.as_file())?;
    to.keep(file, name)?;
    Ok(true)
}

/// The key that has to move, if it does.
fn key(request: &Request<'_>) -> anyhow::Result<Option<Key>> {
    let (from, place) = (key_of(request.from), key_of(request.to));
    if from == place || !from.exists() {
        return Ok(None);
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))
    };
    let text = read(&from)?;
    let before = if place.exists() { Some(read(&place)?) } else { None };
    anyhow::ensure!(
        request.force || before.as_ref().is_none_or(|before| *before == text),
        "`{}` is another signing key than `{}`: with it, all logins would end; `--force` replaces \
         it",
        place.display(),
        from.display()
    );
    Ok(Some(Key { text, place, before, placed: false }))
}

fn write_key(place: &Path, text: &str) -> anyhow::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let aside = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(OWNER_ONLY))
        .tempfile_in(folder)?;
    std::fs::write(aside.path(), text)?;
    aside.as_file().sync_all()?;
    aside.persist(place).map_err(|error| error.error)?;
    Ok(File::open(folder)?.sync_all()?)
}
