//! Counters in Prometheus' text format. Names carry base units; labels are
//! closed sets, never paths or ids.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::Built;

#[derive(Debug, Default)]
pub(super) struct Metrics {
    builds_published: AtomicU64,
    builds_unchanged: AtomicU64,
    builds_failed: AtomicU64,
    builds_refused: AtomicU64,
    build_micros: AtomicU64,
    pages_rendered: AtomicU64,
    pages_failed: AtomicU64,
    hooks_accepted: AtomicU64,
    hooks_repeated: AtomicU64,
    hooks_refused: AtomicU64,
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    Accepted,
    Repeated,
    Refused,
}

impl Metrics {
    pub(super) fn built(&self, took: Duration, built: Option<&Built>) {
        let outcome = match built {
            None => &self.builds_failed,
            Some(Built { refused: Some(_), .. }) => &self.builds_refused,
            Some(Built { release: None, .. }) => &self.builds_unchanged,
            Some(_) => &self.builds_published,
        };
        outcome.fetch_add(1, Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.build_micros.fetch_add(micros, Relaxed);
        if let Some(built) = built {
            self.pages_rendered.fetch_add(built.rendered, Relaxed);
            self.pages_failed.store(built.failed, Relaxed);
        }
    }

    pub(super) fn hook(&self, hook: Hook) {
        let counter = match hook {
            Hook::Accepted => &self.hooks_accepted,
            Hook::Repeated => &self.hooks_repeated,
            Hook::Refused => &self.hooks_refused,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(super) fn render(&self, release: Option<u64>, pinned: bool, lag: u64) -> String {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let mut out = String::new();
        let published = get(&self.builds_published);
        let (unchanged, failed) = (get(&self.builds_unchanged), get(&self.builds_failed));
        let refused = get(&self.builds_refused);
        counter(
            &mut out,
            "ssg_builds_total",
            "Builds by outcome.",
            &[
                ("{outcome=\"published\"}", published),
                ("{outcome=\"unchanged\"}", unchanged),
                ("{outcome=\"failed\"}", failed),
                ("{outcome=\"refused\"}", refused),
            ],
        );
        let seconds = Duration::from_micros(get(&self.build_micros)).as_secs_f64();
        let _ = write!(
            out,
            "# HELP ssg_build_duration_seconds Time spent in builds.\n\
             # TYPE ssg_build_duration_seconds summary\n\
             ssg_build_duration_seconds_sum {seconds}\n\
             ssg_build_duration_seconds_count {}\n",
            published + unchanged + failed + refused
        );
        counter(
            &mut out,
            "ssg_pages_rendered_total",
            "Pages rendered.",
            &[("", get(&self.pages_rendered))],
        );
        gauge(
            &mut out,
            "ssg_pages_failed",
            "Pages that failed in the last build.",
            get(&self.pages_failed),
        );
        counter(
            &mut out,
            "ssg_webhooks_total",
            "Webhooks by outcome.",
            &[
                ("{outcome=\"accepted\"}", get(&self.hooks_accepted)),
                ("{outcome=\"repeated\"}", get(&self.hooks_repeated)),
                ("{outcome=\"refused\"}", get(&self.hooks_refused)),
            ],
        );
        gauge(&mut out, "ssg_release_id", "The live release, 0 without one.", release.unwrap_or(0));
        gauge(&mut out, "ssg_release_pinned", "1 while a rollback is pinned.", u64::from(pinned));
        gauge(&mut out, "ssg_replica_lag_seq", "Changes known of that are not live.", lag);
        out
    }
}

fn counter(out: &mut String, name: &str, help: &str, values: &[(&str, u64)]) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} counter\n");
    for (labels, value) in values {
        let _ = writeln!(out, "{name}{labels} {value}");
    }
}

fn gauge(out: &mut String, name: &str, help: &str, value: u64) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
}
