//! The server as a service: what `cms init` writes, and what systemd hears.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use super::databases;
use super::harness::CONFORMANCE_SCHEMA;

/// Longest time anything may take in a test.
const DEADLINE: Duration = Duration::from_secs(30);

fn cms(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cms"));
    command.args(arguments).current_dir(folder).env_clear();
    command
}

fn init(folder: &Path, arguments: &[&str]) -> Output {
    let output = cms(folder, &[&["init"], arguments].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn init_writes_settings_a_unit_and_nginxs_part() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join(".env.local"), "# ours\nCMS_LOCALES=fr\n").unwrap();
    init(folder, &["--server-name", "cms.example.org", "--tls-certificate", "c", "--tls-key", "k"]);

    let settings = text(folder, ".env.local");
    assert!(settings.starts_with("# ours\nCMS_LOCALES=fr\n"), "{settings}");
    assert!(settings.contains("CMS_DATABASE_URL=sqlite:cms/data/cms.db\n"), "{settings}");
    let mode = fs::metadata(folder.join(".env.local")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let unit = text(folder, "deploy/cms.service");
    let data = folder.canonicalize().unwrap().join("cms/data");
    assert!(unit.contains("Type=notify") && unit.contains("WatchdogSec=30"), "{unit}");
    assert!(unit.contains(&format!("ReadWritePaths={}\n", data.display())), "{unit}");
    assert!(data.is_dir());

    let nginx = text(folder, "deploy/cms.nginx.conf");
    assert!(nginx.contains("server_name cms.example.org;") && nginx.contains("listen 443 ssl"));
    assert!(nginx.contains("server 127.0.0.1:1337") && !nginx.contains("{{"), "{nginx}");
}

#[test]
fn init_again_changes_nothing_and_keeps_what_was_edited() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    init(folder, &[]);
    let again = printed(&init(folder, &[]));
    assert_eq!(again.matches("unchanged").count(), 3, "{again}");

    let unit = folder.join("deploy/cms.service");
    fs::write(&unit, "# mine\n").unwrap();
    let kept = printed(&init(folder, &[]));
    assert!(kept.contains("cms.service: kept as it is"), "{kept}");
    assert_eq!(text(folder, "deploy/cms.service"), "# mine\n");
    init(folder, &["--force"]);
    assert!(text(folder, "deploy/cms.service").contains("ExecStart="));
}

#[test]
fn init_refuses_what_nginx_or_systemd_would_read_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, value) in [("--server-name", "a; evil on"), ("--user", "no body")] {
        let output = cms(folder.path(), &["init", flag, value]).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(value), "{errors}");
    }
}

#[test]
fn systemd_and_nginx_accept_what_init_writes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    init(folder, &["--user", "root"]);
    if Path::new("/usr/bin/systemd-analyze").exists() {
        let unit = folder.join("deploy/cms.service");
        let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("cms.service"), "{said}");
    }
    let conf = folder.join("deploy/cms.nginx.conf");
    let whole = format!(
        "pid {0}/pid; error_log stderr; events {{}} http {{ access_log off; \
         client_body_temp_path {0}/b; proxy_temp_path {0}/p; fastcgi_temp_path {0}/f; \
         uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {1}; }}",
        folder.display(),
        conf.display()
    );
    fs::write(folder.join("nginx.conf"), whole).unwrap();
    let output = Command::new("nginx")
        .env("PATH", "/usr/sbin:/usr/bin:/bin")
        .args(["-t", "-c"])
        .arg(folder.join("nginx.conf"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("[warn]"), "{said}");
}

/// The next message that says this.
fn heard(socket: &UnixDatagram, what: &str) {
    let mut buffer = [0; 4096];
    loop {
        let size = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {what}: {error}"));
        if std::str::from_utf8(&buffer[..size]).unwrap().lines().any(|line| line == what) {
            return;
        }
    }
}

#[test]
fn systemd_hears_that_the_server_is_ready_at_work_and_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let address = folder.path().join("notify");
    let socket = UnixDatagram::bind(&address).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut server = cms(folder.path(), &["serve", "--listen", "127.0.0.1:0"])
        .env("CMS_DATABASE_URL", databases::of(folder.path(), "sqlite:cms.db"))
        .env("CMS_UPLOADS", "uploads")
        .env("CMS_SCHEMA_DIR", CONFORMANCE_SCHEMA)
        .env("NOTIFY_SOCKET", &address)
        .env("WATCHDOG_USEC", "100000")
        .spawn()
        .unwrap();
    heard(&socket, "READY=1");
    heard(&socket, "WATCHDOG=1");
    heard(&socket, "WATCHDOG=1");
    let id = server.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
    heard(&socket, "STOPPING=1");
    assert!(server.wait().unwrap().success());
}
