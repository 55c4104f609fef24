//! Archives and backups of a server whose files are in a bucket, with the real program.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::super::s3::{Mood, S3};
use super::super::transfer::{self, seeded};

/// `cms …` on a database in the folder and files in the bucket.
fn cms(folder: &Path, s3: &S3, prefix: &str, arguments: &[&str]) -> Command {
    let mut command = transfer::cms(folder);
    command.args(arguments);
    command.args(s3.flags(prefix).iter().flat_map(|(name, value)| [*name, value.as_str()]));
    command
}

fn run(mut command: Command) -> Value {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap_or_default()
}

fn keys_below(s3: &S3, prefix: &str) -> Vec<String> {
    let below = format!("{prefix}/");
    s3.keys().iter().filter_map(|key| Some(key.strip_prefix(&below)?.to_owned())).collect()
}

/// What an archive holds of uploaded files: names and bytes.
fn assets(archive: &Path) -> Vec<(String, Vec<u8>)> {
    use std::io::Read as _;
    let file = flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap());
    let mut archive = tar::Archive::new(file);
    let mut assets = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        if name.contains("uploads/") {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assets.push((name, bytes));
        }
    }
    assets.sort();
    assets
}

#[test]
fn an_archive_goes_into_a_bucket_and_out_again() {
    let (folder, s3) = (tempfile::tempdir().unwrap(), S3::start());
    let (folder, archive) = (folder.path(), seeded());
    let import = ["import", archive.to_str().unwrap(), "--json"];
    let first = run(cms(folder, &s3, "in", &import));
    assert_eq!(first["files"]["copied"], 20);
    assert_eq!(keys_below(&s3, "in").len(), 20);
    let second = run(cms(folder, &s3, "in", &import));
    assert_eq!(
        (&second["files"]["copied"], &second["files"]["unchanged"]),
        (&0.into(), &20.into())
    );
    run(cms(folder, &s3, "in", &["export", "x.tar.gz"]));
    assert_eq!(assets(&folder.join("x.tar.gz")), assets(&archive));
    // Nothing waits on this machine any longer.
    let aside = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    let left: Vec<_> = aside
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".importing-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_import_whose_files_cannot_be_sent_is_finished_by_the_next_command() {
    let (folder, s3) = (tempfile::tempdir().unwrap(), S3::start());
    let (folder, archive) = (folder.path(), seeded());
    let import = ["import", archive.to_str().unwrap(), "--json"];
    s3.set(Mood::DownAfterWrites(7));
    let stopped = cms(folder, &s3, "in", &import).output().unwrap();
    let said = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(said.contains("did not all get their place"), "{said}");
    assert!(said.contains("the server cannot be reached"), "{said}");
    s3.set(Mood::Up);
    assert_eq!(keys_below(&s3, "in").len(), 7);
    run(cms(folder, &s3, "in", &["export", "x.tar.gz"]));
    assert_eq!(keys_below(&s3, "in").len(), 20);
    assert_eq!(assets(&folder.join("x.tar.gz")), assets(&archive));
}

#[test]
fn a_backup_of_a_bucket_is_restored_into_another() {
    let (one, other, s3) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), S3::start());
    let archive = seeded();
    run(cms(one.path(), &s3, "one", &["import", archive.to_str().unwrap(), "--json"]));
    let file = one.path().join("backup.tar.gz");
    let file = file.to_str().unwrap();
    let report = run(cms(one.path(), &s3, "one", &["backup", file, "--json"]));
    assert_eq!((&report["files"], &report["missing"]), (&20.into(), &serde_json::json!([])));
    let restore = ["restore", file, "--json"];
    let refused = cms(other.path(), &s3, "one", &restore).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("`s3://media/one` is not empty: 20 files"), "{said}");
    run(cms(other.path(), &s3, "other", &restore));
    assert_eq!(keys_below(&s3, "other"), keys_below(&s3, "one"));
    for key in keys_below(&s3, "one") {
        let read = |prefix: &str| std::fs::read(s3.path(format!("{prefix}/{key}"))).unwrap();
        assert_eq!(read("one"), read("other"), "{key}");
    }
    std::fs::write(s3.path("other/left_over.txt"), "x").unwrap();
    run(cms(other.path(), &s3, "other", &["restore", file, "--json", "--force"]));
    assert_eq!(keys_below(&s3, "other"), keys_below(&s3, "one"));
}
