//! The program with `[[target]]` in its site.toml.

use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::integration::{
    end_to_end::process::{Server, eventually, output},
    exactness::killed::serve,
    fake_cms::FakeCms,
    magazine::magazine,
    s3::{BUCKET, KEY_ID, S3, SECRET},
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
        .env("SSG_POLL_INTERVAL", "50ms");
    command
}

fn run(site: &Site, cms: &FakeCms, arguments: &[&str]) -> String {
    let output = output(&mut command(site, cms, arguments));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn status(site: &Site, cms: &FakeCms) -> Value {
    serde_json::from_str(&run(site, cms, &["deploy", "--status", "--json"])).unwrap()
}

fn root(site: &Site, name: &str) -> PathBuf {
    site.paths().out.with_file_name(name)
}

fn shown(site: &Site, name: &str) -> BTreeMap<String, (String, i64)> {
    tree(&root(site, name).join("current"))
}

fn with_targets(more: &str, canary: Option<&str>) -> Site {
    let site = magazine();
    let mut tables = String::new();
    for name in ["one", "two"] {
        let path = root(&site, name).display().to_string();
        let canary = canary.filter(|_| name == "one").unwrap_or_default();
        tables += &format!(
            "[[target]]\nname = \"{name}\"\nkind = \"local\"\npath = \"{path}\"\n{canary}\n"
        );
    }
    site.replace("site.toml", "[words.en]", &format!("{tables}{more}\n[words.en]"));
    site
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_deployed_promoted_and_aborted_by_command() {
    // A canary that nobody can look at is no good.
    let gone = FakeCms::start(|_| actix_web::HttpResponse::Ok().finish());
    let url = format!("url = \"{}\"\ncanary = \"7%\"\n", gone.url);
    gone.stop().await;
    let site = with_targets("", Some(&url));
    let cms = serve(&site.cms);
    run(&site, &cms, &["build"]);
    let refused = output(&mut command(&site, &cms, &["deploy"]));
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("taken back"), "{refused:?}");
    assert!(shown(&site, "one").is_empty() && shown(&site, "two").is_empty());
    assert_eq!(status(&site, &cms)["deployment"]["phase"], "aborted");

    let one = root(&site, "one");
    let node = FakeCms::start(move |asked| {
        let path = asked.path.trim_start_matches('/');
        let index = if path.is_empty() || path.ends_with('/') { "index.html" } else { "" };
        match fs::read(one.join("current").join(format!("{path}{index}"))) {
            Ok(bytes) => actix_web::HttpResponse::Ok().body(bytes),
            Err(_) => actix_web::HttpResponse::NotFound().finish(),
        }
    });
    site.replace("site.toml", &gone.url, &node.url);
    assert_eq!(run(&site, &cms, &["deploy"]).trim(), "release 1 is on the canaries");
    let told = status(&site, &cms);
    assert_eq!(told["deployment"]["phase"], "waiting");
    assert_eq!(told["targets"][0], json!({ "target": "one", "canary": true, "release": 1 }));
    let front = run(&site, &cms, &["nginx", "--node", "10.0.0.2", "--canary", "10.0.0.9"]);
    assert!(front.contains(" 7% galley_"), "the share that site.toml says: {front}");
    assert_eq!(run(&site, &cms, &["promote"]).trim(), "release 1 is on every target");
    assert_eq!(shown(&site, "two"), shown(&site, "dist"));

    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    run(&site, &cms, &["build"]);
    run(&site, &cms, &["deploy"]);
    assert_eq!(run(&site, &cms, &["abort"]).trim(), "release 2 was taken back");
    assert_eq!(shown(&site, "one"), shown(&site, "two"));
    let table = run(&site, &cms, &["deploy", "--status"]);
    assert!(table.contains("canary   release 1") && table.contains("was aborted"), "{table}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_deploys_what_it_publishes_when_it_is_told_to() {
    let site = with_targets("[deploy]\nauto = true\n", None);
    let cms = serve(&site.cms);
    let daemon = Server::start(&mut command(&site, &cms, &["serve"]));
    daemon.address();
    let everywhere = |what: &str| {
        eventually(what, || {
            let here = shown(&site, "dist");
            let there = ["one", "two"].map(|name| shown(&site, name));
            (!here.is_empty() && there.iter().all(|shown| *shown == here)).then_some(())
        });
    };
    everywhere("the first release");
    site.cms.edit("article", "two", "en", "body", json!("fresh"));
    eventually("an edit", || {
        let page = shown(&site, "two").remove("blog/two/index.html")?.0;
        page.contains("fresh").then_some(())
    });
    everywhere("all of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_deployed_to_by_command() {
    let s3 = S3::start();
    let bucket = format!(
        "[[target]]\nname = \"bucket\"\nkind = \"s3\"\nbucket = \"{BUCKET}\"\nprefix = \"/site/\"\n\
         endpoint = \"{}\"\nkey_id = \"SITE_KEY_ID\"\nsecret = \"SITE_SECRET\"\n",
        s3.endpoint()
    );
    let site = with_targets(&bucket, None);
    let cms = serve(&site.cms);
    run(&site, &cms, &["build"]);
    let refused = output(&mut command(&site, &cms, &["deploy"]));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("SITE_KEY_ID is not set") && said.contains("site.toml:"), "{said}");
    let with_keys = |arguments: &[&str]| {
        let mut command = command(&site, &cms, arguments);
        command.env("SITE_KEY_ID", KEY_ID).env("SITE_SECRET", SECRET);
        let output = output(&mut command);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    with_keys(&["deploy"]);
    let here = shown(&site, "dist");
    let there = |path: &String| std::fs::read(s3.path(format!("site/{path}"))).unwrap();
    assert!(!here.is_empty());
    for path in here.keys() {
        assert_eq!(there(path), std::fs::read(root(&site, "dist/current").join(path)).unwrap());
    }
    let table = with_keys(&["deploy", "--status"]);
    assert!(table.contains("bucket                        release 1"), "{table}");
}

#[test]
fn mistakes_are_named_with_their_line() {
    let site = |table: &str| {
        let head = "[site]\ntitle = \"T\"\nbase_url = \"https://example.org\"\n\n[[target]]\n";
        let parsed = ssg::site::Site::parse("site.toml", &format!("{head}{table}"));
        parsed.map_err(|errors| errors.to_string()).unwrap_err()
    };
    let bucket = "name = \"x\"\nkind = \"s3\"\nbucket = \"site\"\n";
    let one = "name = \"one\"\nkind = \"local\"\npath = \"/srv/one\"\n";
    for (table, message) in [
        (
            "name = \"x\"\nkind = \"ftp\"\npath = \"/srv\"".to_owned(),
            "site.toml:7: there is no kind `ftp`",
        ),
        ("kind = \"local\"\npath = \"/srv\"".to_owned(), "`name` is missing"),
        ("name = \"x\"\nkind = \"local\"\npath = \"srv\"".to_owned(), "`path` is `srv`"),
        ("name = \"x\"\nkind = \"local\"\npath = \"/a b\"".to_owned(), "`path` is `/a b`"),
        ("name = \"x\"\nkind = \"ssh\"\npath = \"/srv\"".to_owned(), "`host` is missing"),
        (
            "name = \"x\"\nkind = \"ssh\"\npath = \"/srv\"\nhost = \"-oX\"".to_owned(),
            "`host` is `-oX`",
        ),
        (format!("{one}host = \"x\""), "unknown key `host`"),
        (format!("{bucket}path = \"/srv\""), "unknown key `path`"),
        (format!("{bucket}prefix = \"../x\""), "`prefix` is `../x`"),
        (
            format!("{bucket}endpoint = \"s3.example.org\""),
            "`endpoint` must be a scheme and a host",
        ),
        (format!("{bucket}key_id = \"KEY\""), "`key_id` and `secret` belong together"),
        (
            format!("{bucket}key_id = \"KEY\"\nsecret = \"hunter2\""),
            "`secret` is the name of an environment variable",
        ),
        ("name = \"x\"\nkind = \"s3\"".to_owned(), "`bucket` is missing"),
        ("name = \"x\"\nkind = \"s3\"\nbucket = \"A/b\"".to_owned(), "`bucket` is `A/b`"),
        (format!("{one}canary = true"), "a canary needs its `url`"),
        (format!("{one}canary = 5"), "a share of the visitors"),
        (format!("{one}canary = true\nurl = \"http://x\""), "every target is a canary"),
        (format!("{one}[[target]]\n{one}"), "site.toml:9: there are two targets called `one`"),
        (format!("{one}[deploy]\npromote = \"maybe\""), "accepted are `auto` and `manual`"),
        (format!("{one}[deploy]\nwatch = \"long\""), "a duration"),
    ] {
        let said = site(&table);
        assert!(said.contains(message), "{table}: {said}");
    }
}
