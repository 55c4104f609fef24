//! The program as scripts use it: arguments and files in, output and exit code
//! out.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use ssg::release::{Changes, Meta, Store};

/// `ssg` in a folder of its own, with nothing in the environment but what the
/// test sets.
fn ssg(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command.current_dir(folder).args(args).env_clear().stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    ssg(folder, args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn publish(dist: &Path, text: &str, files: usize) -> u64 {
    let store = Store::open(dist).unwrap();
    let upserts = (0..files).map(|n| (format!("p{n}/index.html"), format!("{text} {n}").into()));
    let changes = Changes { upserts: upserts.collect(), ..Changes::default() };
    let meta = Meta {
        reason: "test".into(),
        seq: 7,
        rendered: 3,
        report: serde_json::json!({ "rendered": 3 }),
    };
    store.publish(changes, meta).unwrap().unwrap().id
}

fn site(folder: &Path) -> BTreeMap<String, String> {
    let root = folder.join("dist/current").canonicalize().unwrap();
    let files = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    files
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(&root).unwrap().display().to_string();
            (path, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn releases_are_listed_rolled_back_and_unpinned() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["one", "two"] {
        publish(&folder.path().join("dist"), text, 1);
    }
    let listed = run(folder.path(), &["releases", "--json"]);
    assert!(listed.status.success());
    let listed: Value = serde_json::from_str(&stdout(&listed)).unwrap();
    let newest = &listed[0];
    let keys: Vec<_> = newest.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "id",
            "live",
            "pinned",
            "parent",
            "created_at",
            "seq",
            "reason",
            "rendered",
            "written",
            "removed"
        ]
    );
    assert_eq!(
        (&newest["id"], &newest["live"], &newest["parent"]),
        (&2.into(), &true.into(), &1.into())
    );

    let back = run(folder.path(), &["rollback"]);
    assert_eq!((back.status.code(), stdout(&back).as_str()), (Some(0), "1\n"));
    assert_eq!(site(folder.path())["p0/index.html"], "one 0");
    let table = stdout(&run(folder.path(), &["releases"]));
    assert!(table.lines().nth(2).unwrap().contains("pinned"), "{table}");
    let forward = run(folder.path(), &["unpin"]);
    assert_eq!(stdout(&forward), "2\n");
    assert_eq!(site(folder.path())["p0/index.html"], "two 0");

    let pinned = run(folder.path(), &["pin"]);
    assert_eq!((pinned.status.code(), stdout(&pinned).as_str()), (Some(0), "2\n"));
    let diff = run(folder.path(), &["diff", "1", "2"]);
    assert_eq!(stdout(&diff), "~ p0/index.html\n");
    let diff = run(folder.path(), &["diff", "2", "1", "--json"]);
    let json = r#"{"from":2,"to":1,"added":[],"changed":["p0/index.html"],"removed":[]}"#;
    assert_eq!(stdout(&diff).trim(), json);

    let report = run(folder.path(), &["releases", "show", "2", "--json"]);
    assert_eq!(stdout(&report), "{\"rendered\":3}\n");
}

#[test]
fn what_cannot_be_done_says_why_and_ends_with_two() {
    let folder = tempfile::tempdir().unwrap();
    for (args, message) in [
        (&["rollback"][..], "nothing has been published yet"),
        (&["rollback", "x"], "invalid value"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["nginx", "--listen", "8080; evil"], "--listen is `8080; evil`"),
        (&["--cms-url", "ftp://x", "unpin"], "--cms-url is `ftp://x`"),
        (&["pin"], "nothing has been published yet"),
        (&["diff", "1", "2"], "there is no release 1; kept are none"),
    ] {
        let output = run(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(message), "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
    publish(&folder.path().join("dist"), "one", 1);
    let unknown = run(folder.path(), &["rollback", "9"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("there is no release 9; kept are 1"));
    assert!(run(folder.path(), &["--help"]).status.success());
}

#[test]
fn settings_come_from_flags_environment_and_files_in_this_order() {
    let folder = tempfile::tempdir().unwrap();
    let root = |command: &mut Command| {
        let text = stdout(&command.output().unwrap());
        let line = text.lines().find(|line| line.trim().starts_with("root ")).unwrap().to_owned();
        let path = line.trim().trim_start_matches("root \"").to_owned();
        Path::new(&path).parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned()
    };
    let plain = || ssg(folder.path(), &["nginx"]);
    assert_eq!(root(&mut plain()), "dist");
    for (file, expected) in [
        (".env", "base"),
        (".env.production", "particular"),
        (".env.local", "local"),
        (".env.production.local", "strongest"),
    ] {
        fs::write(folder.path().join(file), format!("SSG_OUT={expected}\n")).unwrap();
        assert_eq!(root(&mut plain()), expected);
    }
    assert_eq!(root(plain().env("GALLEY_ENV", "test")), "base", "`.env.local` is not for tests");
    assert_eq!(root(plain().env("SSG_OUT", "process")), "process");
    let mut flag = ssg(folder.path(), &["nginx", "--out", "flag"]);
    assert_eq!(root(flag.env("SSG_OUT", "process")), "flag");
    fs::write(folder.path().join(".env"), "SSG_NGINX_LISTEN=9999\n").unwrap();
    assert!(stdout(&plain().output().unwrap()).contains("listen 9999;"));
    fs::write(folder.path().join(".env"), "no setting\n").unwrap();
    let broken = run(folder.path(), &["nginx"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(stderr(&broken).contains(".env:1"), "{}", stderr(&broken));
}

/// Rollbacks killed at any moment: visitors see one release or another, whole,
/// and the next command goes on from there.
#[test]
fn kill_9_in_the_middle_of_a_switch_leaves_a_whole_site() {
    const FILES: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let texts = ["one", "two", "three"];
    for text in texts {
        publish(&folder.path().join("dist"), text, FILES);
    }
    let mut cut_short = 0;
    for round in 0..40_u64 {
        let target = (round % 3 + 1).to_string();
        let mut child = ssg(folder.path(), &["rollback", &target])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From before the first write to after the last one, and back again.
        let deadline = Duration::from_millis(round * 7 % 60);
        std::thread::park_timeout(deadline);
        child.kill().unwrap();
        cut_short += usize::from(!child.wait().unwrap().success());
        let seen = site(folder.path());
        let whole = texts.iter().any(|text| {
            seen.len() == FILES
                && (0..FILES).all(|n| seen[&format!("p{n}/index.html")] == format!("{text} {n}"))
        });
        assert!(whole, "round {round}: {seen:?}");
    }
    assert!(cut_short > 0);
    assert_eq!(stdout(&run(folder.path(), &["unpin"])), "3\n");
    assert_eq!(site(folder.path())["p0/index.html"], "three 0");
}
