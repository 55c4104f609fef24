//! Exports: what went in comes out, and goes in again.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::conformance::{self, Place, text};
use super::answers::{assert_recorded_answers, lines};
use super::{count, exported, imported, seeded};

/// A server that holds the seeded archive.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    imported(folder.path(), &seeded(), &[]);
    folder
}

fn sorted(lines: impl Iterator<Item = Value>) -> Vec<String> {
    let mut lines: Vec<_> = lines.map(|line| line.to_string()).collect();
    lines.sort();
    lines
}

/// Numbers of components are given anew.
fn without_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_numbers),
        Value::Object(map) => {
            map.remove("id");
            map.values_mut().for_each(without_numbers);
        }
        _ => {}
    }
}

/// In one order, whatever the maker's.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> =
                map.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

fn entities(archive: &Path) -> Vec<String> {
    let made_elsewhere = ["plugin::i18n.locale", "plugin::users-permissions.permission"];
    let kept = lines(archive, "entities")
        .into_iter()
        .filter(|line| !made_elsewhere.contains(&line["type"].as_str().unwrap()));
    sorted(kept.map(|mut line| {
        without_numbers(&mut line["data"]);
        canonical(&line)
    }))
}

/// Links between rows: those of components have other numbers.
fn links(archive: &Path) -> Vec<String> {
    let is_row = |line: &Value, side: &str| line[side]["type"].as_str().unwrap().contains("::");
    let kept = lines(archive, "links").into_iter().filter(|line| {
        line["left"]["field"] != "localizations"
            && is_row(line, "left")
            && is_row(line, "right")
            && !text(&line["left"], "type").ends_with(".permission")
    });
    sorted(kept.map(|line| canonical(&line)))
}

#[test]
fn an_export_says_what_the_imported_archive_said() {
    let site = site();
    let archive = exported(site.path(), "out.tar.gz", &[]);
    assert_eq!(entities(&archive), entities(&seeded()));
    assert_eq!(links(&archive), links(&seeded()));
    let schemas =
        |archive: &Path| sorted(lines(archive, "schemas").into_iter().map(|line| canonical(&line)));
    assert_eq!(schemas(&archive), schemas(&seeded()));
    let actions = |archive: &Path| {
        let all = lines(archive, "entities").into_iter();
        sorted(all.filter_map(|line| line["data"].get("action").cloned()))
    };
    assert_eq!(actions(&archive), actions(&seeded()));
}

#[test]
fn import_and_export_are_inverse() {
    let (first, second) = (site(), tempfile::tempdir().unwrap());
    let one = exported(first.path(), "one.tar.gz", &[]);
    imported(second.path(), &one, &[]);
    let two = exported(second.path(), "two.tar.gz", &[]);
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    assert_recorded_answers(second.path(), &one);
    let again = imported(first.path(), &one, &[]);
    for (uid, counts) in again["types"].as_object().unwrap() {
        assert_eq!((&counts["added"], &counts["updated"]), (&0.into(), &0.into()), "{uid}");
    }
}

#[test]
fn every_form_of_export_is_read_again() {
    let site = site();
    for (name, arguments) in [
        ("out.tar", &[][..]),
        ("out.tar.enc", &["--key", "secret"]),
        ("out.tar.gz.enc", &["--key", "secret"]),
        ("out", &[]),
    ] {
        let archive = exported(site.path(), name, arguments);
        let other = tempfile::tempdir().unwrap();
        let report = imported(other.path(), &archive, arguments);
        assert_eq!(count(&report, "api::article.article", "added"), 139, "{name}");
        assert_eq!(report["files"]["copied"], 20);
    }
    let names = std::fs::read_dir(site.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".exporting")));
}

#[test]
fn a_name_that_is_no_archives_is_refused() {
    let site = site();
    for (name, arguments) in
        [("out.zip", &[][..]), ("out.tar.enc", &[]), ("out.tar", &["--key", "k"])]
    {
        let mut command = super::cms(site.path());
        let output = command.arg("export").arg(name).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn both_databases_write_the_same_archive() {
    let site = site();
    let sqlite = exported(site.path(), "out.tar.gz", &[]);
    let folder = tempfile::tempdir().unwrap();
    let place = Place::on_postgres(folder.path());
    for arguments in [&["import", seeded().to_str().unwrap()][..], &["export", "out.tar.gz"]] {
        let output = conformance::cms(place).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let postgres = folder.path().join("out.tar.gz");
    for section in ["schemas", "entities", "links", "configuration"] {
        // PostgreSQL keeps JSON with its keys in an order of its own.
        let said = |archive: &Path| -> Vec<Value> {
            lines(archive, section).iter().map(canonical).collect()
        };
        assert_eq!(said(&sqlite), said(&postgres), "{section}");
    }
}
