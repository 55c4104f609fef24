//! What a deployment was about to do, for whoever has to go on with it.
//!
//! It lives in the release history: the cache folder may be deleted at any time,
//! and a half-done deployment must outlive that.

use serde::{Deserialize, Serialize};

use crate::release::{Result, Store};

const KEY: &str = "deploy";

/// The last deployment, open or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub release: u64,
    pub phase: Phase,
    /// When it came to this phase.
    pub at: String,
    /// Why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Nobody sees anything of it yet.
    Preparing,
    /// The canaries are being switched and looked at.
    Canary,
    /// The canaries show it, and somebody has to say whether it goes on.
    Waiting,
    /// The others are being switched: it goes on to its end, or all the way back.
    Flipping,
    Done,
    /// Those that have switched are being switched back.
    Aborting,
    Aborted,
}

impl Phase {
    #[must_use]
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Aborted)
    }
}

/// One target's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub target: String,
    pub canary: bool,
    pub state: State,
    /// The tree that shows the release, once it is prepared.
    pub tree: Option<String>,
    /// The tree that was shown before, and its release.
    pub back: Option<String>,
    pub from: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Pending,
    Prepared,
    /// Told to switch, so perhaps it has.
    Flipping,
    Flipped,
    /// It shows what it showed before.
    Restored,
}

impl Journal {
    pub fn load(store: &Store) -> Result<Option<Self>> {
        store.recall(KEY)
    }

    pub(super) fn save(&self, store: &Store) -> Result<()> {
        store.remember(KEY, self)
    }

    pub(super) fn enter(&mut self, phase: Phase, store: &Store) -> Result<()> {
        self.phase = phase;
        self.at = jiff::Timestamp::now().to_string();
        self.save(store)
    }
}
