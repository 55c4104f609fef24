//! One release in place of another, under the keys that visitors read.

use std::collections::BTreeSet;

use anyhow::Result;
use jiff::Timestamp;

use super::{
    super::{DeployPoint, Faults},
    client::{Client, Tag},
    state::{self, State, Switching, Tree, blob_path},
};
use crate::site::public_url::is_hashed_asset;

/// Pages that are open ask for the assets of their release.
const RETIRED_FOR_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How long others wait for a switch of which nothing is heard.
const TURN_SECONDS: i64 = 10 * 60;
/// Copies between two looks at the clock: a small part of that time.
const COPIES_A_LOOK: usize = 256;

/// What differs, in the order in which readers may see it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// What pages need; pages; what lists pages.
    waves: [Vec<String>; 3],
    gone: Vec<String>,
    retired: Vec<String>,
}

impl Plan {
    /// From what may stand there to the new tree. Without knowing what stands there, everything
    /// is put there.
    fn new(olds: &[Tree], is_known: bool, new: &Tree) -> Self {
        let mut plan = Self::default();
        for (path, blob) in &new.files {
            let same = olds.iter().all(|old| old.files.get(path) == Some(blob));
            if !(same && is_known && !olds.is_empty())
                && let Some(wave) = plan.waves.get_mut(wave(path))
            {
                wave.push(path.clone());
            }
        }
        let before: BTreeSet<&String> = olds.iter().flat_map(|old| old.files.keys()).collect();
        for path in before.into_iter().filter(|path| !new.files.contains_key(*path)) {
            match is_hashed_asset(path) {
                true => plan.retired.push(path.clone()),
                false => plan.gone.push(path.clone()),
            }
        }
        plan
    }
}

fn wave(path: &str) -> usize {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => 1,
        Some("xml") => 2,
        _ => 0,
    }
}

/// A switch that has begun, and what the bucket notes about it.
struct Turn<'a> {
    client: &'a Client,
    state: State,
    tag: Tag,
}

impl<'a> Turn<'a> {
    fn begin(
        client: &'a Client,
        (mut state, tag): (State, Option<Tag>),
        switching: Switching,
    ) -> Result<Self> {
        state.switching = Some(switching);
        let tag = state::save(client, &mut state, tag.as_ref())?;
        Ok(Self { client, state, tag })
    }

    /// Copies bodies to where visitors read them, for as long as it is our turn.
    fn copy(&mut self, tree: &Tree, paths: &[String]) -> Result<()> {
        for part in pairs(tree, paths).chunks(COPIES_A_LOOK) {
            self.renew()?;
            self.client.copy(part)?;
        }
        self.renew()
    }

    fn renew(&mut self) -> Result<()> {
        let now = now();
        match &mut self.state.switching {
            Some(switching) if switching.until - now < TURN_SECONDS / 2 => {
                switching.until = now + TURN_SECONDS;
            }
            _ => return Ok(()),
        }
        self.save()
    }

    fn save(&mut self) -> Result<()> {
        self.tag = state::save(self.client, &mut self.state, Some(&self.tag))?;
        Ok(())
    }
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// Shows `to` for the history `who`. Cut short anywhere, it is done again or undone by being
/// called again.
pub(super) fn exchange(
    client: &Client,
    (state, tag): (State, Option<Tag>),
    who: &str,
    name: Option<&str>,
    to: &Tree,
    faults: &Faults,
) -> Result<()> {
    state.check_turn(who, now())?;
    let mix = state.mix();
    let (mut olds, mut is_known) = (Vec::new(), !state.suspect);
    for name in &mix {
        match Tree::find(client, name)? {
            Some(old) => olds.push(old),
            None => is_known = false,
        }
    }
    let name = name.map(str::to_owned);
    let mix = mix.into_iter().chain(name.clone()).collect();
    let (to_name, by, until) = (name.clone(), who.to_owned(), now() + TURN_SECONDS);
    let switching = Switching { to: to_name, mix, by, until };
    let mut turn = Turn::begin(client, (state, tag), switching)?;
    let plan = Plan::new(&olds, is_known, to);
    let [first, pages, last] = &plan.waves;
    turn.copy(to, first)?;
    faults.reach(DeployPoint::AssetsCopied);
    turn.copy(to, pages)?;
    faults.reach(DeployPoint::PagesCopied);
    turn.copy(to, last)?;
    client.remove(&plan.gone)?;
    faults.reach(DeployPoint::Exchanged);
    let expired = retire(&mut turn.state, &plan, to, now());
    client.remove(&expired)?;
    let state = &mut turn.state;
    (state.live, state.switching, state.suspect) = (name, None, false);
    turn.save()
}

fn pairs(tree: &Tree, paths: &[String]) -> Vec<(String, String)> {
    let pair = |path: &String| Some((blob_path(tree.files.get(path)?), path.clone()));
    paths.iter().filter_map(pair).collect()
}

/// Notes which assets have left, and returns those that have been gone for long enough.
fn retire(state: &mut State, plan: &Plan, to: &Tree, now: i64) -> Vec<String> {
    for path in &plan.retired {
        state.retired.entry(path.clone()).or_insert(now);
    }
    state.retired.retain(|path, _| !to.files.contains_key(path));
    let expired: Vec<String> = state
        .retired
        .iter()
        .filter(|(_, since)| now - **since > RETIRED_FOR_SECONDS)
        .map(|(path, _)| path.clone())
        .collect();
    state.retired.retain(|path, _| !expired.contains(path));
    expired
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSET: &str = "assets/site.0123456789ab.css";

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, blob)| ((*path).to_owned(), (*blob).to_owned()));
        Tree { files: files.collect() }
    }

    #[test]
    fn readers_find_what_a_page_needs_before_the_page() {
        let old =
            tree(&[("index.html", "1"), ("old/index.html", "1"), (ASSET, "1"), ("x.png", "1")]);
        let new =
            tree(&[("index.html", "2"), ("sitemap.xml", "1"), ("new.png", "1"), ("x.png", "1")]);
        let plan = Plan::new(&[old], true, &new);
        assert_eq!(plan.waves, [vec!["new.png"], vec!["index.html"], vec!["sitemap.xml"]]);
        assert_eq!((plan.gone, plan.retired), (vec!["old/index.html".into()], vec![ASSET.into()]));
    }

    #[test]
    fn of_a_mixture_everything_is_put_there_that_differs_in_any_of_its_parts() {
        let (one, two) = (tree(&[("a.html", "1"), ("b.html", "1")]), tree(&[("a.html", "2")]));
        let plan = Plan::new(&[one.clone(), two], true, &one);
        assert_eq!(plan.waves[1], ["a.html", "b.html"]);
        assert_eq!(Plan::new(std::slice::from_ref(&one), true, &one), Plan::default());
        assert_eq!(Plan::new(std::slice::from_ref(&one), false, &one).waves[1].len(), 2);
        assert_eq!(Plan::new(&[], true, &one).waves[1].len(), 2);
    }

    #[test]
    fn assets_outlive_their_release_for_a_while() {
        let (mut state, plan) =
            (State::default(), Plan { retired: vec![ASSET.into()], ..Plan::default() });
        let now = 0;
        assert_eq!(retire(&mut state, &plan, &Tree::default(), now), Vec::<String>::new());
        let none = Plan::default();
        let later = now + RETIRED_FOR_SECONDS + 1;
        assert!(retire(&mut state.clone(), &none, &tree(&[(ASSET, "1")]), later).is_empty());
        assert_eq!(retire(&mut state, &none, &Tree::default(), later), [ASSET]);
        assert!(state.retired.is_empty());
    }
}
