//! `scripts/bench load`: readers and editors for minutes on end, without an error.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::steady::{Load, Outcome};
use super::{history, load, page, server};

const ARTICLES: usize = 10_000;
/// Of them, those that are read one by one, and changed.
const ASKED: usize = 1_000;
const READS_PER_SECOND: f64 = 2_000.0;
const WRITES_PER_SECOND: f64 = 20.0;
const PAGE_SIZE: usize = 100;

/// True when no request failed.
pub(crate) fn measure(machine: &str, seconds: u64, keep: bool, write: bool) -> bool {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-api-{ARTICLES}"));
    let loaded = load::load(&folder, ARTICLES, keep);
    let server = server::start(&folder);
    let load = Load {
        address: server.address.clone(),
        articles: ids(&server.address, &loaded.token),
        token: loaded.token,
        reads_per_second: READS_PER_SECOND,
        writes_per_second: WRITES_PER_SECOND,
        time: Duration::from_secs(seconds),
    };
    eprintln!("{READS_PER_SECOND} reads and {WRITES_PER_SECOND} writes a second for {seconds} s");
    let before = server.cpu();
    let outcome = load.run();
    let cpu = (server.cpu() - before).as_secs_f64() / outcome.elapsed.as_secs_f64();
    let text = table(&outcome, cpu, server.peak());
    println!("{text}");
    for error in outcome.errors.iter().take(10) {
        println!("error: {error}");
    }
    remember(machine, &outcome, cpu, server.peak());
    if write {
        page::put("load", machine, &[text]);
    }
    drop(server);
    if !keep {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    outcome.errors.is_empty()
}

fn ids(address: &str, token: &str) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 1..=ASKED / PAGE_SIZE {
        let query =
            format!("fields=title&pagination[page]={number}&pagination[pageSize]={PAGE_SIZE}");
        let list = server::get(address, &format!("/api/articles?{query}"), token);
        let list: Value = serde_json::from_str(&list).unwrap();
        let entries = list["data"].as_array().unwrap().iter();
        ids.extend(entries.map(|entry| entry["documentId"].as_str().unwrap().to_owned()));
    }
    ids
}

fn table(outcome: &Outcome, cpu: f64, memory: u64) -> String {
    let seconds = outcome.elapsed.as_secs_f64();
    let mut text = format!(
        "### {READS_PER_SECOND:.0} reads and {WRITES_PER_SECOND:.0} writes a second for \
         {seconds:.0} s, {ARTICLES} articles\n\n\
         {} requests, {} errors; {cpu:.2} cores and {:.0} MB at most for the server.\n\n\
         | | answered | a second | p50 ms | p99 ms | p99.9 ms | slowest ms |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
        outcome.reads.count() + outcome.writes.count() + outcome.errors.len(),
        outcome.errors.len(),
        memory as f64 / 1024.0 / 1024.0,
    );
    for (name, times) in [("reads", &outcome.reads), ("writes", &outcome.writes)] {
        let [p50, p99, p999, slowest] = [0.5, 0.99, 0.999, 1.0].map(|share| times.within(share));
        let rate = times.count() as f64 / seconds;
        text += &format!(
            "| {name} | {} | {rate:.0} | {p50:.2} | {p99:.2} | {p999:.2} | {slowest:.1} |\n",
            times.count()
        );
    }
    text
}

fn remember(machine: &str, outcome: &Outcome, cpu: f64, memory: u64) {
    let reads = &outcome.reads;
    history::remember(
        "load",
        serde_json::json!({
            "machine": machine, "seconds": outcome.elapsed.as_secs_f64(), "reads": reads.count(),
            "writes": outcome.writes.count(), "errors": outcome.errors.len(), "cores": cpu,
            "memory": memory, "read_p50_ms": reads.within(0.5), "read_p99_ms": reads.within(0.99),
            "write_p99_ms": outcome.writes.within(0.99),
        }),
    );
}
