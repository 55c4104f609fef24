//! A real nginx with a configuration that `ssg nginx` printed.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, redirect};
use ssg::{config::NginxConfig, rules::Rules};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(crate) fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE).build().unwrap()
}

/// An address on this machine that nobody listens on now.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn write(prefix: &Path, configuration: &str) {
    fs::write(prefix.join("nginx.conf"), configuration).unwrap();
}

pub(crate) fn command(prefix: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(["-e", "error.log", "-c", "nginx.conf", "-p"]).arg(prefix);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What `nginx -t` has against a configuration; empty when nothing.
pub(crate) fn objections(prefix: &Path, configuration: &str) -> String {
    write(prefix, configuration);
    let output = command(prefix).arg("-t").stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let warned = said.contains("[warn]");
    if output.status.success() && !warned {
        String::new()
    } else {
        format!("{said}\n{configuration}")
    }
}

pub(crate) struct Nginx {
    child: Child,
    prefix: PathBuf,
    pub(crate) url: String,
}

impl Nginx {
    /// Serves `dist`, with a daemon at `upstream`.
    pub(crate) async fn start(prefix: &Path, dist: &Path, upstream: &str) -> Self {
        Self::start_with(prefix, dist, upstream, &Rules::default()).await
    }

    pub(crate) async fn start_with(
        prefix: &Path,
        dist: &Path,
        upstream: &str,
        rules: &Rules,
    ) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let config = NginxConfig { upstream, ..NginxConfig::default() };
        Self::start_as(prefix, dist, rules, &config).await
    }

    /// With these settings, whole and on a port of its own.
    pub(crate) async fn start_as(
        prefix: &Path,
        dist: &Path,
        rules: &Rules,
        config: &NginxConfig,
    ) -> Self {
        // nginx cannot be asked which port it took, so one is looked for; when
        // somebody else gets it first, nginx does not start and we look again.
        for _ in 0..20 {
            let listen = free_address();
            let config = NginxConfig { listen, full: true, ..config.clone() };
            write(prefix, &ssg::nginx::configuration(&config, dist, rules).unwrap());
            let child = command(prefix).args(["-g", "daemon off;"]).spawn().unwrap();
            let url = format!("http://{}", config.listen);
            let mut nginx = Self { child, prefix: prefix.to_owned(), url };
            if nginx.answers().await {
                return nginx;
            }
        }
        panic!("nginx does not start: {}", log(prefix));
    }

    /// Stops it, as if its machine were gone.
    pub(crate) fn stop(self) {
        drop(self);
    }

    async fn answers(&mut self) -> bool {
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up && self.child.try_wait().unwrap().is_none() {
            if client().get(&self.url).send().await.is_ok() {
                return true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        false
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master takes its workers along; SIGKILL would orphan them.
        let id = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", log(&self.prefix));
        }
    }
}

fn log(prefix: &Path) -> String {
    fs::read_to_string(prefix.join("error.log")).unwrap_or_default()
}

/// Debian keeps it where users without rights do not look.
fn binary() -> PathBuf {
    let paths =
        ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx"];
    let found = paths.into_iter().map(PathBuf::from).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("nginx is missing; `scripts/install test` installs it"))
}
