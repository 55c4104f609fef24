//! What the figures were taken on: without it they say nothing. Shared by the benchmarks.

use std::fs::read_to_string;

/// Seen once, before anything is measured.
#[derive(Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_gib: f64,
    kernel: String,
    /// Runnable processes, averaged over the minute before the run.
    pub(crate) load: f64,
    date: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let value = |file: &str, name: &str| {
            let text = read_to_string(file).unwrap_or_default();
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
        };
        let memory = value("/proc/meminfo", "MemTotal");
        let memory = memory.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok());
        let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Self {
            processor: value("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory.unwrap_or_default() / 1024.0 / 1024.0,
            kernel: kernel.trim().to_owned(),
            load: load(),
            date: jiff::Timestamp::now().strftime("%-d %B %Y").to_string(),
        }
    }

    pub(crate) fn describe(&self) -> String {
        let Self { processor, cores, memory_gib, kernel, load, date } = self;
        format!(
            "{processor}, {cores} cores, {memory_gib:.0} GiB, Linux {kernel}, load average {load} \
             at the start, {date}"
        )
    }
}

/// Runnable processes, averaged over the last minute.
pub(crate) fn load() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|load| load.parse().ok()).unwrap_or_default()
}
