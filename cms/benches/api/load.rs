//! Articles to measure with: the recorded suite's own content, then more of the same kind.
//!
//! The reference figures were taken on that content, so the first page and the measured
//! article are the same there and here. Further articles repeat the bodies of the suite's
//! under other titles and slugs, through the same code a request runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use cms::error::AppError;
use cms::{bootstrap, cli, documents};
use serde_json::Value;

use super::server::{self, repository};

/// Articles of one transaction.
const BATCH: usize = 500;
const ARTICLE: &str = "api::article.article";

/// What the requests need to know.
pub(crate) struct Loaded {
    pub(crate) token: String,
    pub(crate) article: String,
    pub(crate) author: String,
}

/// Fills a folder, or takes it as it is when it was filled before.
pub(crate) fn load(folder: &Path, articles: usize, keep: bool) -> Loaded {
    let done = folder.join("token");
    if !(keep && done.exists()) {
        drop(std::fs::remove_dir_all(folder));
        std::fs::create_dir_all(folder).unwrap();
        let token = seed(folder);
        multiply(folder, articles);
        std::fs::write(&done, token).unwrap();
    }
    let state = state(folder);
    let id = |name: &str| state[name].as_str().unwrap().to_owned();
    Loaded {
        token: std::fs::read_to_string(&done).unwrap(),
        article: id("article.0"),
        author: id("author.0"),
    }
}

/// Names the suite gives to what it made.
fn state(folder: &Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(folder.join("state.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Makes the suite's content over REST; returns a token with full access.
fn seed(folder: &Path) -> String {
    eprintln!("seeding the suite's content");
    let server = server::start(folder);
    let token = ["full-access", "read-only"].map(|kind| {
        let mut command = server::cms(folder);
        let output = command.args(["token", "create", "--name", kind, "--type", kind]).output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
    });
    let status = Command::new("python3")
        .arg(repository().join("tests/conformance/run.py"))
        .args(["--base-url", &format!("http://{}", server.address), "--seed"])
        .args(["--token", &token[0], "--readonly-token", &token[1], "--only", "NONE"])
        .arg("--state")
        .arg(folder.join("state.json"))
        .arg("--failures")
        .arg(folder.join("failures.jsonl"))
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success(), "the suite could not be seeded");
    token[0].clone()
}

/// Adds articles until there are as many as asked for in the default locale.
fn multiply(folder: &Path, articles: usize) {
    let bodies = bodies(&state(folder));
    let path = |name: &str| folder.join(name).display().to_string();
    let (database, uploads) = (format!("sqlite:{}", path("cms.db")), path("uploads"));
    let schema = repository().join("tests/conformance/schemas/src").display().to_string();
    let flags = ["--database-url", &database, "--uploads", &uploads, "--schema", &schema];
    let locales = ["--locales", "en,de,fr"];
    let settings = cli::serve_settings(flags.into_iter().chain(locales)).unwrap();
    let app = bootstrap::open(settings).unwrap();
    let model = app.model();
    let numbers: Vec<_> = (bodies.len()..articles).collect();
    for batch in numbers.chunks(BATCH) {
        let values: Vec<_> =
            batch.iter().map(|&n| numbered(&bodies[n % bodies.len()], n)).collect();
        app.db
            .write::<_, AppError>(|conn| {
                documents::bulk::create(conn, &model, "en", ARTICLE, &values)
            })
            .unwrap();
        eprint!("\rloaded {} of {articles} articles", batch[batch.len() - 1] + 1);
    }
    eprintln!();
    app.db.checkpoint();
}

/// An article of the suite under another title and slug.
fn numbered(body: &Value, n: usize) -> Value {
    let mut body = body.clone();
    let title = body["title"].as_str().unwrap().to_owned();
    body["title"] = format!("{title} {n}").into();
    body["slug"] = format!("bench-{n}").into();
    body["views"] = n.into();
    body
}

/// What the suite sends to create its articles, with its names filled in.
fn bodies(state: &BTreeMap<String, Value>) -> Vec<Value> {
    let file = repository().join("tests/conformance/seed/001-content.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    let requests = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let creates = requests
        .filter(|request| request["method"] == "POST" && request["path"] == "/api/articles");
    creates.map(|mut request| filled(request["body"]["data"].take(), state)).collect()
}

fn filled(value: Value, state: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix("{{").and_then(|it| it.strip_suffix("}}")) {
            Some(name) => state[name].clone(),
            None => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(|item| filled(item, state)).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, it)| (key, filled(it, state))).collect())
        }
        other => other,
    }
}
