//! Every form an archive comes in.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::conformance::repository;
use super::{count, import, imported, seeded};

pub(crate) const KEY: &str = "Correct horse battery";

/// Made by `strapi export --key` of a real Strapi 5.54.
pub(crate) fn encrypted() -> PathBuf {
    repository().join("cms/tests/fixtures/strapi-export.tar.gz.enc")
}

fn sh(folder: &Path, script: &str) {
    let status = Command::new("sh").args(["-ec", script]).current_dir(folder).status().unwrap();
    assert!(status.success(), "{script}");
}

#[test]
fn plain_tar_and_folders_are_read_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let seed = seeded();
    sh(folder.path(), &format!("mkdir unpacked; tar xzf {} -C unpacked", seed.display()));
    sh(folder.path(), "cd unpacked && tar cf ../repacked.tar ./*");
    let whole = imported(folder.path(), &seed, &["--dry-run"]);
    for form in ["unpacked", "repacked.tar"] {
        assert_eq!(imported(folder.path(), &folder.path().join(form), &["--dry-run"]), whole);
    }
}

#[test]
fn an_encrypted_archive_of_strapi_opens_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let report = imported(folder.path(), &encrypted(), &["--key", KEY]);
    assert_eq!(count(&report, "api::article.article", "added"), 139);
    assert_eq!(count(&report, "plugin::upload.folder", "added"), 3);
    assert_eq!(report["webhooks"][0], "hook one");
    for (arguments, code, complaint) in [
        (&["--key", "wrong"][..], 1, "encrypted with another key"),
        (&[], 2, "pass its key with `--key`"),
    ] {
        let output = import(folder.path(), &encrypted(), arguments);
        assert_eq!(output.status.code(), Some(code));
        assert!(String::from_utf8_lossy(&output.stderr).contains(complaint));
    }
}
