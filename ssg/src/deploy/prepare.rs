//! A release on its way into the tree that nobody sees.
//!
//! What the tree had is known from the note beside it, so only what differs is
//! looked at: files that the live tree has already are linked there, the others
//! travel. Without a note (a new target, a transfer that was cut short, a history
//! that began afresh) every file is compared by size and time, which a version
//! never shares with another, and still only missing ones travel.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{DeployPoint, Faults, Step, Target, bucket, target::Look, transport};
use crate::{
    release::{Store, Way},
    site::public_url::is_hashed_asset,
};

/// What a target is to show, and where its files are put together.
#[derive(Debug)]
pub(super) struct Shipment<'a> {
    pub(super) store: &'a Store,
    pub(super) history: &'a str,
    pub(super) release: u64,
    /// Files wait here for their transfer; best on the file system of `dist`.
    pub(super) folder: &'a Path,
    /// Trust no note.
    pub(super) whole: bool,
}

/// Makes a target's other tree show the release. It may be done again at any time.
pub(super) fn prepare(
    shipment: &Shipment<'_>,
    target: &Target,
    step: &mut Step,
    faults: &Faults,
) -> Result<()> {
    if let Some(place) = target.bucket() {
        return target.told(bucket::prepare(shipment, place, step, faults));
    }
    target.told(transport::run(&target.place, transport::READY, &[]))?;
    let look = target.look()?;
    step.back.clone_from(&look.live);
    step.from = look.live_release(shipment.history);
    if step.from == Some(shipment.release) && !shipment.whole {
        step.tree = look.live;
        return Ok(());
    }
    let tree = look.other();
    if shipment.whole || look.release_of(tree, shipment.history) != Some(shipment.release) {
        target.told(fill(shipment, target, &look, tree, faults))?;
    }
    step.tree = Some(tree.to_owned());
    Ok(())
}

fn fill(
    shipment: &Shipment<'_>,
    target: &Target,
    look: &Look,
    tree: &str,
    faults: &Faults,
) -> Result<()> {
    let way = way(shipment, look, tree)?;
    let packed = Packed::pack(shipment, look, way.as_ref())?;
    let place = &target.place;
    transport::copy(place, &packed.lists(), "incoming/", &[])?;
    transport::run(place, transport::OPEN, &[tree])?;
    faults.reach(DeployPoint::Opened);
    let list = format!("--files-from={}", packed.put().display());
    let mut options = vec![];
    match &way {
        Some(_) => options.extend(["--from0", list.as_str()]),
        // Whatever else stands there belongs to nothing.
        None => options.extend(["--delete", "--recursive"]),
    }
    let linked = look.live.as_ref().map(|live| format!("--link-dest=../{live}"));
    options.extend(linked.as_deref());
    if shipment.whole {
        options.push("--checksum");
    }
    transport::copy(place, &packed.files(), &format!("trees/{tree}/"), &options)?;
    faults.reach(DeployPoint::Sent);
    let live = look.live.as_deref().unwrap_or("-");
    let release = shipment.release.to_string();
    transport::run(place, transport::CLOSE, &[tree, live, shipment.history, &release])?;
    Ok(())
}

/// `None`: it is not known what the tree has.
fn way(shipment: &Shipment<'_>, look: &Look, tree: &str) -> Result<Option<Way>> {
    let at = look.release_of(tree, shipment.history).filter(|_| !shipment.whole);
    Ok(at.map(|at| shipment.store.way(at, shipment.release)).transpose()?.flatten())
}

/// Files and lists, side by side until they are sent.
struct Packed {
    folder: TempDir,
}

impl Packed {
    fn pack(shipment: &Shipment<'_>, look: &Look, way: Option<&Way>) -> Result<Self> {
        let cannot = || format!("cannot put files together in `{}`", shipment.folder.display());
        fs::create_dir_all(shipment.folder).with_context(cannot)?;
        let packed = Self { folder: TempDir::new_in(shipment.folder).with_context(cannot)? };
        fs::create_dir(packed.files()).with_context(cannot)?;
        fs::create_dir(packed.lists()).with_context(cannot)?;
        let all;
        let (put, gone) = match way {
            Some(way) => (&way.put, way.gone.as_slice()),
            None => {
                all = shipment.store.bodies(shipment.release)?.into_keys().collect();
                (&all, [].as_slice())
            }
        };
        shipment.store.export(shipment.release, put, &packed.files())?;
        fs::write(packed.put(), listed(put)).with_context(cannot)?;
        fs::write(packed.lists().join("gone"), listed(gone)).with_context(cannot)?;
        let leaving = listed(&leaving(shipment, look)?);
        fs::write(packed.lists().join("leaving"), leaving).with_context(cannot)?;
        Ok(packed)
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn lists(&self) -> PathBuf {
        self.folder.path().join("lists")
    }

    fn put(&self) -> PathBuf {
        self.folder.path().join("put")
    }
}

/// Hashed assets that visitors see now and will not see after the switch.
fn leaving(shipment: &Shipment<'_>, look: &Look) -> Result<Vec<String>> {
    let Some(live) = look.live_release(shipment.history) else { return Ok(Vec::new()) };
    let gone = shipment.store.way(live, shipment.release)?.unwrap_or_default().gone;
    Ok(gone.into_iter().filter(|path| is_hashed_asset(path)).collect())
}

/// As `xargs -0` and rsync read it: a name may hold any other character.
fn listed(paths: &[String]) -> Vec<u8> {
    paths.iter().flat_map(|path| path.bytes().chain([0])).collect()
}
