//! The contract that machines read: the OpenAPI document of a running server, types for
//! clients, reference pages, and what `cms openapi --check` says of a change.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cms::auth::api_token::TokenKind;
use reqwest::Method;

use super::client;
use super::conformance::{self, Place, repository};
use super::harness::{TestApp, send};

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn cms(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = conformance::cms(Place { folder, database: conformance::SQLITE });
    run(command.args(arguments))
}

#[actix_web::test]
async fn the_document_is_served_with_a_tag_that_follows_the_model() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/openapi.json").await.expect(200);
    assert_eq!(answer.body["openapi"], "3.1.0");
    let list = &answer.body["paths"]["/api/articles"]["get"];
    assert_eq!(list["x-permission"], "api::article.article.find");
    let again = app.anonymous().request(Method::GET, "/openapi.json");
    send(again.header("if-none-match", answer.header("etag"))).await.expect(304);

    let page = app.anonymous().get("/docs").await.expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert!(page.text.contains("{documentId}</code>"));
    assert!(!page.text.contains("<script") && !page.text.contains("src="));
}

#[actix_web::test]
async fn a_server_may_keep_its_contract_to_itself() {
    let app = TestApp::start_with(&["--openapi", "false"]).await;
    for path in ["/openapi.json", "/docs"] {
        app.anonymous().get(path).await.expect(404);
    }
}

/// Where `scripts/install` puts it.
const SCHEMATHESIS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/schemathesis/bin/schemathesis");
/// What is asked, and what is held against the answers.
const ASKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/schemathesis.toml");
/// Requests per operation; some 90 operations.
const EXAMPLES: &str = "12";
const MANY_EXAMPLES: &str = "100";

/// Much longer, when set.
const SOAK_VARIABLE: &str = "GALLEY_SOAK";

#[test]
fn no_request_gets_an_answer_that_is_not_documented() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::of(folder.path());
    let server = conformance::start(place);
    let token = conformance::seed(place, &server);
    #[expect(clippy::disallowed_methods, reason = "how long a test takes is no setting")]
    let soak = std::env::var_os(SOAK_VARIABLE).is_some();
    let (phases, examples) =
        if soak { ("coverage,fuzzing", MANY_EXAMPLES) } else { ("fuzzing", EXAMPLES) };
    let mut command = Command::new(SCHEMATHESIS);
    command
        .args(["--config-file", ASKED, "run"])
        .arg(format!("{}/openapi.json", server.url))
        .arg("--header")
        .arg(format!("Authorization: Bearer {token}"))
        .args(["--phases", phases, "--max-examples", examples])
        .args(["--no-color", "--continue-on-failure", "--seed", "1"])
        // It keeps what it found here.
        .current_dir(folder.path());
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    let generated =
        said(&output).lines().filter(|line| line.contains("generated")).collect::<String>();
    println!("{generated}");
}

#[test]
fn types_compile_with_the_official_client() {
    let folder = tempfile::tempdir().unwrap();
    client::install();
    let module = folder.path().join("model.ts");
    let written = cms(folder.path(), &["types", "--ts", "--out", module.to_str().unwrap()]);
    assert!(written.status.success(), "{}", said(&written));
    compile(folder.path(), "types.ts");
}

/// Compiles a script of the client's project beside what was generated for it.
fn compile(folder: &Path, script: &str) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/client");
    for name in [script, "package.json"] {
        std::fs::copy(project.join(name), folder.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(project.join("node_modules"), folder.join("node_modules")).unwrap();
    let mut compiler = client::program("node");
    compiler.arg(project.join("node_modules/typescript/bin/tsc"));
    compiler.args(["--strict", "--noEmit", "--skipLibCheck"]);
    compiler.args(["--target", "es2022", "--module", "nodenext", script]);
    let compiled = run(compiler.current_dir(folder));
    assert!(compiled.status.success(), "{}", said(&compiled));
}

#[actix_web::test]
async fn graphql_code_generator_writes_types_that_compile() {
    let app = TestApp::start().await;
    let (url, token) =
        (format!("{}/graphql", app.base), app.token("full", TokenKind::FullAccess, &[]));
    // Off this thread: it is the one that answers.
    let generate = move || {
        let folder = tempfile::tempdir().unwrap();
        client::install();
        let mut generator = client::program("node");
        generator.args(["codegen.mjs", &url, &token]).arg(folder.path());
        let generated = run(&mut generator);
        assert!(generated.status.success(), "{}", said(&generated));
        compile(folder.path(), "queries.ts");
    };
    actix_web::web::block(generate).await.unwrap();
}

#[test]
fn a_breaking_change_is_named_and_fails_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    let old = old.to_str().unwrap();
    assert!(cms(folder.path(), &["openapi", "--out", old]).status.success());
    let same = cms(folder.path(), &["openapi", "--check", old]);
    assert_eq!((same.status.code(), said(&same).as_str()), (Some(0), "no breaking changes\n"));

    let text = std::fs::read_to_string(old).unwrap();
    std::fs::write(old, text.replace("\"/api/articles/{documentId}\"", "\"/api/essays/{id}\""))
        .unwrap();
    let changed = cms(folder.path(), &["openapi", "--check", old]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(
        said(&changed).contains("breaking: GET /api/essays/{id}: the route is gone"),
        "{}",
        said(&changed)
    );

    std::fs::write(old, "{}").unwrap();
    let none = cms(folder.path(), &["openapi", "--check", old]);
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("is no OpenAPI document"), "{}", said(&none));
}

/// The pages below `docs/reference` are those of the schema that comes with the program.
#[test]
fn docs_up_to_date() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cms"));
    command.current_dir(repository()).args(["docs", "--check", "--schema", "cms/schema"]);
    let checked = run(&mut command);
    assert!(checked.status.success(), "{}", said(&checked));
    // `docs/operating.md` explains settings in prose; each of them is one there is.
    let known = std::fs::read_to_string(reference("settings.md")).unwrap();
    let operating = std::fs::read_to_string(repository().join("docs/operating.md")).unwrap();
    let is_word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    for word in operating.split(|c| !is_word(c)).filter(|word| word.starts_with("CMS_")) {
        let by_others = ["CMS_LOG", "CMS_URL", "CMS_TOKEN", "CMS_"].contains(&word);
        assert!(by_others || known.contains(&format!("`{word}`")), "there is no setting {word}");
    }
}

fn reference(name: &str) -> PathBuf {
    repository().join("docs/reference").join(name)
}
