//! Asking a shadow nginx for the pages: the configuration that visitors meet, over the tree
//! they do not see yet.
//!
//! It listens on a socket in a folder of its own. One that a crash left behind is stopped
//! when the next build begins.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    os::unix::{fs::symlink, net::UnixStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread::park_timeout,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::{
    MOST_FINDINGS, Policy,
    visit::{Answer, Visit},
};
use crate::{
    config::NginxConfig,
    nginx,
    release::{Candidate, Finding},
    rules::Rules,
    site::public_url::{INDEX, encode},
};

/// Of the pages that changed, as many are asked for.
const MOST_PAGES: usize = 50;
/// For one answer; files are local.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Debian keeps it where users without rights do not look.
const BINARIES: [&str; 3] = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"];
/// Between its sockets and its process number.
const START_TIMEOUT: Duration = Duration::from_secs(5);
/// For its end, once it was asked to.
const END_TIMEOUT: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// nginx notes a signal that comes while it starts, and then sleeps until the next one.
const ASK_AGAIN: Duration = Duration::from_millis(50);
const SOCKET: &str = "socket";
const PID: &str = "nginx.pid";
/// What a socket's name has room for.
const LONGEST_SOCKET: usize = 107;
/// Nobody answers there: the API is not asked.
const NO_DAEMON: &str = "127.0.0.1:1";

#[derive(Debug)]
pub(super) struct Nginx {
    folder: PathBuf,
}

impl Nginx {
    pub(super) fn start(scratch: &Path, candidate: &Candidate, rules: &Rules) -> Result<Self> {
        let folder = std::path::absolute(scratch)?;
        let nginx = Self { folder };
        nginx.write(candidate, rules).context("the shadow nginx cannot be set up")?;
        // It returns once its sockets are open, and goes on in the background.
        let output = nginx.run(&[])?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("the shadow nginx does not start: {}", said.trim());
        }
        // That is a little before it says its number, without which it cannot be stopped.
        if !in_time(START_TIMEOUT, || nginx.pid().is_some()) {
            bail!("the shadow nginx does not say its process number");
        }
        Ok(nginx)
    }

    fn write(&self, candidate: &Candidate, rules: &Rules) -> Result<()> {
        let socket = self.socket();
        if socket.as_os_str().len() > LONGEST_SOCKET {
            bail!("`{}` is too long for a socket; choose a shorter --cache", socket.display());
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        fs::create_dir_all(&self.folder)?;
        symlink(&candidate.tree, self.folder.join("current"))?;
        symlink(&candidate.retired, self.folder.join("retired"))?;
        let config = NginxConfig {
            listen: format!("unix:{}", socket.display()),
            upstream: NO_DAEMON.into(),
            full: true,
            ..NginxConfig::default()
        };
        let text = nginx::configuration(&config, &self.folder, rules)?;
        Ok(fs::write(self.folder.join("nginx.conf"), text)?)
    }

    fn socket(&self) -> PathBuf {
        self.folder.join(SOCKET)
    }

    fn run(&self, arguments: &[&str]) -> Result<Output> {
        for binary in BINARIES {
            let mut command = Command::new(binary);
            command.arg("-p").arg(&self.folder).args(["-e", "error.log", "-c", "nginx.conf"]);
            match command.args(arguments).output() {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                result => return result.with_context(|| format!("cannot run `{binary}`")),
            }
        }
        bail!("`smoke = true` in [gate] needs nginx, which is not installed here")
    }

    /// Waits for its end as well: it takes its socket along, which must not be the next one's.
    fn stop(&self) {
        let Some(pid) = self.pid() else { return };
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return };
        let mut asked = None::<Instant>;
        in_time(END_TIMEOUT, || {
            // Whatever has this number now may be something else.
            if !self.is_ours(pid) {
                return true;
            }
            if asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
                asked = Some(Instant::now());
                return pidfd_send_signal(&process, Signal::TERM).is_err();
            }
            false
        });
    }

    fn pid(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.folder.join(PID)).ok()?;
        Pid::from_raw(text.trim().parse().ok()?)
    }

    /// nginx shows its command line, which names this folder.
    fn is_ours(&self, pid: Pid) -> bool {
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
        let folder = self.folder.as_os_str().as_encoded_bytes();
        command.is_ok_and(|command| memchr::memmem::find(&command, folder).is_some())
    }
}

/// Whether `done` came true before the time was over.
fn in_time(timeout: Duration, mut done: impl FnMut() -> bool) -> bool {
    let give_up = Instant::now() + timeout;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= give_up {
            return false;
        }
        park_timeout(LOOK_AGAIN);
    }
}

/// Stops a shadow nginx that outlived its build: a process that is killed cannot. To be called
/// by whoever may build.
pub(crate) fn sweep(scratch: &Path) {
    if let Ok(folder) = std::path::absolute(scratch) {
        drop(Nginx { folder });
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Visit for Nginx {
    fn get(&self, url: &str) -> Result<Answer> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        write!(stream, "GET {url} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        let end = memchr::memmem::find(&bytes, b"\r\n\r\n").context("the answer was cut short")?;
        let (head, body) = bytes.split_at(end + 4);
        let status = String::from_utf8_lossy(head);
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Answer { status: status.context("the answer has no status")?, body: body.to_vec() })
    }
}

/// Required pages and those that changed must be answered with 200.
pub(super) fn check(nginx: &Nginx, policy: &Policy, candidate: &Candidate) -> Vec<Finding> {
    let arrived = candidate.steps.iter().filter(|step| step.new.is_some());
    let pages = arrived.filter_map(|step| url_of(&step.path)).take(MOST_PAGES);
    let urls = policy.required.iter().map(|url| encode_plain(url)).chain(pages);
    let findings = urls.filter_map(|url| {
        let message = match nginx.get(&url) {
            Ok(answer) if answer.status == 200 => return None,
            Ok(answer) => format!("answers {}", answer.status),
            Err(error) => format!("is not answered: {error:#}"),
        };
        Some(Finding::new("smoke", Some(&url), message))
    });
    findings.take(MOST_FINDINGS).collect()
}

/// As visitors ask for it; pages that are shown instead of others have no URL of their own.
fn url_of(file: &str) -> Option<String> {
    let folder = file.strip_suffix(INDEX)?;
    (folder.is_empty() || folder.ends_with('/')).then(|| encode(&format!("/{folder}")))
}

/// A URL that may be written plainly in site.toml.
fn encode_plain(url: &str) -> String {
    if url.is_ascii() { url.replace(' ', "%20") } else { encode(url) }
}
