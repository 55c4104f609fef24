//! A real PostgreSQL below a temporary folder. Stopped when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::process::{eventually, output};

/// The server refuses to run as root; Debian's package brings this user.
const USER: &str = "postgres";

pub(crate) struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        if rustix::process::geteuid().is_root() {
            let owner = format!("{USER}:");
            output(Command::new("chown").args(["-R", &owner]).arg(folder.path()));
        }
        let mut initdb = as_server("initdb", folder.path());
        initdb.args(["-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "-N", "-D"]);
        let made = output(initdb.arg(&data));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = as_server("postgres", folder.path());
        server.arg("-D").arg(&data).args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"]);
        let server = server.arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Self { server: server.spawn().unwrap(), folder };
        let mut ready = Command::new(binary("pg_isready"));
        ready.arg("-h").arg(started.folder.path());
        eventually("PostgreSQL to accept connections", || {
            output(&mut ready).status.success().then_some(())
        });
        started
    }

    pub(crate) fn url(&self) -> String {
        let host = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{host}/postgres")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.server);
        // Root may signal the server whoever runs it; SIGINT is its fast shutdown.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::INT);
        let _ = self.server.wait();
    }
}

/// Debian keeps the server's programs off the PATH, in a folder per version.
fn binary(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .unwrap_or_else(|_| panic!("PostgreSQL is missing; scripts/install test installs it"));
    let found = versions.map(|version| version.unwrap().path().join("bin").join(name));
    found.filter(|path| path.exists()).max().unwrap()
}

fn as_server(name: &str, folder: &Path) -> Command {
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", USER, "--regid", USER, "--init-groups"]).arg(binary(name));
        command
    } else {
        Command::new(binary(name))
    };
    command.current_dir(folder);
    command
}
