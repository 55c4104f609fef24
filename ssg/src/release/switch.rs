//! The switch itself: one system call between two complete trees.
//!
//! `current` and `standby` are symbolic links. Exchanging them makes the new
//! tree live and keeps the old one at hand in the same instant; where the file
//! system cannot exchange, renaming a fresh link over `current` is as atomic
//! for visitors.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    error::{AtPath, Result},
    layout::Layout,
};

/// The tree that visitors are sent to.
pub(super) fn live_target(layout: &Layout) -> Option<PathBuf> {
    fs::read_link(layout.current()).ok()
}

/// Makes the tree `name` live. Does nothing when it is.
pub(super) fn to(layout: &Layout, name: &str) -> Result<()> {
    let target = Layout::link_target(name);
    if live_target(layout).as_deref() == Some(target.as_path()) {
        return Ok(());
    }
    let (current, standby) = (layout.current(), layout.standby());
    if current.symlink_metadata().is_ok_and(|meta| !meta.is_symlink()) {
        let taken = io::Error::other("it is no link of ours: move it away");
        return Err(taken).at("replace", &current);
    }
    point(&standby, &target)?;
    exchange(&standby, &current)?;
    sync_folder(layout.root())
}

/// Points the link at `target`, replacing what it pointed at.
fn point(link: &Path, target: &Path) -> Result<()> {
    if fs::read_link(link).is_ok_and(|now| now == target) {
        return Ok(());
    }
    let fresh = link.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).at("remove", &fresh);
        }
        _ => symlink(target, &fresh).at("link", &fresh)?,
    }
    fs::rename(&fresh, link).at("replace", link)
}

fn exchange(standby: &Path, current: &Path) -> Result<()> {
    if current.symlink_metadata().is_ok()
        && renameat_with(CWD, standby, CWD, current, RenameFlags::EXCHANGE).is_ok()
    {
        return Ok(());
    }
    fs::rename(standby, current).at("replace", current)
}

fn sync_folder(folder: &Path) -> Result<()> {
    fs::File::open(folder).and_then(|file| file.sync_all()).at("sync", folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_exchanged_and_the_old_target_is_kept_at_hand() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::create(dir.path()).unwrap();
        to(&layout, "1").unwrap();
        assert_eq!(live_target(&layout).unwrap(), Path::new("trees/1"));
        to(&layout, "2").unwrap();
        assert_eq!(live_target(&layout).unwrap(), Path::new("trees/2"));
        assert_eq!(fs::read_link(layout.standby()).unwrap(), Path::new("trees/1"));
        to(&layout, "2").unwrap();
        assert_eq!(live_target(&layout).unwrap(), Path::new("trees/2"));
    }
}
