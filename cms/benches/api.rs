//! The content API under load: `scripts/bench api`.
//!
//! Loads articles like those the reference figures were taken with, starts the server as a
//! process of its own, and asks it the same four things. Prints what a request costs beside
//! what Strapi 5.54 was recorded to need, and whether each target is met.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken run should stop here")]

use std::path::PathBuf;
use std::time::Duration;

#[path = "../../bench/history.rs"]
mod history;
#[path = "api/load.rs"]
mod load;
#[path = "../../bench/machine.rs"]
mod machine;
#[path = "api/page.rs"]
mod page;
#[path = "api/report.rs"]
mod report;
#[path = "api/scenario.rs"]
mod scenario;
#[path = "api/server.rs"]
mod server;
#[path = "api/steady.rs"]
mod steady;
#[path = "api/sustained.rs"]
mod sustained;
#[path = "api/traffic.rs"]
mod traffic;

use report::Report;
use scenario::Scenario;

const USAGE: &str = "usage: scripts/bench api [--articles N,N] [--seconds S] [--connections N,N] \
                     [--steady] [--keep] [--write]\n
  --articles     sizes to measure [default: 10000,100000]
  --seconds      length of each run [default: 5]
  --connections  concurrent clients [default: 1,16]
  --steady       readers and editors for so many seconds, and nothing else
  --keep         keep the loaded databases in target/tmp and use those that are there
  --write        put the figures into docs/benchmarks.md";

/// What the command line asks for.
struct Options {
    articles: Vec<usize>,
    seconds: u64,
    connections: Vec<usize>,
    steady: bool,
    keep: bool,
    write: bool,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            articles: vec![10_000, 100_000],
            seconds: 5,
            connections: vec![1, 16],
            steady: false,
            keep: false,
            write: false,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("`{argument}` needs a value"));
            match argument.as_str() {
                "--articles" => options.articles = numbers(&value()?)?,
                "--connections" => options.connections = numbers(&value()?)?,
                "--seconds" => options.seconds = number(&value()?)?,
                "--steady" => options.steady = true,
                "--keep" => options.keep = true,
                "--write" => options.write = true,
                // Cargo says so to every benchmark.
                "--bench" => {}
                _ => return Err(format!("`{argument}` is not known")),
            }
        }
        Ok(options)
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is no number"))
}

fn numbers(text: &str) -> Result<Vec<usize>, String> {
    text.split(',').map(number).collect()
}

fn main() -> std::process::ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return std::process::ExitCode::from(2);
        }
    };
    let machine = machine::Machine::look().describe() + ", SQLite";
    let (mut tables, mut passed) = (Vec::new(), true);
    println!("{machine}");
    if options.steady {
        let good = sustained::measure(&machine, options.seconds, options.keep, options.write);
        return std::process::ExitCode::from(u8::from(!good));
    }
    for &articles in &options.articles {
        let report = measure(articles, &options);
        println!("{}", report.table());
        report.remember(&machine);
        tables.push(report.table());
        passed &= report.passed();
    }
    if options.write {
        page::put("api", &machine, &tables);
    }
    std::process::ExitCode::from(u8::from(!passed))
}

fn measure(articles: usize, options: &Options) -> Report {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-api-{articles}"));
    let loaded = load::load(&folder, articles, options.keep);
    let startup = server::startup(&folder);
    let server = server::start(&folder);
    let mut report = Report::new(articles, startup, server.resident());
    let ask = |report: &mut Report, server: &server::Server, scenarios: Vec<Scenario>| {
        for &connections in &options.connections {
            for scenario in &scenarios {
                eprintln!("{articles} articles: {} with {connections} connections", scenario.name);
                // What only the first requests pay belongs to the start, not to a request.
                traffic::run(server, scenario, connections, Duration::from_millis(500));
                let time = Duration::from_secs(options.seconds);
                let run = traffic::run(server, scenario, connections, time);
                report.add(scenario, connections, run);
            }
        }
    };
    ask(&mut report, &server, scenario::all(&loaded).into());
    report.memory(server.resident(), server.peak());
    drop(server);
    let server = server::start_without_cards(&folder);
    ask(&mut report, &server, scenario::without_cards(&loaded).into());
    drop(server);
    if !options.keep {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    report
}
