//! The guard: whether visitors fare worse with a new release than they did before.
//!
//! Only requests for URLs that existed before count, so that a new page nobody linked right
//! and a scanner's guesses say nothing. [`judge`] is pure and serves whoever shows a release
//! to some first: the daemon after a switch, a deployment between the stages of a canary.
//!
//! ```text
//! nginx's log ─► LogTail ─► Hit ─┐
//! own answers ─► Hits ──► Hit ───┴► Tally (before, after) ─► judge ─► Verdict
//! ```

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::{
    hits::Hits,
    tail::{Hit, LOG_FORMAT, LogTail},
    watch::Watch,
};

mod hits;
mod tail;
mod watch;

/// `[guard]` in site.toml.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long a release is watched.
    pub window: Duration,
    /// By how much the share of server errors may grow.
    pub max_5xx: f64,
    /// The same for pages that are not found though they existed.
    pub max_404: f64,
    /// Fewer requests say nothing.
    pub min_requests: u64,
    /// nginx's log; in the cache when nothing is said.
    pub log: Option<PathBuf>,
}

const WINDOW: Duration = Duration::from_secs(60);
const MAX_5XX: f64 = 0.01;
const MAX_404: f64 = 0.05;
const MIN_REQUESTS: u64 = 20;
/// The log's name in the cache.
pub const LOG_FILE: &str = "guard.log";

impl Default for Policy {
    fn default() -> Self {
        Self {
            window: WINDOW,
            max_5xx: MAX_5XX,
            max_404: MAX_404,
            min_requests: MIN_REQUESTS,
            log: None,
        }
    }
}

/// Answers to requests for URLs that existed before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub requests: u64,
    pub server_errors: u64,
    pub missing: u64,
}

impl Tally {
    pub fn count(&mut self, status: u16) {
        self.requests += 1;
        self.server_errors += u64::from(status >= 500);
        self.missing += u64::from(matches!(status, 404 | 410));
    }

    fn share(&self, part: u64) -> f64 {
        part as f64 / self.requests.max(1) as f64
    }
}

/// What a guard thinks of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "verdict")]
pub enum Verdict {
    /// Nothing is wrong so far, and the window is open.
    Waiting,
    /// The window is over and nothing was wrong.
    Healthy,
    /// It must not stay.
    Sick { reason: String },
}

/// Compares what happened since a release is shown with what happened before.
#[must_use]
pub fn judge(policy: &Policy, before: &Tally, after: &Tally, shown_for: Duration) -> Verdict {
    if after.requests >= policy.min_requests.max(1) {
        let kinds = [
            ("server errors", before.server_errors, after.server_errors, policy.max_5xx),
            ("not found", before.missing, after.missing, policy.max_404),
        ];
        for (what, then, now, limit) in kinds {
            let (then, share) = (before.share(then), after.share(now));
            if share - then > limit {
                let reason = format!(
                    "{now} of {} answers were {what} ({:.1} %, before {:.1} %)",
                    after.requests,
                    share * 100.0,
                    then * 100.0
                );
                return Verdict::Sick { reason };
            }
        }
    }
    if shown_for >= policy.window { Verdict::Healthy } else { Verdict::Waiting }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(requests: u64, server_errors: u64, missing: u64) -> Tally {
        Tally { requests, server_errors, missing }
    }

    fn verdict(before: Tally, after: Tally, seconds: u64) -> Verdict {
        judge(&Policy::default(), &before, &after, Duration::from_secs(seconds))
    }

    #[test]
    fn only_what_got_worse_counts() {
        let fine = tally(1000, 0, 0);
        assert_eq!(verdict(fine, tally(100, 1, 5), 10), Verdict::Waiting);
        assert_eq!(verdict(fine, tally(100, 1, 5), 60), Verdict::Healthy);
        let Verdict::Sick { reason } = verdict(fine, tally(100, 2, 0), 1) else { panic!() };
        assert_eq!(reason, "2 of 100 answers were server errors (2.0 %, before 0.0 %)");
        assert!(matches!(verdict(fine, tally(100, 0, 6), 1), Verdict::Sick { .. }));
        let bad = tally(1000, 100, 0);
        assert_eq!(verdict(bad, tally(100, 10, 0), 1), Verdict::Waiting, "it was so before");
    }

    #[test]
    fn a_few_requests_say_nothing() {
        assert_eq!(verdict(tally(0, 0, 0), tally(19, 19, 0), 1), Verdict::Waiting);
        assert_eq!(verdict(tally(0, 0, 0), tally(19, 19, 0), 60), Verdict::Healthy);
        assert!(matches!(verdict(tally(0, 0, 0), tally(20, 20, 0), 1), Verdict::Sick { .. }));
    }
}
