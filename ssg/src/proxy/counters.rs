//! What became of requests to the API, for `/metrics`.

use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    stale: AtomicU64,
    misses: AtomicU64,
    passed: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    pub(super) fn stale(&self) {
        self.stale.fetch_add(1, Relaxed);
    }

    pub(super) fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    pub(super) fn passed(&self) {
        self.passed.fetch_add(1, Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(super) fn render(&self, (entries, bytes): (usize, usize), waiting: usize) -> String {
        let get = |counter: &AtomicU64| counter.load(Relaxed);
        let outcomes = [
            ("hit", get(&self.hits)),
            ("stale", get(&self.stale)),
            ("miss", get(&self.misses)),
            ("passed", get(&self.passed)),
            ("failed", get(&self.failed)),
        ];
        let all: u64 = outcomes.iter().map(|(_, count)| count).sum();
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "# HELP ssg_proxy_requests_total API requests passed on or answered from memory.\n\
             # TYPE ssg_proxy_requests_total counter\nssg_proxy_requests_total {all}\n\
             # HELP ssg_proxy_failures_total API requests that got no answer.\n\
             # TYPE ssg_proxy_failures_total counter\nssg_proxy_failures_total {}\n\
             # HELP ssg_proxy_answers_total API requests by where their answer came from.\n\
             # TYPE ssg_proxy_answers_total counter\n",
            get(&self.failed)
        );
        for (outcome, count) in outcomes {
            let _ = writeln!(out, "ssg_proxy_answers_total{{outcome=\"{outcome}\"}} {count}");
        }
        for (name, help, value) in [
            ("entries", "Questions with a kept answer.", entries),
            ("bytes", "Memory that kept answers take.", bytes),
            ("waiting", "Requests that wait for an answer of the CMS.", waiting),
        ] {
            let _ = write!(
                out,
                "# HELP ssg_proxy_{name} {help}\n# TYPE ssg_proxy_{name} gauge\n\
                 ssg_proxy_{name} {value}\n"
            );
        }
        out
    }
}
