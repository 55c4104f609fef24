//! A disk without room, for either program: what was confirmed stays, what is live stays whole,
//! and once there is room again everything goes on.
//!
//! The disk is a small tmpfs in a mount namespace of the program's own, which needs no rights.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::process::{Server, output, printed};
use super::stack::{Stack, Wiring};

/// What becomes of the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// It has room, for now, and the program is a server.
    Roomy,
    /// It is full to the last block; in the end what is on it replaces what was there.
    Full,
}

/// The command with a folder on a disk of its own, as `unshare` gives one to whoever asks.
fn on_small_disk(command: &Command, folder: &Path, megabytes: u64, disk: Disk) -> Command {
    let folder = folder.display();
    let program = command.get_program().to_str().unwrap();
    let arguments: Vec<_> = command.get_args().map(|it| it.to_str().unwrap()).collect();
    let words = [&[program], &arguments[..]].concat().join(" ");
    let run = match disk {
        Disk::Roomy => format!("exec {words}"),
        Disk::Full => format!(
            "dd if=/dev/zero of='{folder}/ballast' bs=4096 2>/dev/null || true; \
             code=0; {words} || code=$?; rm '{folder}/ballast'; \
             rm -rf '{folder}.away'; cp -a '{folder}' '{folder}.away'; exit $code"
        ),
    };
    let script = format!(
        "set -e; cp -a '{folder}' '{folder}.away'; \
         mount -t tmpfs -o size={megabytes}m none '{folder}'; \
         cp -a '{folder}.away/.' '{folder}/'; {run}"
    );
    let mut small = Command::new("unshare");
    small.args(["-rm", "sh", "-c", &script]);
    small.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        small.env(name, value.unwrap());
    }
    small
}

#[test]
fn a_full_disk_loses_nothing_that_the_content_server_confirmed() {
    let mut stack = Stack::start(Wiring::PollingOnly);
    stack.seed();
    stack.cms.terminate();
    let disk = stack.path().join("data");
    let listen = stack.cms_url.trim_start_matches("http://").to_owned();
    let mut serve = stack.cms_command(&listen);
    serve.arg("serve");
    stack.cms = Server::start(&mut on_small_disk(&serve, &disk, 12, Disk::Roomy));
    stack.cms.address();
    let url = format!("{}/api/articles", stack.cms_url);
    let write = |stack: &Stack, n: usize| {
        let body = "Text. ".repeat(20_000);
        let data = json!({ "title": format!("Full {n}"), "slug": format!("full-{n}"), "body": body,
            "summary": "Fills the disk.", "publishedOn": "2026-01-01" });
        stack.editor.post(&url, &json!({ "data": data }))
    };
    let mut confirmed = 0;
    let refused = loop {
        let answer = write(&stack, confirmed);
        if answer.status != 201 {
            break answer;
        }
        confirmed += 1;
        assert!(confirmed < 1_000, "the disk never fills up");
    };
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(stack.cms.log().contains("disk is full"), "{}", stack.cms.log());
    let total = |stack: &Stack| {
        let found =
            stack.editor.get(&format!("{url}?filters[slug][$startsWith]=full&fields=title"));
        assert_eq!(found.status, 200, "{}", found.body);
        found.json()["meta"]["pagination"]["total"].as_u64().unwrap()
    };
    assert_eq!(total(&stack), confirmed as u64);
    // Somebody makes room: the whole disk is larger now.
    let id = stack.cms.id().as_raw_nonzero().to_string();
    let mut larger = Command::new("nsenter");
    larger.args([
        "-t",
        &id,
        "-U",
        "-m",
        "--preserve-credentials",
        "mount",
        "-o",
        "remount,size=64m",
    ]);
    let larger = output(larger.arg(&disk));
    assert!(larger.status.success(), "{}", String::from_utf8_lossy(&larger.stderr));
    let answer = write(&stack, confirmed);
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(total(&stack), confirmed as u64 + 1);
}

#[test]
fn a_full_disk_leaves_the_site_as_it_was_and_says_so() {
    for (folder, setting) in [("dist", "SSG_OUT"), ("content-cache", "SSG_CACHE")] {
        let stack = Stack::start(Wiring::PollingOnly);
        stack.seed();
        stack.build();
        let disk = stack.path().join(folder);
        let page = stack.path().join("dist/current/blog/story-3/index.html");
        let before = fs::read_to_string(&page).unwrap();
        let long = "Longer than before. ".repeat(40_000);
        stack.edit(&format!("articles/{}", stack.article("story-3")), &json!({ "body": long }));
        let build = stack.ssg_command(&["build", "--json"]);
        let failed = output(&mut on_small_disk(&build, &disk, 24, Disk::Full));
        let said = String::from_utf8_lossy(&failed.stderr);
        assert_eq!(failed.status.code(), Some(2), "{folder}: {said}");
        assert!(said.contains("No space left on device"), "{folder}: {said}");
        assert!(said.contains(folder) || said.contains(setting), "{folder}: {said}");
        // What the program left there, once there is room again.
        fs::remove_dir_all(&disk).unwrap();
        fs::rename(disk.with_added_extension("away"), &disk).unwrap();
        // The switch comes before the state: a page is the old one or the new one, and whole.
        let now = fs::read_to_string(&page).unwrap();
        let new = now.contains("Longer than before.") && now.trim_end().ends_with("</html>");
        assert!(now == before || (new && folder == "content-cache"), "{folder}: {now}");
        stack.build();
        assert!(fs::read_to_string(&page).unwrap().contains("Longer than before."));
        printed(&mut stack.ssg_command(&["verify"]));
    }
}
