//! The figures of every run, kept for the next time: `bench/history/NAME.jsonl`.
//!
//! Shared by the benchmarks. A line says which commit it is about.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

/// Adds one line of JSON, an object, with the commit in front.
pub(crate) fn remember(name: &str, figures: Value) {
    let git = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let commit = git.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let mut line = Map::from_iter([("commit".to_owned(), commit.unwrap_or_default().into())]);
    line.extend(figures.as_object().expect("figures have names").clone());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("bench/history");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.jsonl"));
    let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
    writeln!(file, "{}", Value::Object(line)).unwrap();
}
