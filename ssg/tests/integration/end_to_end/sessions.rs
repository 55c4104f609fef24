//! A site that logs in: its session under many tasks and processes, lost answers and theft.
//!
//! The processes are this test program, started again for one test that does nothing unless it
//! is told to.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use ssg::client::{Cms, SyncRequest};
use ssg::config::{CmsConfig, Credentials};

use super::process::{Server, printed};
use super::stack::{Stack, Wiring};

const TOLD: &str = "GALLEY_TEST_SESSION";
const PROCESSES: usize = 4;
const TASKS: usize = 25;
const REFRESH: &str = "/api/auth/refresh";

#[expect(clippy::disallowed_methods, reason = "a message from one test process to another")]
fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Reads the feed in many tasks at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_process_with_many_tasks() {
    let Some(told) = told() else { return };
    let (url, cache) = told.split_once('|').unwrap();
    let config = CmsConfig {
        url: url.parse().unwrap(),
        credentials: Credentials::Login {
            identifier: "site@example.org".into(),
            password: "Correct-horse-1".into(),
        },
        timeout: Duration::from_secs(30),
        phase_deadline: Duration::from_secs(60),
    };
    let cms = Arc::new(Cms::new(&config, Path::new(cache)).unwrap());
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let cms = Arc::clone(&cms);
            tokio::spawn(async move { cms.sync(SyncRequest::Initial).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

/// A stack whose access tokens live for half an hour, and a counting wire to its content server.
fn stack() -> (Stack, Tap) {
    let mut stack = Stack::start(Wiring::ShortLivedLogin);
    stack.seed();
    stack.cms.terminate();
    let listen = stack.cms_url.trim_start_matches("http://").to_owned();
    let mut cms = stack.cms_command(&listen);
    stack.cms = Server::start(cms.env("CMS_ACCESS_TOKEN_TTL", "30m").arg("serve"));
    stack.cms.address();
    let tap = Tap::start(&listen);
    stack.set("SSG_CMS_URL", &tap.url);
    (stack, tap)
}

/// Passes connections on, and counts the requests to one path.
struct Tap {
    url: String,
    refreshes: Arc<AtomicUsize>,
    logins: Arc<AtomicUsize>,
    /// The next answer to a refresh is lost on the way.
    loses: Arc<AtomicBool>,
}

impl Tap {
    fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let tap = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            refreshes: Arc::default(),
            logins: Arc::default(),
            loses: Arc::default(),
        };
        let (target, refreshes) = (target.to_owned(), Arc::clone(&tap.refreshes));
        let (logins, loses) = (Arc::clone(&tap.logins), Arc::clone(&tap.loses));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&target).unwrap();
                let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (refreshes, logins) = (Arc::clone(&refreshes), Arc::clone(&logins));
                let (loses, lost) = (Arc::clone(&loses), Arc::new(AtomicBool::new(false)));
                let is_lost = Arc::clone(&lost);
                std::thread::spawn(move || {
                    let (mut from, mut server, mut chunk) = (client, server, [0; 65_536]);
                    while let Ok(read @ 1..) = from.read(&mut chunk) {
                        let text = String::from_utf8_lossy(&chunk[..read]);
                        if text.contains("POST /api/auth/local ") {
                            logins.fetch_add(1, Ordering::SeqCst);
                        }
                        if text.contains(&format!("POST {REFRESH} ")) {
                            refreshes.fetch_add(1, Ordering::SeqCst);
                            lost.store(loses.swap(false, Ordering::SeqCst), Ordering::SeqCst);
                        }
                        if server.write_all(&chunk[..read]).is_err() {
                            break;
                        }
                    }
                    let _ = server.shutdown(std::net::Shutdown::Both);
                });
                std::thread::spawn(move || {
                    let mut chunk = [0; 65_536];
                    while let Ok(read @ 1..) = back.read(&mut chunk) {
                        let lost = is_lost.load(Ordering::SeqCst);
                        if lost || to.write_all(&chunk[..read]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        tap
    }

    fn counts(&self) -> (usize, usize) {
        (self.refreshes.load(Ordering::SeqCst), self.logins.load(Ordering::SeqCst))
    }
}

fn token_file(stack: &Stack) -> PathBuf {
    stack.path().join("content-cache/token.json")
}

fn pair(stack: &Stack) -> Value {
    serde_json::from_slice(&fs::read(token_file(stack)).unwrap()).unwrap()
}

/// Four fifths of the access token's life are over.
fn make_due(stack: &Stack) {
    let mut pair = pair(stack);
    pair["renewAt"] = json!(1);
    fs::write(token_file(stack), pair.to_string()).unwrap();
}

fn pull(stack: &Stack) {
    printed(&mut stack.ssg_command(&["pull", "--json"]));
}

#[test]
fn a_hundred_tasks_in_four_processes_refresh_an_expiring_token_once() {
    let (stack, tap) = stack();
    pull(&stack);
    assert_eq!(tap.counts(), (0, 1));
    make_due(&stack);
    let cache = stack.path().join("content-cache");
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "integration::end_to_end::sessions::a_process_with_many_tasks"])
                .env(TOLD, format!("{}|{}", tap.url, cache.display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(tap.counts(), (1, 1), "one refresh, and no other login");
}

#[test]
fn a_lost_answer_to_a_refresh_costs_nothing_but_a_request() {
    let (stack, tap) = stack();
    pull(&stack);
    make_due(&stack);
    // The content server has rotated, and the site never hears of it.
    tap.loses.store(true, Ordering::SeqCst);
    pull(&stack);
    assert_eq!(tap.counts(), (1, 2), "a refresh token is not sent twice by one who may be late");
    // A process that was killed before it could store the answer sends the old token once more:
    // within the grace it gets the same successor, and nobody is logged out.
    let before = fs::read(token_file(&stack)).unwrap();
    make_due(&stack);
    pull(&stack);
    assert_eq!(tap.counts(), (2, 2));
    let successor = pair(&stack)["refreshToken"].clone();
    fs::write(token_file(&stack), before).unwrap();
    make_due(&stack);
    pull(&stack);
    assert_eq!(tap.counts(), (3, 2), "no login was needed");
    assert_eq!(pair(&stack)["refreshToken"], successor);
    assert!(!stack.cms.log().contains("used twice"), "{}", stack.cms.log());
}

#[test]
fn a_stolen_refresh_token_ends_the_login_and_the_site_opens_another() {
    let (stack, tap) = stack();
    pull(&stack);
    let stolen = pair(&stack)["refreshToken"].clone();
    for _ in 0..2 {
        make_due(&stack);
        pull(&stack);
    }
    assert_eq!(tap.counts(), (2, 1));
    // The thief is late: its successor has been used already, grace or not.
    let url = format!("{}{REFRESH}", stack.cms_url);
    let thief = stack.visitor.post(&url, &json!({ "refreshToken": stolen }));
    assert_eq!(thief.status, 401, "{}", thief.body);
    assert!(stack.cms.log().contains("a refresh token was used twice"), "{}", stack.cms.log());
    // The family is gone, the site's own token with it.
    let ours = pair(&stack)["refreshToken"].clone();
    let ours = stack.visitor.post(&url, &json!({ "refreshToken": ours }));
    assert_eq!(ours.status, 401, "{}", ours.body);
    make_due(&stack);
    pull(&stack);
    assert_eq!(tap.counts(), (3, 2), "one refresh that was refused, one login");
}
