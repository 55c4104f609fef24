//! The daemon as a service: what `ssg init` writes, and what systemd hears.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::Path,
    process::{Command, Output},
    time::Duration,
};

/// Longest time anything may take in a test.
const DEADLINE: Duration = Duration::from_secs(30);

fn ssg(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssg"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

fn init(folder: &Path, arguments: &[&str]) -> String {
    let output = ssg(folder, &[&["init"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn init_writes_settings_a_unit_and_nginxs_part() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join(".env.local"), "SSG_LISTEN=127.0.0.1:9999\n").unwrap();
    let said = init(folder, &["--cms-url", "https://cms.example.org", "--user", "root"]);
    assert!(said.contains("added SSG_CMS_URL, SSG_SITE, SSG_OUT, SSG_CACHE"), "{said}");

    let settings = text(folder, ".env.local");
    assert!(settings.contains("SSG_CMS_URL=https://cms.example.org/\n"), "{settings}");
    let mode = fs::metadata(folder.join(".env.local")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let unit = text(folder, "deploy/ssg.service");
    let root = folder.canonicalize().unwrap();
    let writable = format!("ReadWritePaths={0}/content-cache {0}/dist\n", root.display());
    assert!(unit.contains(&writable), "{unit}");
    assert!(root.join("dist").is_dir() && root.join("content-cache").is_dir());
    // nginx finds the daemon where the settings say it listens.
    let nginx = text(folder, "deploy/ssg.nginx.conf");
    assert!(nginx.contains("server 127.0.0.1:9999"), "{nginx}");

    if Path::new("/usr/bin/systemd-analyze").exists() {
        let unit = folder.join("deploy/ssg.service");
        let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
        let said = errors(&output);
        assert!(output.status.success() && !said.contains("ssg.service"), "{said}");
    }
}

#[test]
fn init_again_changes_nothing_and_keeps_what_was_edited() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    init(folder, &[]);
    let again = init(folder, &[]);
    assert_eq!(again.matches("unchanged").count(), 3, "{again}");
    fs::write(folder.join("deploy/ssg.nginx.conf"), "# mine\n").unwrap();
    let kept = init(folder, &[]);
    assert!(kept.contains("ssg.nginx.conf: kept as it is"), "{kept}");
    init(folder, &["--force"]);
    assert!(text(folder, "deploy/ssg.nginx.conf").contains("server {"));
}

#[test]
fn pairing_needs_a_code_and_an_address_that_hooks_can_reach() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, wrong) in [
        (&["pair", "x", "--hook-url", "example.org/hooks/cms"][..], "expected where"),
        (&["pair", "x", "--hook-url", "https://example.org/"][..], "expected where"),
        (&["pair", " "][..], "the code is empty"),
    ] {
        let output = ssg(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(errors(&output).contains(wrong), "{}", errors(&output));
    }
    assert!(!folder.path().join(".env.local").exists());
}

/// The next message that has this line, or a line that begins so.
fn heard(socket: &UnixDatagram, what: &str) -> String {
    let mut buffer = [0; 4096];
    loop {
        let size = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}"));
        let message = std::str::from_utf8(&buffer[..size]).unwrap();
        if let Some(line) = message.lines().find(|line| line.starts_with(what)) {
            return line.to_owned();
        }
    }
}

#[test]
fn systemd_hears_that_the_daemon_is_ready_at_work_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("notify");
    let socket = UnixDatagram::bind(&address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut daemon = ssg(folder.path(), &["serve", "--listen", "127.0.0.1:0"])
        .env("SSG_CMS_URL", "http://127.0.0.1:9")
        .env("NOTIFY_SOCKET", &address)
        .env("WATCHDOG_USEC", "100000")
        .spawn()
        .unwrap();
    heard(&socket, "READY=1");
    assert_eq!(heard(&socket, "STATUS="), "STATUS=nothing is published yet");
    heard(&socket, "WATCHDOG=1");
    let id = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    heard(&socket, "STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}
