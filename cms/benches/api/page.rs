//! The section of `docs/benchmarks.md` that this benchmark writes.

use std::fs::read_to_string;

use super::server::repository;

const BEGIN: &str = "<!-- scripts/bench api: everything up to the end mark is written by it -->\n";
const END: &str = "<!-- end of scripts/bench api -->\n";

/// Replaces the section, or adds it where there is none yet.
pub(crate) fn write(machine: &str, tables: &[String]) {
    let path = repository().join("docs/benchmarks.md");
    let text = read_to_string(&path).unwrap();
    let section = format!("{BEGIN}\n{machine}\n{}\n{END}", tables.join("\n"));
    let text = match text.split_once(BEGIN) {
        Some((before, rest)) => {
            let after = rest.split_once(END).expect("the section has no end mark").1;
            format!("{before}{section}{after}")
        }
        None => format!("{text}\n## The content API under load\n\n{section}"),
    };
    std::fs::write(path, text).unwrap();
}

/// The machine, and how busy others kept it before the first run.
pub(crate) fn machine() -> String {
    let proc = |file: &str| read_to_string(format!("/proc/{file}")).unwrap();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value).trim().to_owned()
    };
    let cpuinfo = proc("cpuinfo");
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kib: u64 = after(&proc("meminfo"), "MemTotal").replace(" kB", "").parse().unwrap();
    format!(
        "{}, {cores} × {}, {:.0} GiB, SQLite. Load average before the first run: {}.",
        &cms::clock::iso(cms::clock::now())[..10],
        after(&cpuinfo, "model name"),
        kib as f64 / 1024.0 / 1024.0,
        proc("loadavg").split(' ').next().unwrap_or_default(),
    )
}
