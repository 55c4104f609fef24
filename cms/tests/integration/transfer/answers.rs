//! What an imported site answers is what the site it came from answered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::super::conformance::{jsonl, repository, text};
use super::{imported, seeded, start, token};

/// Members of an archive that hold JSON Lines, unpacked.
pub(crate) fn lines(archive: &Path, section: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let unpacked =
        Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(folder.path()).status();
    assert!(unpacked.unwrap().success());
    let mut files: Vec<_> = std::fs::read_dir(folder.path().join(section))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| jsonl(file)).collect()
}

/// The names the seed gives to what it creates: documentIds, and ids of rows.
fn symbols(archive: &Path) -> Map<String, Value> {
    let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entity in lines(archive, "entities") {
        rows.entry(text(&entity, "type")).or_default().push(entity);
    }
    rows.values_mut().for_each(|rows| rows.sort_by_key(|row| row["id"].as_i64()));
    let mut symbols = Map::new();
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    for step in jsonl(&repository().join("tests/conformance/seed/001-content.jsonl")) {
        let captured = step["capture"].as_object().into_iter().flatten().map(|(name, _)| name);
        for name in captured.filter(|name| !name.ends_with(".id")) {
            let kind = name.split('.').next().unwrap();
            let uid = match kind {
                "token" | "jwt" => continue,
                "file" => "plugin::upload.file".to_owned(),
                "user" => "plugin::users-permissions.user".to_owned(),
                kind => format!("api::{kind}.{kind}"),
            };
            let at = next.entry(uid.clone()).or_default();
            let row = created(&rows[&uid], *at, &text(&step, "path"));
            *at += 1;
            symbols.insert(name.clone(), row["data"]["documentId"].clone());
            symbols.insert(format!("{name}.id"), row["id"].clone());
        }
    }
    for role in &rows["plugin::users-permissions.role"] {
        symbols.insert(format!("role.{}.id", text(&role["data"], "type")), role["id"].clone());
    }
    symbols
}

/// The row that the answer to the `nth` creating request showed.
fn created<'a>(rows: &'a [Value], nth: usize, path: &str) -> &'a Value {
    let mut documents: Vec<&str> = Vec::new();
    for row in rows {
        let id = row["data"]["documentId"].as_str().unwrap();
        if !documents.contains(&id) {
            documents.push(id);
        }
    }
    let draft = path.contains("status=draft");
    let locale = if path.contains("locale=de") { "de" } else { "en" };
    rows.iter()
        .filter(|row| row["data"]["documentId"] == documents[nth])
        .filter(|row| row["data"]["locale"].is_null() || row["data"]["locale"] == locale)
        .find(|row| row["data"]["publishedAt"].is_null() == draft)
        .unwrap()
}

/// Replays every recorded case that only reads; the ids of those that fail, with why.
pub(crate) fn failing_reads(folder: &Path, archive: &Path) -> BTreeMap<String, String> {
    let server = start(folder);
    let mut symbols = symbols(archive);
    symbols.insert("token.full".into(), token(folder, "full-access").into());
    symbols.insert("token.readonly".into(), token(folder, "read-only").into());
    let (state, cases) = (folder.join("state.json"), folder.join("reads.jsonl"));
    std::fs::write(&state, Value::Object(symbols).to_string()).unwrap();
    std::fs::write(&cases, reads()).unwrap();
    let failures = folder.join("failures.jsonl");
    let output = Command::new("python3")
        .arg(repository().join("tests/conformance/run.py"))
        .args(["--base-url", &server.url, "--skip-tags", "upstream-flaw"])
        .arg("--state")
        .arg(&state)
        .arg("--failures")
        .arg(&failures)
        .arg("--cases")
        .arg(&cases)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("TOTAL"), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    jsonl(&failures)
        .map(|failure| {
            let problem = &failure["problems"][0];
            (text(&failure, "id"), format!("{} {}", text(problem, "request"), problem["diff"]))
        })
        .collect()
}

/// The recorded cases whose every request only reads, one a line.
fn reads() -> String {
    let folder = repository().join("tests/conformance/cases");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let cases = files.iter().filter(|path| path.extension().is_some_and(|it| it == "jsonl"));
    let reading = |step: &Value| ["GET", "HEAD"].map(Value::from).contains(&step["method"]);
    cases
        .flat_map(|path| jsonl(path))
        .filter(|case| case["steps"].as_array().unwrap().iter().all(reading))
        .fold(String::new(), |lines, case| lines + &case.to_string() + "\n")
}

/// Cases that pass when the content was written over REST.
pub(crate) fn expected() -> BTreeSet<String> {
    let list = std::fs::read_to_string(repository().join("tests/conformance-passed.txt")).unwrap();
    list.lines().map(str::to_owned).collect()
}

#[track_caller]
pub(crate) fn assert_recorded_answers(folder: &Path, archive: &Path) {
    let expected = expected();
    let wrong: Vec<_> = failing_reads(folder, archive)
        .into_iter()
        .filter(|(id, _)| expected.contains(id))
        .map(|(id, why)| format!("{id}: {why}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_imported_site_gives_the_recorded_answers() {
    let folder = tempfile::tempdir().unwrap();
    imported(folder.path(), &seeded(), &[]);
    assert_recorded_answers(folder.path(), &seeded());
}

#[actix_web::test]
async fn users_log_in_with_the_password_they_had() {
    let folder = tempfile::tempdir().unwrap();
    imported(folder.path(), &seeded(), &[]);
    let server = start(folder.path());
    let client = reqwest::Client::new();
    for (password, status) in [("Secret-ada-2", 400), ("Secret-ada-1", 200), ("Secret-ada-1", 200)]
    {
        let login = json!({ "identifier": "ada@conformance.test", "password": password });
        let answer = client.post(format!("{}/api/auth/local", server.url)).json(&login).send();
        assert_eq!(answer.await.unwrap().status().as_u16(), status);
    }
}

#[actix_web::test]
async fn a_running_server_shows_what_was_imported_and_tells_the_feed() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path());
    let full = token(folder.path(), "full-access");
    let get = |path: &str| {
        let request = reqwest::Client::new().get(format!("{}{path}", server.url));
        let request = request.bearer_auth(full.clone());
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    let tags = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        items.filter(|item| item["uid"] == "api::tag.tag").count()
    };
    let before = get("/sync?initial=true&types=api::tag.tag").await;
    assert_eq!(tags(&before), 0);
    imported(folder.path(), &seeded(), &[]);
    let token = before["next_sync"].as_str().unwrap().rsplit("token=").next().unwrap();
    assert_eq!(tags(&get(&format!("/sync?token={token}")).await), 20);
    let roles = get("/api/users-permissions/roles").await;
    assert_eq!(roles["roles"][0]["nb_users"], 3);
}
