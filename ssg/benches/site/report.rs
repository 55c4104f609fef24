//! What was measured: rows for people, figures for the targets and the history.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::machine::Machine;
use super::measure::Cost;

/// One size's figures.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) posts: usize,
    place: String,
    rows: Vec<[String; 2]>,
    targets: Vec<Target>,
    figures: Map<String, Value>,
}

#[derive(Debug)]
struct Target {
    what: String,
    aim: String,
    figure: String,
    met: bool,
}

impl Report {
    pub(crate) fn new(posts: usize, place: String) -> Self {
        Self { posts, place, rows: vec![], targets: vec![], figures: Map::new() }
    }

    pub(crate) fn row(&mut self, what: &str, figure: String) {
        eprintln!("  {what}: {figure}");
        self.rows.push([what.to_owned(), figure]);
    }

    pub(crate) fn figure(&mut self, name: &str, value: impl Into<Value>) {
        self.figures.insert(name.to_owned(), value.into());
    }

    pub(crate) fn cost(&mut self, name: &str, cost: Cost) {
        self.figure(&format!("{name}_s"), cost.wall);
        self.figure(&format!("{name}_cpu_s"), cost.cpu);
        self.figure(&format!("{name}_mb"), cost.memory_mb);
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name)?.as_f64()
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.figures.get(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn target(&mut self, what: &str, aim: String, figure: String, met: bool) {
        self.targets.push(Target { what: what.to_owned(), aim, figure, met });
    }

    pub(crate) fn passed(&self) -> bool {
        self.targets.iter().all(|target| target.met)
    }

    pub(crate) fn table(&self) -> String {
        let mut text = format!("\n{} posts, in {}\n\n| | |\n|---|---|\n", self.posts, self.place);
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        text += "\n| target | aim | measured | |\n|---|---|---|---|\n";
        for Target { what, aim, figure, met } in &self.targets {
            let verdict = if *met { "PASS" } else { "FAIL" };
            let _ = writeln!(text, "| {what} | {aim} | {figure} | {verdict} |");
        }
        text
    }

    pub(crate) fn json(&self, machine: &Machine) -> Value {
        let missed = self.targets.iter().filter(|target| !target.met).map(|target| &target.what);
        json!({
            "at": jiff::Timestamp::now().to_string(),
            "posts": self.posts,
            "place": self.place,
            "machine": machine.describe(),
            "figures": self.figures,
            "missed": missed.collect::<Vec<_>>(),
        })
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(&mut values.collect::<Vec<_>>(), 0.5)
}

/// The smallest value that this part of all values does not exceed.
pub(crate) fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * part).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}
