//! What a bucket notes about itself: which releases it has at hand, and which one it shows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{
    HIDDEN,
    client::{Client, Tag, Written},
};

const STATE: &str = "state.json";
const TREES: &str = "trees";
const BLOBS: &str = "blobs";
const JSON: &str = ".json";
const NONCE_BYTES: usize = 8;

/// What stands under the keys that visitors read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The last one that was shown whole.
    pub(super) live: Option<String>,
    /// A switch that is not at its end.
    pub(super) switching: Option<Switching>,
    /// Somebody wants everything to be put there again.
    pub(super) suspect: bool,
    /// Hashed assets that no release shows any longer, and since when, in Unix seconds.
    pub(super) retired: BTreeMap<String, i64>,
    /// Drawn anew by each writer: one that got no answer knows its own.
    nonce: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Switching {
    pub(super) to: Option<String>,
    /// Every tree whose files may stand there.
    pub(super) mix: BTreeSet<String>,
    /// The history whose release comes.
    pub(super) by: String,
    /// Until then nobody else may begin, in Unix seconds: a switch that goes on renews it, one
    /// that was cut short lets others put it right.
    pub(super) until: i64,
}

impl State {
    /// Trees whose files stand there, or may.
    pub(super) fn mix(&self) -> BTreeSet<String> {
        let mix = self.switching.iter().flat_map(|switching| switching.mix.iter().cloned());
        mix.chain(self.live.clone()).collect()
    }

    /// Refuses whoever would come between the two halves of somebody else's switch.
    pub(super) fn check_turn(&self, who: &str, now: i64) -> Result<()> {
        let Some(switching) = self.switching.as_ref() else { return Ok(()) };
        if switching.by == who || switching.until <= now {
            return Ok(());
        }
        bail!(
            "another installation is putting its release there; if it was killed, run `ssg deploy` \
             there again, or here in {} s",
            switching.until - now
        )
    }

    /// Trees that a switch may need.
    pub(super) fn needed(&self) -> impl Iterator<Item = String> {
        self.mix().into_iter()
    }
}

pub(super) fn nonce() -> Result<String> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).context("no random number")?;
    Ok(nonce.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn load(client: &Client) -> Result<(State, Option<Tag>)> {
    let Some((bytes, tag)) = client.get(&format!("{HIDDEN}/{STATE}"))? else {
        return Ok(Default::default());
    };
    let state = serde_json::from_slice(&bytes)
        .with_context(|| format!("`{HIDDEN}/{STATE}` is not readable"))?;
    Ok((state, Some(tag)))
}

/// Replaces the state that was seen under this tag.
pub(super) fn save(client: &Client, state: &mut State, seen: Option<&Tag>) -> Result<Tag> {
    state.nonce = nonce()?;
    let bytes = serde_json::to_vec_pretty(&state)?;
    if let Written::Now(tag) = client.put_if(&format!("{HIDDEN}/{STATE}"), bytes, seen)? {
        return Ok(tag);
    }
    // Perhaps it was us, and only the answer was lost.
    match load(client)? {
        (there, Some(tag)) if there == *state => Ok(tag),
        _ => bail!("another installation deploys to this bucket at the same time"),
    }
}

/// Which body a release has under which path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tree {
    /// Names of blobs, by path.
    pub(super) files: BTreeMap<String, String>,
}

impl Tree {
    pub(super) fn load(client: &Client, name: &str) -> Result<Self> {
        let found = Self::find(client, name)?;
        found.with_context(|| format!("the bucket's tree `{name}` is not complete"))
    }

    pub(super) fn find(client: &Client, name: &str) -> Result<Option<Self>> {
        let Some((bytes, _)) = client.get(&tree_path(name))? else { return Ok(None) };
        let tree = serde_json::from_slice(&bytes);
        Ok(Some(tree.with_context(|| format!("`{}` is not readable", tree_path(name)))?))
    }

    pub(super) fn save(&self, client: &Client, name: &str) -> Result<()> {
        client.put(&tree_path(name), serde_json::to_vec(self)?)
    }
}

pub(super) fn tree_path(name: &str) -> String {
    format!("{HIDDEN}/{TREES}/{name}{JSON}")
}

pub(super) fn blob_path(blob: &str) -> String {
    format!("{HIDDEN}/{BLOBS}/{blob}")
}

/// Names of the complete trees.
pub(super) fn trees(client: &Client) -> Result<Vec<String>> {
    Ok(names(client, TREES)?
        .iter()
        .filter_map(|it| it.strip_suffix(JSON))
        .map(str::to_owned)
        .collect())
}

pub(super) fn blobs(client: &Client) -> Result<BTreeSet<String>> {
    Ok(names(client, BLOBS)?.into_iter().collect())
}

fn names(client: &Client, folder: &str) -> Result<Vec<String>> {
    let folder = format!("{HIDDEN}/{folder}");
    let below = |path: &String| Some(path.strip_prefix(&folder)?.strip_prefix('/')?.to_owned());
    Ok(client.list(&folder)?.iter().filter_map(below).collect())
}

/// The name of a release's tree.
pub(super) fn name(history: &str, release: u64) -> String {
    format!("{history}-{release}")
}

/// History and release of a tree.
pub(super) fn parts(name: &str) -> Option<(&str, u64)> {
    let (history, release) = name.rsplit_once('-')?;
    Some((history, release.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_called_after_its_release() {
        assert_eq!(parts(&name("00ff", 7)), Some(("00ff", 7)));
        assert_eq!(parts("00ff"), None);
    }

    #[test]
    fn nobody_comes_between_a_switch_that_goes_on() {
        let switching = Switching { by: "a".to_owned(), until: 100, ..Switching::default() };
        let state = State { switching: Some(switching), ..State::default() };
        assert!(state.check_turn("a", 0).is_ok() && state.check_turn("b", 100).is_ok());
        assert!(state.check_turn("b", 99).unwrap_err().to_string().contains("in 1 s"));
        assert!(State::default().check_turn("b", 0).is_ok());
    }

    #[test]
    fn what_may_stand_there_is_what_stood_and_what_came() {
        let mix = ["a-2", "a-3"].map(str::to_owned).into();
        let to = Some("a-3".to_owned());
        let switching = Some(Switching { to, mix, ..Switching::default() });
        let state = State { live: Some("a-1".to_owned()), switching, ..State::default() };
        assert_eq!(state.mix(), ["a-1", "a-2", "a-3"].map(str::to_owned).into());
    }
}
