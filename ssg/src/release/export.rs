//! What another machine needs to show a release: names, versions, bytes.
//!
//! Bytes leave as hard links, made while nobody may change the trees, so that a
//! transfer of an hour neither holds a lock nor sees a file of another release.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    ReleaseError, Store,
    error::{AtPath, Result},
    history::{View, version_of},
    net,
    tree::{link_or_copy, shows, with_folder},
    version::{Delta, Version},
};

/// Where a history is known by name on other machines.
const IDENTITY: &str = "identity";
const IDENTITY_BYTES: usize = 8;

/// The way of a tree from one release to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    pub put: Vec<String>,
    pub gone: Vec<String>,
}

/// A file as visitors get it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    pub hash: blake3::Hash,
    pub size: u64,
}

#[derive(Serialize, Deserialize)]
struct Identity(String);

impl Store {
    /// A name for this history, the same as long as it lasts.
    pub fn identity(&self) -> Result<String> {
        if let Some(Identity(name)) = self.recall(IDENTITY)? {
            return Ok(name);
        }
        let mut bytes = [0; IDENTITY_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|error| ReleaseError::Damaged(format!("no random name: {error}")))?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.remember(IDENTITY, &Identity(name.clone()))?;
        Ok(name)
    }

    /// What a tree at `from` has to change to show `to`, by version: the same bytes
    /// with a later time are put again, or two machines would disagree about an
    /// ETag. `None`: the way is not known any more.
    pub fn way(&self, from: u64, to: u64) -> Result<Option<Way>> {
        let way = self.view(|view| {
            if !view.kept()?.contains(&to) {
                return Err(ReleaseError::Unknown { id: to, kept: view.kept()? });
            }
            let net = match net::between(view, from, to) {
                Err(ReleaseError::Damaged(_)) => return Ok(None),
                net => net?,
            };
            let mut way = Way::default();
            for (path, Delta { new, .. }) in net {
                if new.is_some() { way.put.push(path) } else { way.gone.push(path) }
            }
            Ok(Some(way))
        })?;
        Ok(way.flatten())
    }

    /// Every file of a kept release.
    pub fn bodies(&self, release: u64) -> Result<BTreeMap<String, Body>> {
        let files = self.view(|view| versions(view, release))?.unwrap_or_default();
        let body = |(path, Version { hash, size, .. })| (path, Body { hash, size });
        Ok(files.into_iter().map(body).collect())
    }

    /// Links these files of a kept release below `into`, with their times. Returns
    /// how many bytes they have.
    pub fn export(&self, release: u64, paths: &[String], into: &Path) -> Result<u64> {
        let size = self.view(|view| {
            let (files, mut size) = (versions(view, release)?, 0);
            for path in paths {
                let missing = || ReleaseError::Missing { path: path.clone(), release };
                let version = files.get(path).ok_or_else(missing)?;
                let source = self.find(view, path, version)?.ok_or_else(missing)?;
                let dest = into.join(path);
                with_folder(&dest, |dest| link_or_copy(&source, dest)).at("link", &dest)?;
                size += version.size;
            }
            Ok(size)
        })?;
        Ok(size.unwrap_or(0))
    }

    fn find(&self, view: &View, path: &str, version: &Version) -> Result<Option<PathBuf>> {
        let (layout, state) = (&self.inner.layout, view.state()?);
        let trees = [state.live, state.standby].into_iter().flatten();
        let trees = trees.map(|tree| layout.tree(&tree.name).join(path));
        let object = layout.objects().join(version.object_name(path));
        Ok(trees.chain([object]).find(|file| shows(file, version)))
    }
}

/// Every file of a kept release with its version.
fn versions(view: &View, release: u64) -> Result<BTreeMap<String, Version>> {
    use redb::ReadableTable;
    let kept = view.kept()?;
    if !kept.contains(&release) {
        return Err(ReleaseError::Unknown { id: release, kept });
    }
    let mut files = BTreeMap::new();
    for row in view.files()?.iter()? {
        let (path, version) = row?;
        files.insert(path.value().to_owned(), version_of(version.value())?);
    }
    let newest = view.state()?.newest.unwrap_or(release);
    for (path, delta) in net::between(view, newest, release)? {
        match delta.new {
            Some(version) => drop(files.insert(path, version)),
            None => drop(files.remove(&path)),
        }
    }
    Ok(files)
}
