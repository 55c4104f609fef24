//! The program with `[[cdn]]` in its site.toml.

use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::integration::{
    end_to_end::process::{Server, eventually, output},
    exactness::killed::serve,
    magazine::magazine,
    site_harness::Site,
};

fn command(site: &Site, cms: &FakeCms, arguments: &[&str]) -> Command {
    let paths = site.paths();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command
        .args(arguments)
        .current_dir(paths.site.parent().unwrap())
        .env("SSG_CMS_URL", &cms.url)
        .env("SSG_CMS_TOKEN", "any")
        .env("SSG_SITE", &paths.site)
        .env("SSG_OUT", &paths.out)
        .env("SSG_CACHE", &paths.cache)
        .env("SSG_LISTEN", "127.0.0.1:0")
        .env("SSG_POLL_INTERVAL", "50ms")
        .env("SSG_PURGE_WAIT", "3s")
        .env("EDGE_TOKEN", "geheim");
    command
}

/// What it printed; and its warnings.
fn run(site: &Site, cms: &FakeCms, arguments: &[&str]) -> (String, String) {
    let output = output(&mut command(site, cms, arguments));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

fn json_of(site: &Site, cms: &FakeCms, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(site, cms, arguments).0).unwrap()
}

fn with_edge(edge: &FakeCms) -> Site {
    let site = magazine();
    let cdn = format!(
        "[[cdn]]\nprovider = \"purge\"\nendpoints = [\"{}\"]\nagain = \"0s\"\n\n[words.en]",
        edge.url
    );
    site.replace("site.toml", "[words.en]", &cdn);
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_purges_what_it_changed_and_its_release_tells() {
    let edge = accepting();
    let site = with_edge(&edge);
    let cms = serve(&site.cms);
    run(&site, &cms, &["build"]);
    assert_eq!(purged(&edge.asked()), ["*"]);
    edge.forget();
    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    let report = json_of(&site, &cms, &["build", "--json"]);
    let files: Vec<_> =
        report["changes"].as_array().unwrap().iter().map(|change| &change["file"]).collect();
    assert_eq!(files, ["blog/two/index.html"]);
    assert_eq!(purged(&edge.asked()), ["/blog/two/", "/blog/two/index.html"]);
    assert!(edge.asked().iter().all(|asked| asked.header("host") == Some("example.org")));
    let id = report["release"].to_string();
    let shown = json_of(&site, &cms, &["releases", "show", &id]);
    assert_eq!(shown["purges"]["purge"]["outcome"], "purged");
    assert_eq!(shown["purges"]["purge"]["urls"], 2);
    assert_eq!(shown["changes"], report["changes"]);

    edge.forget();
    run(&site, &cms, &["rollback"]);
    assert_eq!(purged(&edge.asked()), ["/blog/two/", "/blog/two/index.html"]);
    edge.forget();
    run(&site, &cms, &["unpin"]);
    assert_eq!(purged(&edge.asked()), ["/blog/two/", "/blog/two/index.html"]);
    edge.forget();
    run(&site, &cms, &["purge"]);
    assert!(edge.asked().is_empty());
    run(&site, &cms, &["purge", "--everything"]);
    assert_eq!(purged(&edge.asked()), ["*"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_succeeds_while_the_cache_is_away_and_the_next_one_purges() {
    let gone = accepting();
    gone.stop().await;
    let site = with_edge(&gone);
    let cms = serve(&site.cms);
    let (_, said) = run(&site, &cms, &["build"]);
    assert!(said.contains("the purge at purge is queued"), "{said}");
    let shown = json_of(&site, &cms, &["releases", "show", "1"]);
    assert_eq!(shown["purges"]["purge"]["outcome"], "waiting");
    let stays = output(&mut command(&site, &cms, &["purge"]));
    assert_eq!(stays.status.code(), Some(2));

    let edge = accepting();
    site.replace("site.toml", &gone.url, &edge.url);
    run(&site, &cms, &["build"]);
    assert_eq!(purged(&edge.asked()), ["*"]);
    assert_eq!(
        json_of(&site, &cms, &["releases", "show", "1"])["purges"]["purge"]["outcome"],
        "purged"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_purges_as_it_publishes_and_what_others_did() {
    let edge = accepting();
    let site = with_edge(&edge);
    let cms = serve(&site.cms);
    let daemon = Server::start(&mut command(&site, &cms, &["serve"]));
    daemon.address();
    let told = |what: &str, wanted: &[&str]| {
        eventually(what, || (purged(&edge.asked()) == wanted).then_some(()));
        edge.forget();
    };
    told("the first release", &["*"]);
    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    told("an edit", &["/blog/two/", "/blog/two/index.html"]);
    // Another process switches, and tells nobody.
    Store::open(&site.paths().out).unwrap().rollback(None).unwrap();
    told("a rollback", &["/blog/two/", "/blog/two/index.html"]);
}

#[test]
fn mistakes_are_named_with_their_line() {
    let site = |table: &str| {
        let head = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\n\n[[cdn]]\n";
        let parsed = ssg::site::Site::parse("site.toml", &format!("{head}{table}"));
        parsed.map_err(|errors| errors.to_string()).unwrap_err()
    };
    for (table, message) in [
        ("provider = \"akamai\"", "site.toml:6: there is no provider `akamai`; accepted are"),
        ("zone = \"z\"", "`provider` is missing in `[[cdn]]`"),
        ("provider = \"cloudflare\"\ntoken = \"A\"", "`zone` is missing"),
        ("provider = \"cloudflare\"\nzone = \"z\"", "`token` is missing"),
        (
            "provider = \"bunny\"\npull_zone = \"1\"\ntoken = \"s3cr-et\"",
            "site.toml:8: `token` is the name of an environment variable",
        ),
        ("provider = \"fastly\"\nservice = \"a/b\"\ntoken = \"A\"", "`service` is `a/b`"),
        ("provider = \"purge\"", "`endpoints` is missing"),
        ("provider = \"purge\"\nendpoints = [\"ftp://x\"]", "`endpoints` has `ftp://x`"),
        ("provider = \"purge\"\nendpoints = [\"http://x\"]\nzone = \"z\"", "unknown key `zone`"),
        ("provider = \"purge\"\nendpoints = [\"http://x\"]\nrate = \"5\"", "such as `5/1m`"),
        ("provider = \"purge\"\nendpoints = [\"http://x\"]\nagain = \"soon\"", "a duration"),
        ("provider = \"purge\"\nendpoints = [\"http://x\"]\nsite = \"x.org\"", "`site` must be"),
        (
            "provider = \"purge\"\nendpoints = [\"http://x\"]\n[[cdn]]\nprovider = \"purge\"\n\
             endpoints = [\"http://y\"]",
            "site.toml:8: there are two CDNs called `purge`",
        ),
    ] {
        let said = site(table);
        assert!(said.contains(message), "{table}: {said}");
        assert!(!said.contains("s3cr-et"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_not_set_is_named() {
    let edge = accepting();
    let site = with_edge(&edge);
    let cms = serve(&site.cms);
    let table = "[[cdn]]\nprovider = \"bunny\"\npull_zone = \"1\"\ntoken = \"NO_TOKEN\"\n\n[[cdn]]";
    site.replace("site.toml", "[[cdn]]", table);
    let (_, said) = run(&site, &cms, &["build"]);
    assert!(said.contains("NO_TOKEN is not set"), "{said}");
    let refused = output(&mut command(&site, &cms, &["serve"]));
    assert_eq!(refused.status.code(), Some(2));
}
