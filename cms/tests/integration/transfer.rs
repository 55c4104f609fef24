//! Moving a site in and out with the real program: archives of a real Strapi, read back over
//! HTTP as its clients would.

mod answers;
mod archives;
mod backups;
mod exported;
mod installation;
mod interrupted;
mod merging;
mod refusals;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::conformance::{self, Place, Server, repository};

/// `cms …` with a database of its own in the folder.
pub(crate) fn cms(folder: &Path) -> Command {
    conformance::cms(Place::of(folder))
}

pub(crate) fn start(folder: &Path) -> Server {
    conformance::start(Place::of(folder))
}

pub(crate) fn token(folder: &Path, kind: &str) -> String {
    conformance::token(Place::of(folder), kind)
}

/// What `strapi export` wrote for a server that held the conformance seed.
pub(crate) fn seeded() -> PathBuf {
    repository().join("tests/strapi-export/seeded-export.tar.gz")
}

/// Runs `cms import` in the folder with these further arguments.
pub(crate) fn import(folder: &Path, archive: &Path, arguments: &[&str]) -> Output {
    cms(folder).arg("import").arg(archive).args(arguments).output().unwrap()
}

/// As [`import`], for one that must succeed; the report as JSON.
pub(crate) fn imported(folder: &Path, archive: &Path, arguments: &[&str]) -> Value {
    let arguments: Vec<_> = ["--json"].iter().chain(arguments).copied().collect();
    let output = import(folder, archive, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs `cms export`, which must succeed, and returns the archive's path.
pub(crate) fn exported(folder: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let output = cms(folder).arg("export").arg(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join(name)
}

/// Names in the uploads folder, hidden ones included.
pub(crate) fn uploads(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("data/uploads")) else { return Vec::new() };
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// How many rows of a type the report says were handled in this way.
pub(crate) fn count(report: &Value, uid: &str, what: &str) -> u64 {
    report["types"][uid][what].as_u64().unwrap_or_default()
}

#[test]
fn a_second_import_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let first = imported(folder.path(), &seeded(), &[]);
    assert_eq!(count(&first, "api::article.article", "added"), 139);
    assert_eq!(first["files"]["copied"], 20);
    let files = uploads(folder.path());
    let second = imported(folder.path(), &seeded(), &[]);
    for (uid, counts) in second["types"].as_object().unwrap() {
        for what in ["added", "updated", "removed"] {
            assert_eq!(counts[what], 0, "{uid} {what}");
        }
    }
    assert_eq!(
        (&second["files"]["copied"], &second["files"]["unchanged"]),
        (&0.into(), &20.into())
    );
    assert_eq!(uploads(folder.path()), files);
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let told = imported(folder.path(), &seeded(), &["--dry-run"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut done = imported(folder.path(), &seeded(), &[]);
    assert_eq!(told["dryRun"], true);
    done["dryRun"] = true.into();
    assert_eq!(told, done);
    let again = imported(folder.path(), &seeded(), &["--dry-run"]);
    assert_eq!(count(&again, "api::article.article", "unchanged"), 139);
    assert_eq!(again["files"]["unchanged"], 20);
}

#[test]
fn a_server_without_a_content_model_gets_the_archives() {
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema");
    let report: Value = {
        let mut command = cms(folder.path());
        command.env("CMS_SCHEMA_DIR", &schema).arg("import").arg(seeded()).arg("--json");
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    };
    assert_eq!(report["schemas"].as_array().unwrap().len(), 14);
    let original = repository().join("tests/conformance/schemas/src");
    for file in [
        "api/article/content-types/article/schema.json",
        "api/site-setting/content-types/site-setting/schema.json",
        "components/shared/seo.json",
    ] {
        let read = |root: &Path| -> Value {
            serde_json::from_str(&std::fs::read_to_string(root.join(file)).unwrap()).unwrap()
        };
        assert_eq!(read(&schema), read(&original), "{file}");
    }
}
