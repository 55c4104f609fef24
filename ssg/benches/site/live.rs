//! The whole chain: content server, webhook, daemon, nginx; and clocks at its stations.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::content::{Content, tied};
use super::http::Client;
use super::process::{Server, printed};
use super::report::Report;
use super::tap::Tap;
use super::tree::shows;

/// Between two looks at a page.
const LOOK_AGAIN: Duration = Duration::from_micros(500);
/// Nothing happened for so long: the daemon is done. Far above its wait for more hooks.
const QUIET: Duration = Duration::from_millis(250);
/// The largest site, rendered anew, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

pub(crate) struct Live {
    pub(crate) content: Content,
    pub(crate) editor: Client,
    pub(crate) visitor: Client,
    operator: Client,
    tap: Tap,
    daemon: Server,
    _nginx: Nginx,
}

/// Asked to stop: its workers outlive a killed master.
struct Nginx(Server);

impl Drop for Nginx {
    fn drop(&mut self) {
        self.0.terminate();
    }
}

/// Milliseconds between the stations of one change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// From the CMS's answer to the new bytes through nginx.
    pub(crate) live: f64,
    /// From the first byte of the first webhook to the new file below `dist/current`, as a
    /// reader of the file sees it.
    pub(crate) disk: f64,
}

/// The daemon's own count of what it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Counts {
    pub(crate) builds: u64,
    /// Seconds in builds.
    pub(crate) building: f64,
    pub(crate) rendered: u64,
    pub(crate) release: u64,
    /// Changes known of that are not live.
    behind: u64,
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn pause() {
    std::thread::park_timeout(LOOK_AGAIN);
}

impl Live {
    pub(crate) fn start(content: Content, report: &mut Report) -> Self {
        let tap = Tap::open();
        let secret = content.add_webhook(&format!("{}/hooks/cms", tap.url));
        let began = Instant::now();
        let daemon = Server::start(&mut content.daemon(&secret));
        let url = daemon.address();
        tap.leads_to(&url);
        let mut operator = Client::new(&url, None);
        wait_for("the daemon to be ready", || {
            operator.try_get("/readyz").filter(|answer| answer.status == 200)
        });
        let ready = began.elapsed();
        let (nginx, site) = nginx(&content, &url);
        let mut live = Self {
            editor: Client::new(&content.url, Some(&content.token)),
            visitor: Client::new(&site, None),
            content,
            operator,
            tap,
            daemon,
            _nginx: nginx,
        };
        let caught_up =
            wait_for("the first build", || (live.counts().builds > 0).then(|| began.elapsed()));
        report.figure("ready_s", ready.as_secs_f64());
        report.figure("caught_up_s", caught_up.as_secs_f64());
        report.row(
            "`ssg serve`, from its start",
            format!(
                "ready after {:.3} s, first build done by {:.3} s",
                ready.as_secs_f64(),
                caught_up.as_secs_f64()
            ),
        );
        live.report_memory("after its start", "started", report);
        live
    }

    pub(crate) fn dist(&self) -> PathBuf {
        self.content.current()
    }

    /// Sends a change of a document and waits until `page` shows `text`.
    pub(crate) fn change(&mut self, path: &str, data: &Value, page: &str, text: &str) -> Timing {
        let sent = Instant::now();
        self.editor.put(path, data);
        let confirmed = Instant::now();
        let (disk, live) = self.wait_until_shown(page, text);
        let arrived = self.tap.first_after(sent).expect("no webhook came");
        Timing {
            live: millis(live.saturating_duration_since(confirmed)),
            disk: millis(disk.saturating_duration_since(arrived)),
        }
    }

    /// When a page showed a text: on disk, and through nginx.
    pub(crate) fn wait_until_shown(&mut self, page: &str, text: &str) -> (Instant, Instant) {
        let file = self.dist().join(page.trim_start_matches('/')).join("index.html");
        let mut on_disk = None;
        wait_for(&format!("{page} to show `{text}`"), || {
            let shown = || std::fs::read(&file).is_ok_and(|bytes| shows(&bytes, text));
            if on_disk.is_none() && shown() {
                on_disk = Some(Instant::now());
            }
            let now = shows(&self.visitor.get(page).body, text).then(Instant::now)?;
            Some((on_disk.unwrap_or(now), now))
        })
    }

    pub(crate) fn counts(&mut self) -> Counts {
        let text = self.operator.get("/metrics").text();
        let values = |name: &str| {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
        };
        Counts {
            builds: values("ssg_builds_total") as u64,
            building: values("ssg_build_duration_seconds_sum"),
            rendered: values("ssg_pages_rendered_total") as u64,
            release: values("ssg_release_id") as u64,
            behind: values("ssg_replica_lag_seq") as u64,
        }
    }

    /// The counts once the daemon has nothing left to do.
    pub(crate) fn settled(&mut self) -> Counts {
        let mut last = self.counts();
        let mut since = Instant::now();
        wait_for("the daemon to have nothing to do", || {
            let now = self.counts();
            if now != last || now.behind > 0 {
                (last, since) = (now, Instant::now());
            }
            (since.elapsed() > QUIET).then_some(last)
        })
    }

    pub(crate) fn memory(&self, report: &mut Report) {
        self.report_memory("at the end", "end", report);
    }

    fn report_memory(&self, when: &str, name: &str, report: &mut Report) {
        let id = self.daemon.id().as_raw_nonzero();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let [resident, peak] = ["VmRSS:", "VmHWM:"].map(|name| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
        });
        report.figure(&format!("daemon_{name}_mb"), resident);
        report.figure("daemon_peak_mb", peak);
        report.row(
            &format!("memory of `ssg serve` {when}"),
            format!("{resident:.0} MB, {peak:.0} MB at most"),
        );
    }
}

pub(crate) fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < give_up, "gave up waiting for {what}");
        pause();
    }
}

/// nginx with the configuration that `ssg` prints, and its address.
fn nginx(content: &Content, daemon: &str) -> (Nginx, String) {
    // Nobody listens on a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, upstream) = (free.to_string(), daemon.trim_start_matches("http://"));
    let text = printed(&mut content.ssg(&[
        "nginx",
        "--full",
        "--listen",
        &listen,
        "--upstream",
        upstream,
    ]));
    let prefix = content.folder.join("nginx");
    std::fs::create_dir_all(&prefix).unwrap();
    std::fs::write(prefix.join("nginx.conf"), text).unwrap();
    let mut command: Command = tied("nginx");
    command.arg("-p").arg(&prefix).args(["-c", "nginx.conf", "-g", "daemon off;"]);
    command.stdin(Stdio::null());
    let nginx = Nginx(Server::start(&mut command));
    let url = format!("http://{listen}");
    let mut client = Client::new(&url, None);
    wait_for("nginx to answer", || client.try_get("/").filter(|answer| answer.status == 200));
    (nginx, url)
}
