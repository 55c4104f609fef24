//! A site gets its credentials with a code, and works with nothing else.

use std::process::Command;

use super::process::{eventually, output, printed};
use super::stack::{Stack, Wiring, repository};

#[test]
fn a_paired_site_pulls_builds_and_hears_of_changes() {
    let stack = Stack::start(Wiring::Webhooks);
    stack.seed();
    let code = stack.cms_admin(&["pair", "--name", "paired", "--allow-private"]);
    // Nothing in the environment: all it knows is in the file that pairing wrote.
    let folder = tempfile::tempdir().unwrap();
    let templates = repository().join("templates");
    let ssg = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
        command.current_dir(folder.path()).env_clear().args(arguments);
        command.env("SSG_SITE", &templates);
        command
    };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    drop(listener);
    let hook = format!("http://{listen}/hooks/cms");
    let pair = ["pair", &code, "--cms-url", &stack.cms_url, "--hook-url", &hook];
    assert_eq!(printed(&mut ssg(&pair)), "paired");
    printed(&mut ssg(&["build"]));
    assert!(folder.path().join("dist/current/blog/story-3/index.html").exists());

    let serve = ["serve", "--listen", &listen, "--poll-interval", "1h"];
    let daemon = super::process::Server::start(&mut ssg(&serve));
    daemon.address();
    let answer = stack.edit(
        &format!("articles/{}", stack.article("story-3")),
        &serde_json::json!({ "title": "Told by a webhook" }),
    );
    assert_eq!(answer.status, 200);
    eventually("the edit to be a page", || {
        let page = folder.path().join("dist/current/blog/story-3/index.html");
        std::fs::read_to_string(page).ok()?.contains("Told by a webhook").then_some(())
    });

    let again = output(&mut ssg(&pair));
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("make a new one with `cms pair`"));
}

#[test]
fn a_setting_that_hides_the_new_token_is_named() {
    let stack = Stack::start(Wiring::PollingOnly);
    let code = stack.cms_admin(&["pair"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env.production.local"), "SSG_CMS_TOKEN=old\n").unwrap();
    let mut pair = Command::new(env!("CARGO_BIN_EXE_ssg"));
    pair.current_dir(folder.path()).env_clear().args(["pair", &code, "--cms-url", &stack.cms_url]);
    let output = output(&mut pair);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("also set from .env.production.local"), "{said}");
    assert!(said.contains("changes are found by polling"), "{said}");
}
