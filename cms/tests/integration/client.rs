//! The official client from npm, unmodified, does what its users do.
//!
//! The script beside its `package.json` makes the claims; this file gives it a server. Node
//! and npm are needed: without them the test fails and says so.

use std::path::{Path, PathBuf};
use std::process::Command;

use cms::auth::api_token::TokenKind;

use super::harness::TestApp;

/// Where `scripts/install` puts a Node when the system has none that is new enough.
const OWN_NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/node/bin");
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client");

/// A program of Node: our own, else the system's.
#[expect(clippy::disallowed_methods, reason = "npm looks for node where this points")]
pub(super) fn program(name: &str) -> Command {
    let own = Path::new(OWN_NODE).join(name);
    let mut command = Command::new(if own.exists() { own } else { PathBuf::from(name) });
    let path = std::env::var("PATH").unwrap_or_default();
    command.current_dir(PROJECT).env("PATH", format!("{OWN_NODE}:{path}"));
    command
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `scripts/install test` installs Node and npm")
    });
    let (said, failed) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed\n{said}\n{failed}");
}

/// Installs the locked packages unless that has been done since the lock file changed.
pub(super) fn install() {
    let modified = |path: &str| {
        let metadata = std::fs::metadata(Path::new(PROJECT).join(path)).ok()?;
        metadata.modified().ok()
    };
    let lock = modified("package-lock.json");
    assert!(lock.is_some(), "{PROJECT} has no package-lock.json");
    if modified("node_modules/.package-lock.json") < lock {
        run(program("npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]));
    }
}

#[actix_web::test]
async fn the_official_client_works_unmodified() {
    let app = TestApp::start().await;
    let mut script = program("node");
    script
        .arg("check.mjs")
        .env("CMS_URL", &app.base)
        .env("CMS_FULL_TOKEN", app.token("full", TokenKind::FullAccess, &[]))
        .env("CMS_READER_TOKEN", app.token("reader", TokenKind::ReadOnly, &[]));
    // Off this thread: it is the one that answers.
    actix_web::web::block(move || {
        install();
        run(&mut script);
    })
    .await
    .unwrap();
}
