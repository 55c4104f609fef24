//! The example publication, filled by its own script through the public API.

use std::process::Command;

use super::process::{output, printed};
use super::stack::{Stack, Wiring, repository};

#[test]
fn the_example_site_builds_once_and_then_has_nothing_to_do() {
    let stack = Stack::start(Wiring::Webhooks);
    let token = stack.editor.token();
    let seed = || {
        let mut command = Command::new("python3");
        command.arg(repository().join("scripts/example/seed.py"));
        command.args(["--url", &stack.cms_url, "--token", token]);
        printed(&mut command)
    };
    let demo: serde_json::Value = serde_json::from_str(&seed()).unwrap();
    let first = stack.build();
    assert!(first["rendered"].as_i64().unwrap() > 40, "{first:#}");
    assert_eq!(first["failed"].as_array().unwrap().len(), 0, "{first:#}");
    let slug = demo["slug"].as_str().unwrap();
    let page = stack.path().join(format!("dist/current/blog/{slug}/index.html"));
    assert!(std::fs::read_to_string(page).unwrap().contains("</html>"));

    let second = stack.build();
    assert_eq!(second["rendered"], 0, "{second:#}");
    assert_eq!(second["release"], serde_json::Value::Null, "{second:#}");
    let said = output(&mut stack.ssg_command(&["build"]));
    let said =
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.to_lowercase().contains("nothing"), "{said}");

    // Filling it again creates nothing, so nothing is rendered either.
    seed();
    assert_eq!(stack.build()["rendered"], 0);
}
