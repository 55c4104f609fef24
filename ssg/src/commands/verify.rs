//! `ssg verify`: the live site against a clean build.

use std::fmt::Write;

use anyhow::Result;

use crate::build::{Difference, Verification, problem, verify};
use crate::cli::VerifyArgs;
use crate::config::{Config, Environment};
use crate::exit::Exit;

/// Shown for a side whose text has ended.
const END: &str = "(the file ends)";

pub(super) fn run(config: &Config, env: &Environment, args: &VerifyArgs) -> Result<Exit> {
    let json = args.json || env.flag("SSG_JSON")?;
    let found = verify(&super::paths(config))?;
    for note in found.notes() {
        eprintln!("note: {note}");
    }
    for failure in &found.failed {
        eprintln!("error: {}", problem::line(failure));
    }
    super::print(&if json { super::to_json(&found)? } else { text(&found) })?;
    Ok(if found.is_sound() { Exit::Done } else { Exit::SiteErrors })
}

fn text(found: &Verification) -> String {
    let mut text: String = found.differences.iter().map(difference).collect();
    let release = found.live.map_or_else(String::new, |id| format!(" of release {id}"));
    let compared = found.compared;
    let result = match (found.differences.len(), found.failed.len()) {
        (0, 0) => "as a clean build makes them".to_owned(),
        (differences, 0) => counted(differences, "difference"),
        (0, failures) => counted(failures, "failure"),
        (differences, failures) => {
            format!("{}, {}", counted(differences, "difference"), counted(failures, "failure"))
        }
    };
    let _ = write!(text, "{compared} files{release}: {result}");
    text
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn difference(difference: &Difference) -> String {
    let mut text =
        format!("{:<8} {}  {}\n", difference.what.as_str(), difference.url, difference.file);
    if let Some(at) = &difference.at {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| END.to_owned());
        let (live, clean) = (side(&at.live), side(&at.clean));
        let _ = write!(text, "  line {}\n    live:  {live}\n    clean: {clean}\n", at.line);
    }
    text
}
