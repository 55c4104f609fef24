//! The sections of `docs/benchmarks.md` that these benchmarks write.

use super::server::repository;

/// Replaces the section of `scripts/bench NAME`, or adds it where there is none yet.
pub(crate) fn put(name: &str, machine: &str, tables: &[String]) {
    let begin =
        format!("<!-- scripts/bench {name}: everything up to the end mark is written by it -->\n");
    let end = format!("<!-- end of scripts/bench {name} -->\n");
    let path = repository().join("docs/benchmarks.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let section = format!("{begin}\n{machine}\n{}\n{end}", tables.join("\n"));
    let text = match text.split_once(&begin) {
        Some((before, rest)) => {
            let after = rest.split_once(&end).expect("the section has no end mark").1;
            format!("{before}{section}{after}")
        }
        None => text + "\n" + &section,
    };
    std::fs::write(path, text).unwrap();
}
