//! Every kind of configuration that `ssg nginx` prints, and several nodes behind one front.

use std::{fs, path::Path, process::Command};

use ssg::{
    config::{NginxConfig, Tls},
    release::Store,
    rules::Rules,
};
use tempfile::TempDir;

use super::{
    nginx::{Nginx, client, free_address, objections},
    serving::publish,
};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

/// A certificate that nobody would trust.
fn tls(folder: &Path) -> Tls {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Tls { certificate, key, plain_listen: free_address() }
}

fn rules(folder: &Path) -> Rules {
    fs::write(folder.join("_redirects"), "/a /b\n/c/* /d/:splat 302!\n/e q=:q /f/:q\n").unwrap();
    fs::write(folder.join("_headers"), "/*\n  Strict-Transport-Security: max-age=1\n").unwrap();
    Rules::load(folder).unwrap()
}

#[test]
fn nginx_accepts_every_kind_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let rules = rules(folder.path());
    let plain = || NginxConfig { full: true, listen: free_address(), ..NginxConfig::default() };
    let nodes = || words(&["127.0.0.1:81"]);
    let kinds = [
        ("one host", plain()),
        ("one host with TLS", NginxConfig { tls: Some(tls(folder.path())), ..plain() }),
        (
            "a node behind a front",
            NginxConfig { behind: words(&["10.0.0.0/8", "::1"]), api_rate: 0, ..plain() },
        ),
        (
            "a load-balanced set",
            NginxConfig { nodes: words(&["127.0.0.1:81", "[::1]:82"]), ..plain() },
        ),
        (
            "a load-balanced set with TLS",
            NginxConfig { nodes: nodes(), tls: Some(tls(folder.path())), ..plain() },
        ),
        (
            "a canary pair",
            NginxConfig {
                nodes: nodes(),
                canaries: words(&["127.0.0.1:83"]),
                canary_share: "0.5%".into(),
                ..plain()
            },
        ),
    ];
    for (kind, config) in kinds {
        for rules in [&Rules::default(), &rules] {
            let text = ssg::nginx::configuration(&config, folder.path(), rules).unwrap();
            assert!(!text.contains("{{"), "{kind}: {text}");
            assert_eq!(objections(folder.path(), &text), "", "{kind}");
        }
    }
}

struct Node {
    nginx: Nginx,
    dist: TempDir,
    _prefix: TempDir,
}

impl Node {
    async fn start(text: &str) -> Self {
        let (dist, prefix) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        publish(&Store::open(dist.path()).unwrap(), &[("index.html", text)], &[]);
        let nginx = Nginx::start(prefix.path(), dist.path(), "127.0.0.1:1").await;
        Self { nginx, dist, _prefix: prefix }
    }

    fn address(&self) -> String {
        self.nginx.url.trim_start_matches("http://").to_owned()
    }
}

async fn front(config: NginxConfig) -> (Nginx, TempDir) {
    let prefix = tempfile::tempdir().unwrap();
    let nginx = Nginx::start_as(prefix.path(), prefix.path(), &Rules::default(), &config).await;
    (nginx, prefix)
}

async fn home(front: &Nginx, header: &str, value: &str) -> String {
    let request = client().get(&front.url).header(header, value);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_node_that_is_gone_costs_nobody_a_page() {
    let (one, two) = (Node::start("one").await, Node::start("two").await);
    let nodes = vec![one.address(), two.address()];
    let (front, _prefix) = front(NginxConfig { nodes, ..NginxConfig::default() }).await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        seen.push(home(&front, "accept", "*/*").await);
    }
    assert!(seen.contains(&"one".to_owned()) && seen.contains(&"two".to_owned()), "{seen:?}");
    one.nginx.stop();
    for _ in 0..6 {
        assert_eq!(home(&front, "accept", "*/*").await, "two");
    }
    // Hooks are each node's own.
    let hook = client().post(format!("{}/hooks/cms", front.url)).send().await.unwrap();
    assert_eq!(hook.status(), 404);
    let status = client().get(format!("{}/-/nginx", front.url)).send().await.unwrap();
    assert!(status.text().await.unwrap().contains("Active connections"));
    drop(one.dist);
}

#[tokio::test]
async fn a_canary_is_shown_to_its_share_and_to_who_asks() {
    let (node, canary) = (Node::start("node").await, Node::start("canary").await);
    let config = NginxConfig {
        nodes: vec![node.address()],
        canaries: vec![canary.address()],
        canary_share: "50%".into(),
        ..NginxConfig::default()
    };
    let (front, _prefix) = front(config).await;
    for _ in 0..4 {
        assert_eq!(home(&front, "cookie", "galley_canary=always").await, "canary");
        assert_eq!(home(&front, "x-galley-canary", "always").await, "canary");
        assert_eq!(home(&front, "x-galley-canary", "never").await, "node");
    }
    // One visitor always sees the same; of many, some see the one, some the other.
    let mut shown = Vec::new();
    for visitor in 0..40 {
        let agent = format!("visitor {visitor}");
        let first = home(&front, "user-agent", &agent).await;
        assert_eq!(home(&front, "user-agent", &agent).await, first);
        shown.push(first);
    }
    let canaries = shown.iter().filter(|text| *text == "canary").count();
    assert!((5..=35).contains(&canaries), "{canaries} of 40");
    canary.nginx.stop();
    assert_eq!(home(&front, "x-galley-canary", "always").await, "node");
}

#[tokio::test]
async fn who_asks_the_api_too_often_is_told_to_wait() {
    let dist = tempfile::tempdir().unwrap();
    let prefix = tempfile::tempdir().unwrap();
    publish(&Store::open(dist.path()).unwrap(), &[("index.html", "home")], &[]);
    let config =
        NginxConfig { upstream: "127.0.0.1:1".into(), api_rate: 1, ..NginxConfig::default() };
    let nginx = Nginx::start_as(prefix.path(), dist.path(), &Rules::default(), &config).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let answer = client().get(format!("{}/api/articles", nginx.url)).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/json; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let status = answer.status().as_u16();
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["status"], status);
        statuses.push(status);
    }
    assert_eq!(statuses[..2], [502, 502]);
    assert!(statuses.contains(&429), "{statuses:?}");
    // Pages are not meant.
    assert_eq!(home(&nginx, "accept", "*/*").await, "home");
}
