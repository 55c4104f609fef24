//! Bodies on their way into the bucket: those that are missing, and the list of all at last.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{
    super::{DeployPoint, Faults, prepare::Shipment},
    attributes::Class,
    client::{Client, Parcel},
    state::{self, Tree, blob_path, tree_path},
};

/// Copies that nginx hands out itself; a bucket cannot choose between them.
const COMPRESSED: [&str; 2] = [".gz", ".br"];

/// Sends what is missing. A list is there only when everything in it is.
pub(super) fn fill(
    client: &Client,
    shipment: &Shipment<'_>,
    name: &str,
    faults: &Faults,
) -> Result<()> {
    let (tree, sources) = tree(shipment)?;
    tree.files.keys().try_for_each(|path| client.check(path))?;
    let there = match shipment.whole {
        true => Default::default(),
        false => state::blobs(client)?,
    };
    let missing: Vec<_> = sources.into_iter().filter(|(blob, _)| !there.contains(blob)).collect();
    faults.reach(DeployPoint::Opened);
    let cannot = || format!("cannot put files together in `{}`", shipment.folder.display());
    fs::create_dir_all(shipment.folder).with_context(cannot)?;
    let folder = TempDir::new_in(shipment.folder).with_context(cannot)?;
    let paths: Vec<String> = missing.iter().map(|(_, path)| path.clone()).collect();
    shipment.store.export(shipment.release, &paths, folder.path())?;
    let parcel = |(blob, path): &(String, String)| Parcel {
        file: folder.path().join(path),
        key: blob_path(blob),
        attributes: Class::of(path).attributes(),
    };
    client.send(missing.iter().map(parcel).collect())?;
    faults.reach(DeployPoint::Sent);
    tree.save(client, name)
}

/// The release as the bucket will have it, and for each blob a path that has its bytes.
fn tree(shipment: &Shipment<'_>) -> Result<(Tree, BTreeMap<String, String>)> {
    let bodies = shipment.store.bodies(shipment.release)?;
    let (mut tree, mut sources) = (Tree::default(), BTreeMap::new());
    for (path, body) in &bodies {
        let stem = COMPRESSED.iter().find_map(|ending| path.strip_suffix(ending));
        if stem.is_some_and(|stem| bodies.contains_key(stem)) {
            continue;
        }
        let blob = format!("{}-{}", body.hash.to_hex(), Class::of(path).name());
        sources.entry(blob.clone()).or_insert_with(|| path.clone());
        tree.files.insert(path.clone(), blob);
    }
    Ok((tree, sources))
}

/// Takes away trees that nothing needs, and then the blobs that none of the others has.
pub(super) fn forget_others(
    client: &Client,
    needed: &std::collections::BTreeSet<String>,
) -> Result<()> {
    let names = state::trees(client)?;
    let others: Vec<String> =
        names.into_iter().filter(|name| !needed.contains(name)).map(|it| tree_path(&it)).collect();
    if others.is_empty() {
        return Ok(());
    }
    let mut kept = std::collections::BTreeSet::new();
    for name in needed {
        let tree = Tree::find(client, name)?.unwrap_or_default();
        kept.extend(tree.files.into_values());
    }
    client.remove(&others)?;
    let blobs = state::blobs(client)?;
    let gone: Vec<_> =
        blobs.iter().filter(|blob| !kept.contains(*blob)).map(|blob| blob_path(blob)).collect();
    client.remove(&gone)
}
