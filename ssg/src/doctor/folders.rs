//! Can the site be written, is there room, do secrets lie open?

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use cms_api::installation::SETTINGS_FILE;

use super::{Finding, bad, doubtful, good};
use crate::config::Config;

/// With less than this a build of any size may fail.
const FULL_BYTES: u64 = 50 << 20;
/// With less than this somebody should look soon.
const NEARLY_FULL_BYTES: u64 = 500 << 20;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let folders = [("releases", &config.out), ("content cache", &config.cache)];
    let mut findings = Vec::new();
    for (what, folder) in folders {
        findings.push(writable(what, folder));
        findings.push(room(what, folder));
    }
    findings.extend(links(config));
    findings.extend(settings());
    findings
}

/// Writes a file and removes it. A folder that is not there yet is tried where
/// it will be made.
fn writable(what: &'static str, folder: &Path) -> Finding {
    if folder.exists() && !folder.is_dir() {
        return bad(what, format!("`{}` is no folder; move it away", folder.display()));
    }
    let there = existing(folder);
    match tempfile::tempfile_in(&there) {
        Ok(_) if there == folder => good(what, format!("`{}` can be written", folder.display())),
        Ok(_) => good(what, format!("`{}` can be made", folder.display())),
        Err(error) => bad(what, format!("`{}` cannot be written: {error}", there.display())),
    }
}

fn room(what: &'static str, folder: &Path) -> Finding {
    let free = match rustix::fs::statvfs(existing(folder)) {
        Ok(volume) => volume.f_bavail.saturating_mul(volume.f_frsize),
        Err(error) => return bad(what, format!("`{}`: {error}", folder.display())),
    };
    let detail = format!("{} MB are free for `{}`", free >> 20, folder.display());
    match free {
        free if free < FULL_BYTES => bad(what, detail),
        free if free < NEARLY_FULL_BYTES => doubtful(what, detail),
        _ => good(what, detail),
    }
}

/// Trees share files by hard links, which every file system of a server has.
fn links(config: &Config) -> Option<Finding> {
    let there = existing(&config.out);
    let linked = tempfile::tempdir_in(&there).and_then(|folder| {
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "x")?;
        fs::hard_link(&one, &other)?;
        Ok(fs::metadata(&other)?.nlink() == 2)
    });
    match linked {
        Ok(true) => None,
        Ok(false) => Some(bad("releases", "this file system does not share files by hard links")),
        // That it cannot be written is said already.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) => {
            Some(bad("releases", format!("no hard links in `{}`: {error}", there.display())))
        }
    }
}

fn settings() -> Option<Finding> {
    let mode = fs::metadata(SETTINGS_FILE).ok()?.permissions().mode();
    let open = mode & 0o077 != 0;
    let detail = format!("others can read {SETTINGS_FILE} (mode {:o}); chmod 600 it", mode & 0o777);
    open.then(|| doubtful("settings", detail))
}

/// The folder, or the nearest one above it that is there.
fn existing(folder: &Path) -> PathBuf {
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = full.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
    if there == full { folder.to_owned() } else { there.to_owned() }
}
