//! A real Varnish that keeps pages for ever, in front of a real nginx.

use std::{
    collections::VecDeque,
    process::{Child, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use reqwest::Response;
use ssg::{config::NginxConfig, rules::Rules};
use tempfile::TempDir;
use tokio::sync::watch;

use super::*;
use crate::integration::nginx::{Nginx, client, free_address};

/// No answer may be older than this after a publish.
const NEVER_OLDER: Duration = Duration::from_secs(1);
/// How long there are edits.
const EDITING: Duration = Duration::from_secs(3);
const READERS: usize = 4;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

struct Varnish {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Varnish {
    async fn start(site: &str) -> Self {
        let text = include_str!("../../../../docs/varnish.vcl");
        let (host, port) = site.trim_start_matches("http://").split_once(':').unwrap();
        let text = text
            .replace(".host = \"127.0.0.1\"", &format!(".host = \"{host}\""))
            .replace(".port = \"8080\"", &format!(".port = \"{port}\""));
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("site.vcl"), &text).unwrap();
            let address = free_address();
            let child = std::process::Command::new(binary())
                .args(["-F", "-j", "none", "-s", "malloc,32m", "-a", &address, "-n"])
                .arg(folder.path().join("work"))
                .arg("-f")
                .arg(folder.path().join("site.vcl"))
                .stdout(Stdio::null())
                .stderr(std::fs::File::create(folder.path().join("log")).unwrap())
                .spawn()
                .unwrap();
            let mut varnish = Self { child, url: format!("http://{address}"), _folder: folder };
            if varnish.answers().await {
                return varnish;
            }
            let log = std::fs::read_to_string(varnish._folder.path().join("log")).unwrap();
            assert!(!log.contains("VCL compilation failed"), "{log}");
        }
        panic!("Varnish does not start");
    }

    async fn answers(&mut self) -> bool {
        let give_up = Instant::now() + PATIENCE;
        while Instant::now() < give_up && self.child.try_wait().unwrap().is_none() {
            if client().get(&self.url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return true;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        false
    }

    async fn get(&self, path: &str) -> Response {
        client().get(format!("{}{path}", self.url)).send().await.unwrap()
    }

    async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// Answered from memory: the request of the one who asked first is named, too.
    async fn knows(&self, path: &str) -> bool {
        let answer = self.get(path).await;
        answer.headers()["x-varnish"].to_str().unwrap().contains(' ')
    }
}

impl Drop for Varnish {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn binary() -> &'static str {
    let paths = ["/usr/sbin/varnishd", "/usr/local/sbin/varnishd"];
    let found = paths.into_iter().find(|path| Path::new(path).exists());
    found.unwrap_or_else(|| panic!("varnishd is missing; `scripts/install test` installs it"))
}

struct Edge {
    varnish: Varnish,
    store: Store,
    cdn: Cdn,
    _nginx: Nginx,
    dist: TempDir,
    _prefix: TempDir,
}

impl Edge {
    async fn start() -> Self {
        let (dist, prefix) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::open(dist.path()).unwrap();
        publish(
            &store,
            &[
                ("index.html", "0"),
                ("still/index.html", "still"),
                ("404.html", "gone"),
                ("assets/site.0123456789ab.css", "css"),
            ],
            &[],
        );
        std::fs::write(prefix.path().join("_redirects"), "/old/* /still/ 301\n").unwrap();
        let rules = Rules::load(prefix.path()).unwrap();
        let config = NginxConfig { cdn: true, ..NginxConfig::default() };
        let nginx = Nginx::start_as(prefix.path(), dist.path(), &rules, &config).await;
        let varnish = Varnish::start(&nginx.url).await;
        let cdn = Cdn {
            again: Duration::from_millis(300),
            site: varnish.url.clone(),
            ..cdn(Provider::Purge { endpoints: vec![varnish.url.parse().unwrap()] })
        };
        assert!(catch_up(&store, &cdn).await.done);
        Self { varnish, store, cdn, _nginx: nginx, dist, _prefix: prefix }
    }

    async fn publish(&self, upserts: &[(&str, &str)], removes: &[&str]) {
        publish(&self.store, upserts, removes);
        assert!(catch_up(&self.store, &self.cdn).await.done);
    }
}

#[tokio::test]
async fn pages_are_kept_until_they_change() {
    let edge = Edge::start().await;
    let varnish = &edge.varnish;
    for path in ["/", "/still/", "/still", "/assets/site.0123456789ab.css"] {
        varnish.get(path).await;
        assert!(varnish.knows(path).await, "{path}");
    }
    // What nobody could be told of is asked for each time.
    for path in ["/still/?utm=1", "/old/x", "/new/", "/nothing/"] {
        varnish.get(path).await;
        assert!(!varnish.knows(path).await, "{path}");
    }
    assert_eq!(varnish.get("/new/").await.status(), 404);

    edge.publish(&[("index.html", "1"), ("new/index.html", "new")], &[]).await;
    assert_eq!(varnish.text("/").await, "1");
    assert_eq!(varnish.text("/new/").await, "new");
    assert_eq!(varnish.get("/new").await.status(), 301);
    assert!(varnish.knows("/still/").await, "nothing changed there");
    assert!(varnish.knows("/new/").await && varnish.knows("/new").await);

    edge.publish(&[("404.html", "still gone")], &["new/index.html"]).await;
    for path in ["/new/", "/new", "/new/index.html", "/nothing/"] {
        let answer = varnish.get(path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.text().await.unwrap(), "still gone", "{path}");
    }
    edge.store.rollback(Some(2)).unwrap();
    assert!(catch_up(&edge.store, &edge.cdn).await.done);
    assert_eq!(varnish.text("/new/").await, "new");
    edge.store.unpin().unwrap();
    assert!(catch_up(&edge.store, &edge.cdn).await.done);
    assert_eq!(varnish.get("/new/").await.status(), 404);
    assert!(varnish.knows("/still/").await);

    // And everything at once.
    edge.store.note_switch(None, 3).unwrap();
    assert!(catch_up(&edge.store, &edge.cdn).await.done);
    assert!(!varnish.knows("/still/").await);
}

/// What visitors must see by now.
#[derive(Default)]
struct Edits {
    /// Each with the time when its publish had come back.
    published: Mutex<VecDeque<(Instant, u64)>>,
    due: AtomicUsize,
}

impl Edits {
    fn note(&self, number: u64) {
        self.published.lock().unwrap().push_back((Instant::now(), number));
    }

    /// The newest edit that is older than what is allowed.
    fn due(&self) -> u64 {
        let mut published = self.published.lock().unwrap();
        while published.front().is_some_and(|(at, _)| at.elapsed() > NEVER_OLDER) {
            let (_, number) = published.pop_front().unwrap();
            self.due.store(usize::try_from(number).unwrap(), Ordering::SeqCst);
        }
        self.due.load(Ordering::SeqCst) as u64
    }
}

async fn read_until(edits: Arc<Edits>, stop: Arc<AtomicBool>, url: String) -> Result<u64, String> {
    let (client, mut reads) = (client(), 0);
    while !stop.load(Ordering::SeqCst) {
        let due = edits.due();
        let answer = client.get(&url).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        let shown: u64 = text.parse().map_err(|_| format!("{status}: {text}"))?;
        if shown < due {
            return Err(format!("edit {shown} is shown when {due} is due"));
        }
        reads += 1;
    }
    Ok(reads)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_answer_is_older_than_a_second_after_a_publish() {
    let edge = Edge::start().await;
    edge.varnish.get("/still/").await;
    let (news, followers) = watch::channel(0);
    let purger = Purger::new(vec![edge.cdn.clone()], &edge.store, &Faults::default()).unwrap();
    let purging = tokio::spawn(purger.follow(followers));
    let (edits, stop) = (Arc::new(Edits::default()), Arc::new(AtomicBool::new(false)));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let url = format!("{}/", edge.varnish.url);
            tokio::spawn(read_until(Arc::clone(&edits), Arc::clone(&stop), url))
        })
        .collect();

    let (began, mut number) = (Instant::now(), 0);
    while began.elapsed() < EDITING {
        number += 1;
        let (store, told) = (edge.store.clone(), Arc::clone(&edits));
        let write = move || {
            publish(&store, &[("index.html", &number.to_string())], &[]);
            told.note(number);
        };
        tokio::task::spawn_blocking(write).await.unwrap();
        news.send_modify(|looks| *looks += 1);
    }
    // The last edit becomes due, too, while everybody goes on reading.
    let last = Instant::now();
    while last.elapsed() < NEVER_OLDER * 2 {
        edge.varnish.get("/still/").await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.unwrap().unwrap();
    }
    println!("{number} publishes, {reads} reads");
    assert_eq!(edge.varnish.text("/").await, number.to_string());
    assert!(edge.varnish.knows("/").await && edge.varnish.knows("/still/").await);
    drop(news);
    purging.await.unwrap();
    assert!(edge.dist.path().join("current").exists());
}
