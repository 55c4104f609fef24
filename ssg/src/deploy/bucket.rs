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

mod access;
mod attributes;
mod client;
mod exchange;
mod fill;
mod state;
mod trouble;

use std::collections::BTreeSet;

use anyhow::Result;

pub use self::access::{Access, BucketPlace};
use self::{client::Client, state::Tree};
use super::{Faults, Step, Target, prepare::Shipment, target::Look};

/// Of what is not for visitors.
const HIDDEN: &str = ".galley";

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

/// Shows a prepared release, or nothing.
pub(super) fn flip(place: &BucketPlace, tree: Option<&str>, faults: &Faults) -> Result<()> {
    let client = Client::open(place)?;
    let (state, tag) = state::load(&client)?;
    if state.live.as_deref() == tree && state.switching.is_none() && !state.suspect {
        return Ok(());
    }
    let to = match tree {
        Some(tree) => Tree::load(&client, tree)?,
        None => Tree::default(),
    };
    exchange::exchange(&client, (state, tag), tree, &to, faults)
}

impl Target {
    /// The bucket, when it is one.
    pub(super) fn bucket(&self) -> Option<&BucketPlace> {
        match &self.place {
            super::Place::Bucket(place) => Some(place),
            super::Place::Local { .. } | super::Place::Ssh { .. } => None,
        }
    }
}
