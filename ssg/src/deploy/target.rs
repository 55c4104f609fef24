//! What a target shows, and making it show something else.

use anyhow::{Context, Result};
use serde::Serialize;

use super::{Faults, Step, Target, bucket, transport};

/// The trees of a target.
const TREES: [&str; 2] = ["a", "b"];

/// What stands on a target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// The tree that visitors see.
    pub(super) live: Option<String>,
    /// Complete trees with the history and the release that they show.
    pub(super) trees: Vec<(String, String, u64)>,
    /// Visitors see some files of one release and some of another.
    pub(super) switching: bool,
}

/// A line of `ssg deploy --status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    pub target: String,
    pub canary: bool,
    #[serde(flatten)]
    pub showing: Showing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Showing {
    Release(u64),
    /// A tree that this site's history did not make.
    Foreign,
    /// Something between two releases: a switch was cut short.
    Switching,
    Nothing,
    Unreachable(String),
}

impl Look {
    /// The release that a tree shows, if this history made it.
    pub(super) fn release_of(&self, tree: &str, history: &str) -> Option<u64> {
        let ours = |(name, of, _): &&(String, String, u64)| name == tree && of == history;
        self.trees.iter().find(ours).map(|(_, _, release)| *release)
    }

    pub(super) fn live_release(&self, history: &str) -> Option<u64> {
        self.release_of(self.live.as_deref()?, history)
    }

    /// The tree that nobody sees.
    pub(super) fn other(&self) -> &'static str {
        let [one, other] = TREES;
        if self.live.as_deref() == Some(one) { other } else { one }
    }

    pub(super) fn showing(&self, history: &str) -> Showing {
        match (&self.live, self.live_release(history)) {
            _ if self.switching => Showing::Switching,
            (_, Some(release)) => Showing::Release(release),
            (Some(_), None) => Showing::Foreign,
            (None, None) => Showing::Nothing,
        }
    }

    fn parse(text: &str) -> Self {
        let mut look = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("current"), Some(link), _) => {
                    look.live = link.strip_prefix("trees/").map(str::to_owned);
                }
                (Some(tree), Some(history), Some(release)) => {
                    if let Ok(release) = release.parse() {
                        look.trees.push((tree.to_owned(), history.to_owned(), release));
                    }
                }
                _ => {}
            }
        }
        look
    }
}

impl Target {
    pub(super) fn look(&self) -> Result<Look> {
        if let Some(place) = self.bucket() {
            return self.told(bucket::look(place));
        }
        let text = self.told(transport::run(&self.place, transport::LOOK, &[]))?;
        Ok(Look::parse(&text))
    }

    /// Shows the prepared tree, for the history `who`.
    pub(super) fn flip(&self, who: &str, step: &Step, faults: &Faults) -> Result<()> {
        match self.bucket() {
            Some(place) => self.told(bucket::flip(place, who, step, faults)),
            None => self.show(step.tree.as_deref()),
        }
    }

    /// Shows what it showed before, or nothing.
    pub(super) fn flip_back(&self, who: &str, step: &Step, faults: &Faults) -> Result<()> {
        match self.bucket() {
            Some(place) => self.told(bucket::flip_back(place, who, step, faults)),
            None => self.show(step.back.as_deref()),
        }
    }

    /// Tries whether a deployment could reach it, and changes nothing.
    pub fn try_out(&self) -> Result<()> {
        match self.bucket() {
            Some(place) => self.told(bucket::try_out(place)),
            None => self.look().map(drop),
        }
    }

    /// Shows a complete tree, or nothing.
    fn show(&self, tree: Option<&str>) -> Result<()> {
        let tree = tree.unwrap_or("-");
        self.told(transport::run(&self.place, transport::FLIP, &[tree])).map(drop)
    }

    /// An error with the target's name.
    pub(super) fn told<T>(&self, result: Result<T>) -> Result<T> {
        result.with_context(|| format!("target `{}`", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_tells_what_is_shown_and_what_is_there() {
        let look = Look::parse("current trees/b\na \nb 00ff 7\n");
        assert_eq!(look.live_release("00ff"), Some(7));
        assert_eq!(look.live_release("other"), None);
        assert_eq!((look.other(), look.showing("other")), ("a", Showing::Foreign));
        let empty = Look::parse("current \na \nb \n");
        assert_eq!((empty.other(), empty.showing("00ff")), ("a", Showing::Nothing));
    }
}
