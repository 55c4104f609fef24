//! Watching the release that went live last.
//!
//! Everything a watch begins with is in the history, so a daemon that starts again within the
//! window goes on where it was; the log tells it what it missed. Releases that follow each
//! other closely are watched together, against the last one that proved itself.

use std::{collections::HashSet, path::PathBuf, time::Duration};

use serde_json::{Value, json};

use super::{Hit, Policy, Tally, Verdict, judge};
use crate::release::{FileAction, ReleaseInfo, Result, Status, Store};

/// A build that died between its switch and its report will never tell.
const REPORT_WAIT: Duration = Duration::from_secs(3);

/// One or several releases on probation.
#[derive(Debug)]
pub struct Watch {
    policy: Policy,
    /// The release that is live.
    pub release: u64,
    /// The one to go back to.
    pub good: u64,
    /// Milliseconds since 1970: when the first release on probation, and the last, went live.
    since: i64,
    renewed: i64,
    /// Files that the good release does not have.
    added: HashSet<String>,
    /// Files that it has and the live one has not, unless an editor wanted it so.
    removed: HashSet<String>,
    current: PathBuf,
    before: Tally,
    after: Tally,
}

impl Watch {
    /// None when there is nothing to watch: nothing to go back to, the window is over,
    /// somebody decided by hand what is live, or the build has not told everything yet.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub fn begin(store: &Store, status: &Status, policy: Policy, now: i64) -> Result<Option<Self>> {
        let (Some(live), false) = (&status.live, status.pinned) else { return Ok(None) };
        let oldest = now - millis(policy.window);
        let Some(renewed) = time(live).filter(|time| *time > oldest) else { return Ok(None) };
        // What editors removed is told a moment after the switch; wait for it.
        if now - renewed < millis(REPORT_WAIT) && store.report(live.id)?.is_null() {
            return Ok(None);
        }
        let all = store.list()?;
        let mut since = renewed;
        let mut good = None;
        for earlier in all.iter().filter(|info| info.id < live.id && info.refused.is_empty()) {
            match time(earlier).filter(|time| *time > oldest) {
                Some(time) if earlier.parent.is_some() => since = time,
                _ => {
                    good = Some(earlier.id);
                    break;
                }
            }
        }
        let Some(good) = good else { return Ok(None) };
        let mut watch = Self {
            policy,
            release: live.id,
            good,
            since,
            renewed,
            added: HashSet::new(),
            removed: HashSet::new(),
            current: store.current_dir(),
            before: Tally::default(),
            after: Tally::default(),
        };
        watch.compare(store, &all)?;
        Ok(Some(watch))
    }

    fn compare(&mut self, store: &Store, all: &[ReleaseInfo]) -> Result<()> {
        for change in store.diff(self.good, self.release)? {
            match change.action {
                FileAction::Add => drop(self.added.insert(change.path)),
                FileAction::Remove => drop(self.removed.insert(change.path)),
                FileAction::Change => {}
            }
        }
        let ours = |id: &u64| (self.good + 1..=self.release).contains(id);
        for id in all.iter().filter(|info| info.refused.is_empty()).map(|info| info.id).filter(ours)
        {
            let report = store.report(id)?;
            for file in report["unpublished"].as_array().into_iter().flatten() {
                self.removed.remove(file.as_str().unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Takes over what was counted for the watch this one continues.
    pub fn take_over(&mut self, last: &Self) {
        if last.good == self.good {
            (self.before, self.after) = (last.before, last.after);
        }
    }

    /// Counts answers; those before the first release on probation say how it was.
    pub fn count(&mut self, hits: &[Hit]) {
        for hit in hits {
            if !self.existed(&hit.file) {
                continue;
            }
            if hit.at >= self.since {
                self.after.count(hit.status);
            } else {
                self.before.count(hit.status);
            }
        }
    }

    /// A URL may stand for a folder's page without saying so: `/blog` for `/blog/`.
    fn existed(&self, file: &str) -> bool {
        let had = |file: &str| {
            self.removed.contains(file)
                || (!self.added.contains(file) && self.current.join(file).is_file())
        };
        had(file) || had(&format!("{file}/index.html"))
    }

    #[must_use]
    pub fn verdict(&self, now: i64) -> Verdict {
        let shown = u64::try_from(now - self.renewed).unwrap_or(0);
        judge(&self.policy, &self.before, &self.after, Duration::from_millis(shown))
    }

    /// For `/readyz`.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({
            "release": self.release,
            "good": self.good,
            "requests": self.after.requests,
            "server_errors": self.after.server_errors,
            "missing": self.after.missing,
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// When a release went live, as its row says.
fn time(info: &ReleaseInfo) -> Option<i64> {
    info.created_at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
