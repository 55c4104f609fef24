//! The recorded behaviour of a real Strapi 5, asked of the real program.
//!
//! `tests/conformance/run.py` seeds an empty server over REST and replays every recorded
//! request. A case that has passed once is listed in `tests/conformance-passed.txt` and may
//! never fail again; `GALLEY_CONFORMANCE_LOCK=1` adds the cases that pass now. The counts go
//! to `docs/conformance.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::databases;

/// Adds newly passing cases to the list when set.
const LOCK_VARIABLE: &str = "GALLEY_CONFORMANCE_LOCK";

/// Cases in which the reference does what nobody should copy, by the suite's own tag.
const LEFT_OUT: &str = "upstream-flaw";

pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) const SQLITE: &str = "sqlite:data/cms.db";

/// A server in a folder of its own.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) database: &'a str,
}

impl<'a> Place<'a> {
    /// With the database of this run.
    pub(crate) fn of(folder: &'a Path) -> Self {
        Self { folder, database: databases::of(folder, SQLITE) }
    }

    /// On PostgreSQL, whatever the run is on.
    pub(crate) fn on_postgres(folder: &'a Path) -> Self {
        Self { folder, database: databases::on_postgres(folder) }
    }
}

/// `cms …` with the settings the suite's README asks for.
pub(crate) fn cms(place: Place<'_>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cms"));
    command
        .current_dir(place.folder)
        .env("CMS_LISTEN", "127.0.0.1:0")
        .env("CMS_DATABASE_URL", place.database)
        .env("CMS_UPLOADS", "data/uploads")
        .env("CMS_SCHEMA_DIR", repository().join("tests/conformance/schemas/src"))
        .env("CMS_LOCALES", "en,de,fr")
        .env("CMS_UPLOAD_LIMIT", "2MB")
        .env(
            "CMS_UPLOAD_DENIED_TYPES",
            "text/html,application/x-sh,application/x-msdownload,application/x-executable",
        )
        .env("CMS_AUTH_RATE_LIMIT", "off")
        .env("CMS_ACCESS_TOKEN_TTL", "7d")
        .env("CMS_ACTIONS", "false");
    command
}

pub(crate) fn start(place: Place<'_>) -> Server {
    serve(&mut cms(place))
}

/// Runs `cms serve` with what else the command says, and waits until it listens.
pub(crate) fn serve(command: &mut Command) -> Server {
    let mut child = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("listening on ")).unwrap();
    let url = line.split("listening on ").nth(1).unwrap().trim_end_matches('/').to_owned();
    // The pipe must be read on, or the server would block on a full one.
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, url }
}

pub(crate) fn token(place: Place<'_>, kind: &str) -> String {
    let output =
        cms(place).args(["token", "create", "--name", kind, "--type", kind]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The suite's content, for tests of other things. Returns a token that may do everything.
pub(crate) fn seed(place: Place<'_>, server: &Server) -> String {
    let full = token(place, "full-access");
    let output = Command::new("python3")
        .arg(repository().join("tests/conformance/run.py"))
        .args(["--base-url", &server.url, "--seed", "--only", "NONE"])
        .args(["--token", &full])
        .args(["--readonly-token", &token(place, "read-only")])
        .arg("--state")
        .arg(place.folder.join("state.json"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("seeded"), "{said}{}", String::from_utf8_lossy(&output.stderr));
    full
}

/// Seeds, replays everything, and returns the ids of the cases that failed with why.
fn run_suite(place: Place<'_>) -> BTreeMap<String, String> {
    let server = start(place);
    let suite = repository().join("tests/conformance");
    let mut cases: Vec<_> = std::fs::read_dir(suite.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .collect();
    cases.sort();
    let failures = place.folder.join("failures.jsonl");
    let output = Command::new("python3")
        .arg(suite.join("run.py"))
        .args(["--base-url", &server.url, "--seed", "--skip-tags", LEFT_OUT])
        .args(["--token", &token(place, "full-access")])
        .args(["--readonly-token", &token(place, "read-only")])
        .arg("--state")
        .arg(place.folder.join("state.json"))
        .arg("--failures")
        .arg(&failures)
        .arg("--cases")
        .args(&cases)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("TOTAL"), "the suite did not run to its end: {said}\n{errors}");
    println!("{said}");
    jsonl(&failures)
        .map(|failure| {
            let problem = &failure["problems"][0];
            (text(&failure, "id"), format!("{} {}", text(problem, "request"), problem["diff"]))
        })
        .collect()
}

pub(crate) fn jsonl(path: &Path) -> impl Iterator<Item = Value> + use<> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<_> =
        text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    lines.into_iter().map(|line| serde_json::from_str(&line).unwrap())
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// Area of every case that counts, by id.
fn areas() -> BTreeMap<String, String> {
    let folder = repository().join("tests/conformance/cases");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .flat_map(|path| jsonl(&path))
        .filter(|case| !case["tags"].as_array().is_some_and(|tags| tags.contains(&LEFT_OUT.into())))
        .map(|case| (text(&case, "id"), text(&case, "area")))
        .collect()
}

/// The page of counts: deterministic, so that it changes only when behaviour does.
fn page(areas: &BTreeMap<String, String>, failed: &BTreeMap<String, String>) -> String {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (id, area) in areas {
        let (cases, passed) = counts.entry(area).or_default();
        *cases += 1;
        *passed += usize::from(!failed.contains_key(id));
    }
    let total = areas.len();
    let passed = total - failed.len();
    let mut page = format!(
        "# Conformance with Strapi 5\n\n\
         Requests and answers recorded from a real Strapi 5.54.0, replayed against `cms` by \
         `tests/conformance/run.py`.\nWritten by the test run. A case that passed once is listed \
         in `tests/conformance-passed.txt` and may\nnever fail again.\n\n\
         **{passed} of {total} cases pass.** Left out are the cases the suite tags \
         `{LEFT_OUT}`.\n\n| area | cases | pass |\n|---|---:|---:|\n"
    );
    for (area, (cases, passed)) in counts {
        let _ = writeln!(page, "| {area} | {cases} | {passed} |");
    }
    page
}

/// The cases that have passed once.
fn list() -> PathBuf {
    repository().join("tests/conformance-passed.txt")
}

fn assert_none_broken(locked: &BTreeSet<&str>, failed: &BTreeMap<String, String>) {
    let broken: Vec<_> =
        locked.iter().filter_map(|id| failed.get(*id).map(|why| format!("{id}: {why}"))).collect();
    assert!(broken.is_empty(), "cases that passed before fail now:\n{}", broken.join("\n"));
}

#[test]
fn what_strapi_answered_once_is_answered_still() {
    let folder = tempfile::tempdir().unwrap();
    let failed = run_suite(Place::of(folder.path()));
    let areas = areas();

    let counts = repository().join("docs/conformance.md");
    let page = page(&areas, &failed);
    if std::fs::read_to_string(&counts).ok().as_deref() != Some(&page) {
        std::fs::write(&counts, page).unwrap();
    }

    let locked = std::fs::read_to_string(list()).unwrap_or_default();
    let mut locked: BTreeSet<&str> = locked.lines().collect();
    assert_none_broken(&locked, &failed);

    #[expect(clippy::disallowed_methods, reason = "a switch of the test run, not of the product")]
    let lock = std::env::var_os(LOCK_VARIABLE).is_some();
    if lock {
        locked.extend(areas.keys().filter(|id| !failed.contains_key(*id)).map(String::as_str));
        let lines: Vec<_> = locked.into_iter().collect();
        std::fs::write(list(), lines.join("\n") + "\n").unwrap();
    }
}
