//! Builds by a process of their own: clean ones beside the write floor and a peer, and one that
//! finds nothing to do.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::content::{Content, repository};
use super::measure::{Cost, measure};
use super::peers;
use super::phases::phases;
use super::process::printed;
use super::report::Report;
use super::tree;

/// Larger sites take long enough to be steady.
const SMALL: usize = 10_000;

pub(crate) fn measure_all(content: &Content, hugo: Option<&Path>, report: &mut Report) {
    pull(content, report);
    let clean = clean(content, report);
    let floor = floor(content, report);
    report.figure("floor_ratio", clean.wall / floor);
    report.row("clean build, times the write floor", format!("{:.1}", clean.wall / floor));
    if let Some(hugo) = hugo {
        let wall = peers::hugo(hugo, content, runs(content), report);
        report.figure("hugo_ratio", clean.wall / wall);
        report.row("clean build, part of Hugo's wall", format!("1 / {:.1}", wall / clean.wall));
    }
    nothing_to_do(content, report);
}

fn runs(content: &Content) -> usize {
    if content.posts > SMALL { 3 } else { 5 }
}

fn pull(content: &Content, report: &mut Report) {
    let began = Instant::now();
    printed(&mut content.ssg(&["pull"]));
    let took = began.elapsed().as_secs_f64();
    report.figure("pull_s", took);
    report.row("`ssg pull` of everything", format!("{took:.2} s"));
}

/// Everything rendered from the replica into an empty folder.
fn clean(content: &Content, report: &mut Report) -> Cost {
    eprintln!("clean builds");
    let empty = format!("rm -rf '{}'", content.folder.join("dist").display());
    let command = content.ssg(&["build", "--offline", "--clean", "--json"]);
    let cost = measure(runs(content), &empty, &command);
    let pages = tree::check_pages(&content.current(), &content.expected);
    report.figure("pages", pages);
    report.cost("clean", cost);
    report.row("clean build, wall", cost.describe());
    report.row("clean build, processor time", format!("{:.2} s", cost.cpu));
    report.row("clean build, memory", format!("{:.0} MB at most", cost.memory_mb));
    phases(content, 1, "clean", report);
    cost
}

/// Seconds to write the same bytes from memory with one thread.
fn floor(content: &Content, report: &mut Report) -> f64 {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("write_floor");
    let source = repository().join("bench/write_floor.rs");
    printed(Command::new("rustc").arg("-O").arg(source).arg("-o").arg(&program));
    let copy = content.folder.join("floor");
    let text = printed(Command::new(program).arg(content.current()).arg(&copy));
    let median = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        let figure = line.split("median ").nth(1).and_then(|rest| rest.split('s').next());
        figure.unwrap().parse().unwrap()
    };
    let (one, two) = (median("fresh-1t"), median("fresh-2t"));
    report.figure("floor_s", one);
    report.figure("floor_2_threads_s", two);
    let what = text.lines().next().unwrap_or_default();
    report.row("write floor, one thread", format!("{one:.3} s (two: {two:.3} s; {what})"));
    one
}

/// A build that asks the content server and learns that nothing changed.
fn nothing_to_do(content: &Content, report: &mut Report) {
    let first = printed(&mut content.ssg(&["build", "--json"]));
    let first: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["release"], Value::Null, "the site was not up to date: {first:#}");
    let cost = measure(2 * runs(content), "", &content.ssg(&["build", "--json"]));
    report.cost("nothing", cost);
    report.row("build of nothing, wall", cost.describe());
    report.row("build of nothing, memory", format!("{:.0} MB at most", cost.memory_mb));
}
