//! What was measured, for people and for the next time.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use super::history;
use super::scenario::{Recorded, Scenario};
use super::traffic::Run;

/// Processor time per request has targets at this size, as has memory.
const TARGET_ARTICLES: usize = 10_000;
const MOST_MEMORY: u64 = 60 * 1024 * 1024;
const LONGEST_START: Duration = Duration::from_millis(150);
/// What Strapi was recorded to need: after the load, at most, and its fastest start.
const STRAPI_MEMORY: [u64; 2] = [441, 635];
const STRAPI_START: f64 = 9.2;

#[derive(Debug)]
struct Row {
    cells: [String; 9],
    json: serde_json::Value,
}

/// One size's figures.
#[derive(Debug)]
pub(crate) struct Report {
    articles: usize,
    startup: Duration,
    /// After the start, after the load, at most; in bytes.
    memory: [u64; 3],
    rows: Vec<Row>,
    missed: Vec<String>,
}

impl Report {
    pub(crate) fn new(articles: usize, startup: Duration, resident: u64) -> Self {
        let mut report =
            Self { articles, startup, memory: [resident; 3], rows: vec![], missed: vec![] };
        report.judge("start", startup <= LONGEST_START);
        report
    }

    pub(crate) fn add(&mut self, scenario: &Scenario, connections: usize, run: Run) {
        let recorded = scenario.recorded;
        let which = usize::from(connections > 1);
        let beside = |figure: fn(&Recorded, usize) -> f64| {
            recorded.map_or_else(String::new, |recorded| format!(" ({})", figure(&recorded, which)))
        };
        let target = scenario.target.map_or_else(String::new, |target| {
            let verdict = match self.articles == TARGET_ARTICLES {
                true => self.judge(scenario.name, run.cpu <= target),
                false => "",
            };
            format!("≤ {target} {verdict}")
        });
        let cells = [
            scenario.name.to_owned(),
            connections.to_string(),
            format!("{:.1} KB", run.bytes as f64 / 1024.0),
            format!("{:.0}{}", run.rate, beside(|recorded, which| recorded.rate[which].round())),
            format!("{:.2}{}", run.p50, beside(|recorded, which| recorded.latency[which].0)),
            format!("{:.2}{}", run.p99, beside(|recorded, which| recorded.latency[which].1)),
            format!("{:.3}{}", run.cpu, beside(|recorded, _| recorded.cpu)),
            recorded.map_or_else(String::new, |recorded| format!("{:.0}", recorded.cpu / run.cpu)),
            target,
        ];
        let json = json!({
            "request": scenario.name, "connections": connections, "requests": run.requests,
            "per_second": run.rate, "cpu_ms": run.cpu, "p50_ms": run.p50, "p99_ms": run.p99,
            "bytes": run.bytes,
        });
        self.rows.push(Row { cells, json });
    }

    pub(crate) fn memory(&mut self, loaded: u64, peak: u64) {
        self.memory = [self.memory[0], loaded, peak];
        if self.articles == TARGET_ARTICLES {
            self.judge("memory", loaded <= MOST_MEMORY);
        }
    }

    fn judge(&mut self, what: &str, met: bool) -> &'static str {
        if met {
            return "PASS";
        }
        self.missed.push(what.to_owned());
        "FAIL"
    }

    pub(crate) fn passed(&self) -> bool {
        self.missed.is_empty()
    }

    /// The figures as a table, with Strapi's in brackets.
    pub(crate) fn table(&self) -> String {
        let mut text = format!(
            "### {} articles\n\nIn brackets: Strapi 5.54 as recorded, with about 110 articles.\n\n\
             | request | clients | answer | requests/s | p50 ms | p99 ms | CPU ms/request | × less | \
             target |\n|---|---:|---:|---:|---:|---:|---:|---:|---|\n",
            self.articles
        );
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.cells.join(" | "));
        }
        let [start, loaded, peak] = self.memory.map(|bytes| bytes as f64 / 1024.0 / 1024.0);
        let verdict = |what: &str| {
            if self.missed.iter().any(|missed| missed == what) { "FAIL" } else { "PASS" }
        };
        let memory = if self.articles == TARGET_ARTICLES { verdict("memory") } else { "" };
        let [strapi_loaded, strapi_peak] = STRAPI_MEMORY;
        let _ = write!(
            text,
            "\n- resident: {start:.1} MB after the start, {loaded:.1} MB after the load \
             ({strapi_loaded}; target ≤ {} {memory}), {peak:.1} MB at most ({strapi_peak})\n\
             - start to ready on this database: {} ms ({} ms; target ≤ {} {})\n",
            MOST_MEMORY / 1024 / 1024,
            self.startup.as_millis(),
            STRAPI_START * 1000.0,
            LONGEST_START.as_millis(),
            verdict("start"),
        );
        text
    }

    /// Adds the figures to the history, one line of JSON per run.
    pub(crate) fn remember(&self, machine: &str) {
        let figures = json!({
            "at": cms::clock::iso(cms::clock::now()),
            "machine": machine,
            "articles": self.articles,
            "startup_ms": self.startup.as_millis() as u64,
            "memory": { "started": self.memory[0], "loaded": self.memory[1], "peak": self.memory[2] },
            "runs": self.rows.iter().map(|row| &row.json).collect::<Vec<_>>(),
        });
        history::remember("api", figures);
    }
}
