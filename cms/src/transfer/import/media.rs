//! Uploaded files: rows that name them, and bytes that lie in the archive or are here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::Importer;
use crate::media::storage::{FileName, Storage};
use crate::transfer::staging::{FILES, Staging};

/// Where files are served from.
const PROVIDER: &str = "local";
const COMPARE_BYTES: usize = 64 * 1024;

/// A file whose bytes are in the archive will lie here, wherever it lay before.
pub(super) fn settle(data: &mut Map<String, Value>, assets: &BTreeMap<String, u64>) {
    if let Some(name) = stored_name(data).filter(|name| assets.contains_key(name)) {
        data.insert("url".into(), format!("/uploads/{name}").into());
        data.insert("provider".into(), PROVIDER.into());
    }
    let formats = data.get_mut("formats").and_then(Value::as_object_mut);
    for (_, format) in formats.into_iter().flatten() {
        let Some(format) = format.as_object_mut() else { continue };
        if let Some(name) = stored_name(format).filter(|name| assets.contains_key(name)) {
            format.insert("url".into(), format!("/uploads/{name}").into());
        }
    }
}

fn stored_name(data: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    Some(format!("{}{}", text("hash")?, text("ext").unwrap_or_default()))
}

impl Importer<'_> {
    /// Remembers the names a file's row shows.
    pub(super) fn note_file(&mut self, data: &Map<String, Value>) {
        let is_local = data.get("provider").and_then(Value::as_str) == Some(PROVIDER);
        let formats = data.get("formats").and_then(Value::as_object);
        let formats = formats.into_iter().flatten().filter_map(|(_, format)| format.as_object());
        for shown in std::iter::once(data).chain(formats).filter(|_| is_local) {
            self.shown_files.extend(stored_name(shown));
        }
    }
}

/// Compares the archive's files with those that are here. What is here already, or shown by
/// no row, is dropped from the staging folder.
///
/// # Errors
/// Those of the disk.
pub(super) fn sort(
    staging: &mut Staging,
    uploads: &Storage,
    shown: &BTreeSet<String>,
    report: &mut super::Report,
    dry_run: bool,
) -> anyhow::Result<()> {
    let assets: Vec<(String, u64)> =
        staging.assets.iter().map(|(name, bytes)| (name.clone(), *bytes)).collect();
    for (name, bytes) in &assets {
        let Some(file) = FileName::parse(name) else { continue };
        if !shown.contains(name) {
            report.skip("uploaded files", "no row shows them");
            staging.drop_asset(name)?;
            continue;
        }
        let there = staging.path().join(FILES).join(name);
        // A dry run has not unpacked the bytes: the length must do.
        let same = uploads.version(&file)?.is_some_and(|here| here.bytes == *bytes)
            && (dry_run || is_same(uploads, &file, &there)?);
        if same {
            report.files.unchanged += 1;
            staging.drop_asset(name)?;
        } else {
            report.files.copied += 1;
            report.files.bytes += bytes;
        }
    }
    for name in shown {
        let brought = assets.iter().any(|(asset, _)| asset == name);
        if !brought && !is_here(uploads, name)? {
            report.files.missing.push(name.clone());
        }
    }
    Ok(())
}

fn is_here(uploads: &Storage, name: &str) -> anyhow::Result<bool> {
    match FileName::parse(name) {
        Some(file) => Ok(uploads.version(&file)?.is_some()),
        None => Ok(false),
    }
}

fn is_same(uploads: &Storage, file: &FileName, there: &Path) -> anyhow::Result<bool> {
    let Some((_, here)) = uploads.read(file)? else { return Ok(false) };
    Ok(are_same(here, File::open(there)?)?)
}

fn are_same(a: impl Read, b: impl Read) -> std::io::Result<bool> {
    let mut a = BufReader::with_capacity(COMPARE_BYTES, a);
    let mut b = BufReader::with_capacity(COMPARE_BYTES, b);
    loop {
        let (left, right) = (a.fill_buf()?, b.fill_buf()?);
        let count = left.len().min(right.len());
        if left.get(..count) != right.get(..count) {
            return Ok(false);
        }
        if count == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        a.consume(count);
        b.consume(count);
    }
}
