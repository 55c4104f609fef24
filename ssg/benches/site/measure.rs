//! What a command costs from a cold process, by `bench/measure.py`: the peers' figures were
//! taken with it too.

use std::process::Command;

use serde_json::Value;

use super::content::repository;
use super::process::output;

/// The median run's cost, and the most memory of any run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds.
    pub(crate) wall: f64,
    min: f64,
    max: f64,
    /// Seconds, user and system, of all processes.
    pub(crate) cpu: f64,
    pub(crate) memory_mb: f64,
    runs: u64,
}

impl Cost {
    pub(crate) fn describe(&self) -> String {
        let Self { wall, min, max, runs, .. } = self;
        format!("{wall:.3} s ({min:.3} to {max:.3}, {runs} runs)")
    }
}

/// Runs `command` several times; `before` is a shell line that precedes each, untimed.
pub(crate) fn measure(runs: usize, before: &str, command: &Command) -> Cost {
    let mut python = Command::new("python3");
    python.arg(repository().join("bench/measure.py")).args(["-n", &runs.to_string()]);
    if !before.is_empty() {
        python.args(["-c", before]);
    }
    python.arg("--").arg(command.get_program()).args(command.get_args());
    python.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        python.current_dir(folder);
    }
    let output = output(&mut python);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("FAILED"), "{command:?}: {errors}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figure = |name: &str| figures[name].as_f64().unwrap();
    Cost {
        wall: figure("wall"),
        min: figure("min"),
        max: figure("max"),
        cpu: figure("user") + figure("sys"),
        memory_mb: figure("rss_mb"),
        runs: figures["runs"].as_u64().unwrap(),
    }
}
