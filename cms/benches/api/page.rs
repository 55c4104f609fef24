//! The section of `docs/benchmarks.md` that this benchmark writes.

use super::server::repository;

const BEGIN: &str = "<!-- scripts/bench api: everything up to the end mark is written by it -->\n";
const END: &str = "<!-- end of scripts/bench api -->\n";

/// Replaces the section, or adds it where there is none yet.
pub(crate) fn write(machine: &str, tables: &[String]) {
    let path = repository().join("docs/benchmarks.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let section = format!("{BEGIN}\n{machine}\n{}\n{END}", tables.join("\n"));
    let text = match text.split_once(BEGIN) {
        Some((before, rest)) => {
            let after = rest.split_once(END).expect("the section has no end mark").1;
            format!("{before}{section}{after}")
        }
        None => text + &section,
    };
    std::fs::write(path, text).unwrap();
}
