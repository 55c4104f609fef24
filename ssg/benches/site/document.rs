//! The section of `docs/benchmarks.md` that the benchmark writes itself.
//!
//! Sizes are kept apart, so that a run replaces what it measured and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::content::repository;
use super::machine::Machine;
use super::report::Report;

const BEGIN: &str = "<!-- scripts/bench ssg: everything up to the end mark is written by it -->\n";
const END: &str = "<!-- end of scripts/bench ssg -->\n";
const SIZE: &str = "### ";
/// Smaller ones only try the benchmark out.
const SMALLEST: usize = 1_000;

pub(crate) fn write(report: &Report, machine: &Machine) {
    if report.posts < SMALLEST {
        return;
    }
    let path = repository().join("docs/benchmarks.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let block = format!("\n{}\n{}", machine.describe(), report.table());
    std::fs::write(path, with_size(&text, report.posts, &block)).unwrap();
}

/// The document with one size's part replaced or added.
fn with_size(text: &str, posts: usize, block: &str) -> String {
    let (before, rest) = text.split_once(BEGIN).expect("docs/benchmarks.md has lost its marks");
    let (section, after) = rest.split_once(END).expect("docs/benchmarks.md has lost its marks");
    let mut sizes: BTreeMap<usize, &str> = BTreeMap::new();
    for part in section.split(SIZE) {
        if let Some((size, block)) = part.split_once(" posts\n") {
            sizes.insert(size.parse().unwrap(), block);
        }
    }
    sizes.insert(posts, block);
    let mut text = format!("{before}{BEGIN}");
    for (size, block) in sizes {
        let _ = write!(text, "\n{SIZE}{size} posts\n\n{}\n", block.trim());
    }
    text + "\n" + END + after
}
