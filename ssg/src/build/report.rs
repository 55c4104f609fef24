//! What a build did: the object of `build --json`, also kept with the release.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::engine::Reason;
use crate::release::Finding;

/// Counts and changes of one build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The release this build made; none when nothing differs or nothing was published.
    pub release: Option<u64>,
    pub previous: Option<u64>,
    /// The place in the CMS's feed the site shows.
    pub seq: i64,
    /// The CMS could not be asked; the replica was used as it was.
    pub stale: bool,
    /// The release is live.
    pub published: bool,
    /// A rollback is pinned: the release waits.
    pub pinned: bool,
    /// Pages of the site.
    pub pages: u64,
    /// Templates run.
    pub rendered: u64,
    /// Files added or changed.
    pub written: u64,
    /// Pages whose file is as it was.
    pub unchanged: u64,
    pub removed: u64,
    /// When a page that shows the time has to be rendered next, in Unix seconds.
    #[serde(default)]
    pub due: Option<i64>,
    pub changes: Vec<FileChange>,
    /// Files among the removed ones whose content an editor deleted or unpublished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unpublished: Vec<String>,
    /// Why the gate did not let it go live: nothing was published then.
    #[serde(default)]
    pub refused: Vec<Finding>,
    /// What the gate found and let pass.
    #[serde(default)]
    pub warnings: Vec<Finding>,
    /// The row of `ssg releases` that keeps the refusal.
    #[serde(default)]
    pub refusal: Option<u64>,
    pub failed: Vec<Failure>,
    pub phases: Phases,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileChange {
    pub url: String,
    pub file: String,
    pub action: Action,
    pub reasons: Vec<Reason>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Add,
    Change,
    Remove,
}

/// A mistake in the site or its content, with what is known about its place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub url: Option<String>,
    /// The template, or site.toml.
    pub template: Option<String>,
    pub line: Option<usize>,
    /// The document shown.
    pub entry: Option<String>,
    pub field: Option<String>,
    pub message: String,
}

/// Milliseconds of each phase; together, those of the whole build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// What is stored comes into memory; next to nothing in a daemon.
    #[serde(default)]
    pub load: f64,
    pub pull: f64,
    pub plan: f64,
    pub render: f64,
    pub write: f64,
    pub switch: f64,
    /// What was learnt is stored.
    #[serde(default)]
    pub commit: f64,
}

impl Report {
    /// 0, or 1 when the site or its content has errors.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.failed.is_empty() || !self.refused.is_empty())
    }

    /// One line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let stale = if self.stale { " (from the replica: the CMS gave no answer)" } else { "" };
        let failed = match self.failed.len() {
            0 => String::new(),
            1 => ", 1 failure".to_owned(),
            many => format!(", {many} failures"),
        };
        if let Some(id) = self.refusal {
            let findings = match self.refused.len() {
                1 => "1 finding".to_owned(),
                many => format!("{many} findings"),
            };
            return format!(
                "refused as release {id}: {findings}; the site stays as it is{failed}{stale}"
            );
        }
        if self.release.is_none() {
            return if self.failed.is_empty() {
                format!("nothing to do: {} pages up to date{stale}", self.pages)
            } else {
                format!("nothing published{failed}{stale}")
            };
        }
        let release = self.release.unwrap_or_default();
        let waits = if self.pinned { ", waiting: a rollback is pinned" } else { "" };
        format!(
            "release {release}: {} pages, {} rendered, {} files written, {} removed{failed}{waits}{stale}",
            self.pages, self.rendered, self.written, self.removed
        )
    }
}

/// Splits a build's time into phases without a gap.
#[derive(Debug)]
pub(super) struct Laps(Instant);

impl Laps {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the last call.
    pub(super) fn lap(&mut self) -> f64 {
        let now = Instant::now();
        millis(now.duration_since(std::mem::replace(&mut self.0, now)))
    }
}

/// Milliseconds with three places.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000_000.0).round() / 1_000.0
}
