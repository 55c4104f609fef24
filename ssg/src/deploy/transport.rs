//! Scripts and files on their way to a target: by `sh` and `rsync`, here or
//! through the system's ssh, which knows about keys, jumps and hosts.
//!
//! Nothing of ours runs on a target. A script takes its arguments as words of
//! characters that no shell minds, and lists as files.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, bail};

use super::Place;

/// Of a connection that does not come about, in seconds, as ssh counts.
const CONNECT_SECONDS: &str = "ConnectTimeout=10";
/// A host that is gone is noticed after three of these.
const ALIVE_SECONDS: &str = "ServerAliveInterval=15";
/// Silence of the other side, in seconds, as rsync counts.
const SILENCE_SECONDS: &str = "--timeout=60";
/// Whatever the mask of the user here or there: nginx reads as somebody else.
const MODES: &str = "--chmod=D755,F644";

pub(super) const READY: &str = include_str!("ready.sh");
pub(super) const LOOK: &str = include_str!("look.sh");
pub(super) const OPEN: &str = include_str!("open.sh");
pub(super) const CLOSE: &str = include_str!("close.sh");
pub(super) const FLIP: &str = include_str!("flip.sh");

/// Runs a script with the target's folder as its first argument.
pub(super) fn run(place: &Place, script: &str, arguments: &[&str]) -> Result<String> {
    let mut command = match place {
        Place::Local { .. } => {
            let mut command = Command::new("sh");
            command.args(["-s", "--", place.path()]).args(arguments);
            command
        }
        Place::Bucket(_) => bail!("a bucket runs no scripts"),
        Place::Ssh { host, .. } => {
            let mut command = ssh(place);
            let words = [&["sh", "-s", "--", place.path()], arguments].concat();
            command.arg(host).arg(words.join(" "));
            command
        }
    };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", program(&command)))?;
    if let Some(mut input) = child.stdin.take() {
        // Who ends before it has read everything says why by its exit.
        let _ = input.write_all(script.as_bytes());
    }
    let output = child.wait_with_output()?;
    check(&command, &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies from a folder here into one below the target's folder.
pub(super) fn copy(place: &Place, from: &Path, to: &str, options: &[&str]) -> Result<()> {
    let lock = format!("{}/lock", place.path());
    // The lock is held by whatever writes there, and outlives us if that does.
    let (mut command, dest) = match place {
        Place::Local { path } => {
            let mut command = Command::new("flock");
            command.args(["-w", "60", &lock, "rsync"]);
            (command, format!("{path}/{to}"))
        }
        Place::Bucket(_) => bail!("rsync knows no buckets"),
        Place::Ssh { host, path, .. } => {
            let mut command = Command::new("rsync");
            let shell = ssh(place);
            let words = std::iter::once(shell.get_program()).chain(shell.get_args());
            let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
            command.arg("-e").arg(words.join(" "));
            command.arg(format!("--rsync-path=flock -w 60 {lock} rsync"));
            (command, format!("{host}:{path}/{to}"))
        }
    };
    command.args(["-rtp", "--omit-dir-times", SILENCE_SECONDS, MODES]).args(options);
    command.arg(format!("{}/", from.display())).arg(dest);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run {}", program(&command)))?;
    check(&command, &output)
}

/// ssh and its options, without a host.
fn ssh(place: &Place) -> Command {
    let mut command = Command::new("ssh");
    command.args(["-o", "BatchMode=yes", "-o", CONNECT_SECONDS, "-o", ALIVE_SECONDS]);
    if let Place::Ssh { port, config, .. } = place {
        if let Some(config) = config {
            command.arg("-F").arg(config);
        }
        if let Some(port) = port {
            command.arg("-p").arg(port.to_string());
        }
    }
    command
}

fn program(command: &Command) -> String {
    format!("`{}`; is it installed?", command.get_program().display())
}

fn check(command: &Command, output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let program = command.get_program().display();
    if said.is_empty() {
        bail!("{program} ended with {}", output.status);
    }
    bail!("{program}: {}", said.lines().last().unwrap_or(said));
}
