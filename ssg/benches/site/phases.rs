//! What builds said of themselves: kept with every release, asked from `ssg releases`.

use serde_json::Value;

use super::content::Content;
use super::process::printed;
use super::report::{Report, median};

const PHASES: [&str; 5] = ["pull", "plan", "render", "write", "switch"];

/// Milliseconds of each phase, the median over the last releases.
pub(crate) fn phases(content: &Content, last: usize, name: &str, report: &mut Report) {
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&printed(&mut content.ssg(arguments))).unwrap()
    };
    let releases = json(&["releases", "--json"]);
    let releases = releases.as_array().unwrap().iter();
    let mut ids: Vec<u64> = releases.filter_map(|release| release["id"].as_u64()).collect();
    ids.sort_unstable();
    let ids = ids.iter().rev().take(last);
    let builds: Vec<_> =
        ids.map(|id| json(&["releases", "show", &id.to_string(), "--json"])).collect();
    let mut figures = Vec::new();
    for phase in PHASES {
        let time = median(builds.iter().filter_map(|build| build["phases"][phase].as_f64()));
        report.figure(&format!("{name}_{phase}_ms"), time);
        figures.push(format!("{phase} {time:.1}"));
    }
    let what = format!("… phases (median of the last {})", builds.len());
    report.row(&what, format!("{} ms", figures.join(", ")));
}
