//! Changing the standby tree, path by path.
//!
//! Files are shared by hard link between trees and objects, so nothing here
//! may ever write into a file or change its times: a path gets a *different*
//! file, written aside, by rename. The live tree is only read.

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    durable::Unsynced,
    error::{AtPath, ReleaseError, Result},
    layout::Layout,
    public_path,
    version::Version,
};

/// What the standby tree is to show at one path.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) path: String,
    /// The version to keep for rollback before it is replaced.
    pub(super) keep: Option<Version>,
    pub(super) put: Put,
}

#[derive(Debug)]
pub(super) enum Put {
    Nothing,
    /// Bytes written by this build.
    Staged(PathBuf),
    /// Bytes of an earlier build: in the live tree or among the objects.
    Kept(Version),
}

#[derive(Debug)]
pub(super) struct TreeEditor<'a> {
    layout: &'a Layout,
    tree: PathBuf,
    live: Option<PathBuf>,
    emptied: BTreeSet<String>,
    pub(super) unsynced: Unsynced,
}

impl<'a> TreeEditor<'a> {
    pub(super) fn new(layout: &'a Layout, tree: &str, live: Option<&str>) -> Self {
        Self {
            layout,
            tree: layout.tree(tree),
            live: live.map(|name| layout.tree(name)),
            emptied: BTreeSet::new(),
            unsynced: Unsynced::default(),
        }
    }

    /// Removals come first: `x` may make room for `x/index.html`.
    pub(super) fn apply(
        &mut self,
        steps: &[Step],
        target: u64,
        mut before_each: impl FnMut(),
    ) -> Result<()> {
        let (removals, arrivals): (Vec<_>, Vec<_>) =
            steps.iter().partition(|step| matches!(step.put, Put::Nothing));
        for step in removals {
            before_each();
            self.keep(step)?;
            self.remove(&step.path)?;
        }
        self.prune()?;
        for step in arrivals {
            before_each();
            self.keep(step)?;
            match &step.put {
                Put::Staged(file) => self.rename_in(file, &step.path)?,
                Put::Kept(version) => {
                    let source = self.locate(&step.path, version, target)?;
                    self.link_in(&source, &step.path)?;
                }
                Put::Nothing => {}
            }
        }
        Ok(())
    }

    fn keep(&mut self, step: &Step) -> Result<()> {
        step.keep.as_ref().map_or(Ok(()), |version| self.preserve(&step.path, version))
    }

    /// Links a version that is about to leave the tree into `objects/`.
    pub(super) fn preserve(&mut self, path: &str, version: &Version) -> Result<()> {
        let source = self.tree.join(path);
        if !shows(&source, version) {
            return Ok(());
        }
        let object = self.layout.objects().join(version.object_name(path));
        if link_new(&source, &object)? {
            self.unsynced.add(object.parent().unwrap_or(&object));
        }
        Ok(())
    }

    /// Modification times grow with every version of a path, so a file with
    /// the right time and size *is* the version.
    fn locate(&self, path: &str, version: &Version, release: u64) -> Result<PathBuf> {
        let object = self.layout.objects().join(version.object_name(path));
        let live = self.live.as_ref().map(|live| live.join(path));
        [Some(object), live, Some(self.tree.join(path))]
            .into_iter()
            .flatten()
            .find(|file| shows(file, version))
            .ok_or_else(|| ReleaseError::Missing { path: path.to_owned(), release })
    }

    fn rename_in(&mut self, file: &Path, path: &str) -> Result<()> {
        let dest = self.tree.join(path);
        with_folder(&dest, |dest| fs::rename(file, dest)).at("place", &dest)?;
        self.touched(&dest);
        Ok(())
    }

    pub(super) fn link_in(&mut self, source: &Path, path: &str) -> Result<()> {
        let dest = self.tree.join(path);
        if same_file(source, &dest) {
            return Ok(());
        }
        let aside = self.layout.staging().join("link");
        remove_if_there(&aside)?;
        link_or_copy(source, &aside).at("link", source)?;
        with_folder(&dest, |dest| fs::rename(&aside, dest)).at("place", &dest)?;
        self.touched(&dest);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<()> {
        let file = self.tree.join(path);
        remove_if_there(&file)?;
        self.touched(&file);
        self.emptied.extend(public_path::ancestors(path).map(str::to_owned));
        Ok(())
    }

    /// Deletes folders that the removals left empty, deepest first.
    pub(super) fn prune(&mut self) -> Result<()> {
        let mut folders: Vec<_> = std::mem::take(&mut self.emptied).into_iter().collect();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
        for folder in folders {
            let folder = self.tree.join(folder);
            if fs::remove_dir(&folder).is_ok() {
                self.touched(&folder);
            }
        }
        Ok(())
    }

    /// New folders need their own entry on disk as well.
    fn touched(&mut self, path: &Path) {
        let inside = |folder: &&Path| folder.starts_with(&self.tree);
        for folder in path.ancestors().skip(1).take_while(inside) {
            self.unsynced.add(folder);
        }
    }
}

/// Whether the file at `path` is exactly this version.
pub(super) fn shows(path: &Path, version: &Version) -> bool {
    path.symlink_metadata().is_ok_and(|meta| {
        meta.is_file() && meta.len() == version.size && meta.mtime() == version.mtime
    })
}

fn same_file(one: &Path, other: &Path) -> bool {
    let (Ok(one), Ok(other)) = (one.symlink_metadata(), other.symlink_metadata()) else {
        return false;
    };
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// A folder of that name, or a file where its folder would be, means that the
/// file is not there.
pub(super) fn remove_if_there(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::NotADirectory
                    | io::ErrorKind::IsADirectory
            ) =>
        {
            Err(error).at("remove", file)
        }
        _ => Ok(()),
    }
}

/// Links `source` at `dest` unless something is there; says whether it did.
pub(super) fn link_new(source: &Path, dest: &Path) -> Result<bool> {
    if dest.symlink_metadata().is_ok() {
        return Ok(false);
    }
    with_folder(dest, |dest| link_or_copy(source, dest)).at("keep", dest)?;
    Ok(true)
}

/// Tries first and makes the folder only when it is missing: most exist.
pub(super) fn with_folder<T>(
    dest: &Path,
    mut act: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<T> {
    match act(dest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(folder) = dest.parent() else { return Err(error) };
            fs::create_dir_all(folder)?;
            act(dest)
        }
        result => result,
    }
}

/// Some file systems have no hard links; a copy with the same time does.
pub(super) fn link_or_copy(source: &Path, dest: &Path) -> io::Result<()> {
    match fs::hard_link(source, dest) {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::TooManyLinks
            ) =>
        {
            let modified = fs::metadata(source)?.modified()?;
            fs::copy(source, dest)?;
            fs::File::options().write(true).open(dest)?.set_modified(modified)
        }
        result => result,
    }
}
