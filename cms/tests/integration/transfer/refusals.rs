//! Archives nobody should import: each is refused by name and line, and leaves nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{count, import, imported, seeded, uploads};

/// The seeded archive as a folder.
fn unpacked(folder: &Path) -> PathBuf {
    let to = folder.join("archive");
    std::fs::create_dir(&to).unwrap();
    let status = Command::new("tar").arg("xzf").arg(seeded()).arg("-C").arg(&to).status();
    assert!(status.unwrap().success());
    to
}

/// Imports and expects the complaint, exit code 1, and no trace.
#[track_caller]
fn refused(folder: &Path, archive: &Path, complaint: &str) {
    let output = import(folder, archive, &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(complaint), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(uploads(folder), Vec::<String>::new());
    let told = imported(folder, &seeded(), &["--dry-run"]);
    assert_eq!(count(&told, "api::article.article", "added"), 139);
}

/// A tar archive with one member of this name, four bytes long, that says it is `size` long.
fn tar_with(folder: &Path, name: &str, size: &[u8]) -> PathBuf {
    let path = folder.join("bad.tar");
    let mut header = [0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, size);
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&header).unwrap();
    file.write_all(b"evil").unwrap();
    file.write_all(&[0; 508 + 1024]).unwrap();
    path
}

#[test]
fn members_that_lead_out_of_the_archive() {
    for name in ["../evil.png", "/tmp/evil.png", "assets/uploads/../../../evil.png"] {
        let folder = tempfile::tempdir().unwrap();
        let archive = tar_with(folder.path(), name, b"00000000004");
        refused(folder.path(), &archive, "leads out of the archive");
        assert!(!folder.path().join("evil.png").exists());
    }
}

#[test]
fn broken_lines_are_named() {
    for (file, line, complaint) in [
        ("entities/entities_00001.jsonl", "{\"type\":", "entities/entities_00001.jsonl line 263"),
        ("links/links_00001.jsonl", "[1]", "links/links_00001.jsonl line 979"),
        (
            "entities/entities_00001.jsonl",
            r#"{"type":"api::tag.tag","id":99,"data":{"documentId":"x","name":7}}"#,
            "`name` is `7`, not text",
        ),
        (
            "configuration/configuration_00001.jsonl",
            r#"{"type":"planet","value":{}}"#,
            "unknown configuration `planet`",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let archive = unpacked(folder.path());
        let mut text = std::fs::OpenOptions::new().append(true).open(archive.join(file)).unwrap();
        text.write_all(format!("\n{line}\n").as_bytes()).unwrap();
        refused(folder.path(), &archive, complaint);
    }
}

#[test]
fn archives_that_are_cut_short() {
    let whole = std::fs::read(seeded()).unwrap();
    for length in [200, whole.len() / 2, whole.len() - 10] {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("cut.tar.gz");
        std::fs::write(&archive, &whole[..length]).unwrap();
        refused(folder.path(), &archive, "the archive");
    }
    let folder = tempfile::tempdir().unwrap();
    let archive = unpacked(folder.path());
    std::fs::remove_file(archive.join("metadata.json")).unwrap();
    refused(folder.path(), &archive, "`metadata.json` is missing");
}

#[test]
fn members_that_say_they_are_absurdly_long() {
    let cases: [(&[u8], &str); 2] = [
        (b"00000020000", "the archive is cut short: `links/links_00001.jsonl` ends after"),
        // 2^60 bytes in the binary form of large numbers.
        (b"\x80\0\0\0\x10\0\0\0\0\0\0\0", "says it has"),
    ];
    for (size, complaint) in cases {
        let folder = tempfile::tempdir().unwrap();
        let archive = tar_with(folder.path(), "links/links_00001.jsonl", size);
        refused(folder.path(), &archive, complaint);
    }
}

#[test]
fn content_that_does_not_fit_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let archive = unpacked(folder.path());
    let file = archive.join("schemas/schemas_00001.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("\"color\":{\"type\":\"string\"", "\"color\":{\"type\":\"boolean\"");
    let text = text.replace("\"weight\":", "\"mass\":{\"type\":\"float\"},\"weight\":");
    std::fs::write(&file, text).unwrap();
    refused(folder.path(), &archive, "api::tag.tag: the attribute `color` is `boolean` there");
    refused(folder.path(), &archive, "api::tag.tag: the server has no attribute `mass`");
    let output = import(folder.path(), &archive, &["--force"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn files_that_are_no_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.tar.gz");
    std::fs::write(&path, "hello").unwrap();
    refused(folder.path(), &path, "neither a tar archive nor a gzip file");
    let missing = import(folder.path(), &folder.path().join("none"), &[]);
    assert_eq!(missing.status.code(), Some(2));
}
