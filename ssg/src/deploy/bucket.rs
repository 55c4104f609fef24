//! A target that is an S3 bucket: nobody there runs a script or follows a link.
//!
//! ```text
//! PREFIX/a/index.html            what visitors read
//! PREFIX/.galley/blobs/…         bodies of the releases at hand, by their sums
//! PREFIX/.galley/trees/…json     which body a release has under which path
//! PREFIX/.galley/state.json      which release stands under the keys visitors read
//! ```
//!
//! To prepare is to send the bodies that are missing, and then the list of them. To switch is to
//! copy, inside the bucket, bodies to the keys that differ: first what pages need, then
//! pages, then what lists pages; what is gone goes last. `state.json` is replaced before and
//! after that, each time on the condition that nobody else did. So a switch that was cut short
//! is known, with the releases whose files may stand there, and the next one puts that right
//! whichever way it goes. Each object changes at once; all of them together do not.
//!
//! Two installations may have one bucket. Whoever switches says so in `state.json` and has its
//! turn for some minutes, which it renews; the other is refused. Of two who begin at once one
//! fails at the condition, before it has copied anything.

mod access;
mod attributes;
mod client;
mod exchange;
mod fill;
mod state;
mod trouble;

use std::collections::BTreeSet;

use anyhow::{Result, bail};

pub use self::access::{Access, BucketPlace};
use self::{
    client::{Client, Tag, Written},
    state::{State, Tree},
};
use super::{Faults, Step, Target, prepare::Shipment, target::Look};

/// Of what is not for visitors.
const HIDDEN: &str = ".galley";
/// Of what is there for a moment, to see whether it can be.
const TRIED: &str = "tried";

/// What stands there.
pub(super) fn look(place: &BucketPlace) -> Result<Look> {
    let client = Client::open(place)?;
    let (state, _) = state::load(&client)?;
    let trees = state::trees(&client)?.into_iter();
    let trees = trees.filter_map(|name| {
        let (history, release) = state::parts(&name)?;
        Some((name.clone(), history.to_owned(), release))
    });
    Ok(Look { live: state.live, trees: trees.collect(), switching: state.switching.is_some() })
}

/// Sends what a release needs and the bucket does not have. It may be done again at any time.
pub(super) fn prepare(
    shipment: &Shipment<'_>,
    place: &BucketPlace,
    step: &mut Step,
    faults: &Faults,
) -> Result<()> {
    let client = Client::open(place)?;
    let (mut state, tag) = state::load(&client)?;
    state.check_turn(shipment.history, exchange::now())?;
    let tree = state::name(shipment.history, shipment.release);
    step.back.clone_from(&state.live);
    let live = state.live.as_deref().and_then(state::parts);
    step.from = live.filter(|(of, _)| *of == shipment.history).map(|(_, release)| release);
    step.tree = Some(tree.clone());
    let is_shown = state.live.as_ref() == Some(&tree) && state.switching.is_none();
    if is_shown && !shipment.whole {
        return Ok(());
    }
    if shipment.whole || !state::trees(&client)?.contains(&tree) {
        fill::fill(&client, shipment, &tree, faults)?;
    }
    if shipment.whole {
        // The switch then copies everything.
        state.suspect = true;
        state::save(&client, &mut state, tag.as_ref())?;
    }
    let needed: BTreeSet<String> = state.needed().chain([tree]).collect();
    fill::forget_others(&client, &needed)
}

/// Shows a prepared release, or nothing, for the history `who`.
pub(super) fn flip(place: &BucketPlace, who: &str, step: &Step, faults: &Faults) -> Result<()> {
    let client = Client::open(place)?;
    let (state, tag) = state::load(&client)?;
    let (live, tree) = (state.live.as_deref(), step.tree.as_deref());
    let is_meant = live == tree || live == step.back.as_deref();
    if !is_meant && state.switching.as_ref().is_none_or(|switching| switching.by != who) {
        bail!("another installation has put its release there meanwhile; deploy again");
    }
    show(&client, (state, tag), who, tree, faults)
}

/// Shows what was there before, unless somebody else's release is there now.
pub(super) fn flip_back(
    place: &BucketPlace,
    who: &str,
    step: &Step,
    faults: &Faults,
) -> Result<()> {
    let client = Client::open(place)?;
    let (state, tag) = state::load(&client)?;
    let is_ours = match &state.switching {
        Some(switching) => switching.by == who,
        None => state.live == step.tree,
    };
    if !is_ours {
        return Ok(());
    }
    show(&client, (state, tag), who, step.back.as_deref(), faults)
}

fn show(
    client: &Client,
    (state, tag): (State, Option<Tag>),
    who: &str,
    tree: Option<&str>,
    faults: &Faults,
) -> Result<()> {
    if state.live.as_deref() == tree && state.switching.is_none() && !state.suspect {
        return Ok(());
    }
    let to = match tree {
        Some(tree) => Tree::load(client, tree)?,
        None => Tree::default(),
    };
    exchange::exchange(client, (state, tag), who, tree, &to, faults)
}

/// Tries what a deployment does besides sending and copying: whether of two who write on a
/// condition only one succeeds. What it writes it takes away.
pub(super) fn try_out(place: &BucketPlace) -> Result<()> {
    let client = Client::open(place)?;
    state::load(&client)?;
    state::trees(&client)?;
    let path = format!("{HIDDEN}/{TRIED}-{}", state::nonce()?);
    let honest = keeps_conditions(&client, &path);
    let removed = client.remove(&[path]);
    if !honest? {
        bail!(
            "it does not keep to the conditions of a write (`If-Match`, `If-None-Match`): two \
             deployments at once could mix their releases"
        );
    }
    removed
}

fn keeps_conditions(client: &Client, path: &str) -> Result<bool> {
    let write = |seen: Option<&Tag>| client.put_if(path, state::nonce()?.into_bytes(), seen);
    let Written::Now(first) = write(None)? else { return Ok(false) };
    let refused = matches!(write(None)?, Written::Late);
    let replaced = matches!(write(Some(&first))?, Written::Now(_));
    Ok(refused && replaced && matches!(write(Some(&first))?, Written::Late))
}

impl Target {
    /// The bucket, when it is one.
    pub(crate) fn bucket(&self) -> Option<&BucketPlace> {
        match &self.place {
            super::Place::Bucket(place) => Some(place),
            super::Place::Local { .. } | super::Place::Ssh { .. } => None,
        }
    }
}
