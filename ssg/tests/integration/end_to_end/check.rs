//! `ssg check` as a program: what it prints, and what it exits with.

use serde_json::Value;

use super::process::{output, printed};
use super::stack::{Stack, Wiring, repository};

/// The example, filled by its own script.
fn example() -> Stack {
    let stack = Stack::start(Wiring::Webhooks);
    let mut seed = std::process::Command::new("python3");
    seed.arg(repository().join("scripts/example/seed.py"));
    printed(seed.args(["--url", &stack.cms_url, "--token", stack.editor.token()]));
    stack
}

#[test]
fn the_example_site_passes_its_own_check() {
    let stack = example();
    let said = output(&mut stack.ssg_command(&["check"]));
    let text = String::from_utf8_lossy(&said.stdout);
    assert_eq!(said.status.code(), Some(0), "{text}");
    assert!(text.contains(" pages: no errors"), "{text}");
    assert!(!stack.path().join("dist/current").exists(), "nothing is published");
}

#[test]
fn check_in_continuous_integration() {
    let mut stack = Stack::start(Wiring::Webhooks);
    stack.seed();
    stack.use_site(&[
        (
            "site.toml",
            "[site]\ntitle = \"x\"\nbase_url = \"https://example.org\"\n\
          [[route]]\npath = \"/\"\ntemplate = \"home.html\"\n",
        ),
        ("home.html", "<!doctype html><html lang=en><title>x</title><h1>x</h1>\n<img src=/no.png>"),
    ]);
    let run = |arguments: &[&str]| {
        let said = output(stack.ssg_command(arguments).env("GITHUB_ACTIONS", "true"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (said.status.code(), text(&said.stdout), text(&said.stderr))
    };
    let (code, out, err) = run(&["check", "--report", "report.html"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("error[asset]: `/no.png` does not exist\n    in /, line 2"), "{out}");
    assert!(out.ends_with("1 pages: 2 errors, 1 warning\n"), "{out}");
    assert!(
        err.contains("::error file=") && err.contains("home.html,line=1,title=ssg alt::"),
        "{err}"
    );
    let report = std::fs::read_to_string(stack.path().join("report.html")).unwrap();
    assert!(report.contains("<td>asset</td>") && report.contains("2 errors"), "{report}");

    let (code, out, _) = run(&["check", "--json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["errors"].as_u64()), (Some(1), Some(2)), "{json:#}");
    let (_, out, _) = run(&["check", "--format", "sarif"]);
    let sarif: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 3, "{sarif:#}");
    assert_eq!(run(&["check", "--format", "xml"]).0, Some(2));

    // Without errors a warning passes, unless somebody is strict.
    let home = stack.path().join("site/home.html");
    std::fs::write(&home, "<!doctype html><html lang=en><title>x</title><h1>x</h1>").unwrap();
    assert_eq!(run(&["check", "--offline"]).0, Some(0));
    assert_eq!(run(&["check", "--offline", "--strict"]).0, Some(1));

    // A build tells the same way.
    std::fs::write(&home, "{{ nope.title }}").unwrap();
    let (code, _, err) = run(&["build", "--report", "build.html"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("::error file="), "{err}");
    assert!(stack.path().join("build.html").exists());
}
