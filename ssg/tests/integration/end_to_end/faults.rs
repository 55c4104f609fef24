//! What goes wrong on real servers: killed programs, forged and repeated webhooks, a content
//! server that is away. Visitors see a complete site throughout.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use cms_api::webhook::{ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER};
use serde_json::json;

use super::http::Http;
use super::process::{eventually, output};
use super::stack::{Stack, Wiring};

/// A visitor who reloads pages for as long as a test runs and minds every error.
struct Crowd {
    stop: Arc<AtomicBool>,
    visits: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<Vec<String>>>,
}

impl Crowd {
    fn visit(stack: &Stack, paths: &[&str]) -> Self {
        let urls: Vec<_> = paths.iter().map(|path| stack.page(path)).collect();
        let (stop, visits) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&visits));
        let thread = std::thread::spawn(move || {
            let http = Http::new(None);
            let mut complaints = Vec::new();
            for url in urls.iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let answer = http.get(url);
                counted.fetch_add(1, Ordering::Relaxed);
                let whole = answer.body.trim_end().ends_with("</html>");
                if answer.status != 200 || !whole {
                    complaints.push(format!(
                        "{url}: {} {} bytes",
                        answer.status,
                        answer.body.len()
                    ));
                }
            }
            complaints
        });
        Self { stop, visits, thread: Some(thread) }
    }

    fn had_no_complaints(mut self) {
        let seen = self.visits.load(Ordering::Relaxed);
        eventually("one more visit", || (self.visits.load(Ordering::Relaxed) > seen).then_some(()));
        self.stop.store(true, Ordering::Relaxed);
        let complaints = self.thread.take().unwrap().join().unwrap();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

const PAGES: [&str; 4] = ["/", "/blog/", "/blog/story-3/", "/category/craft/"];

#[test]
fn a_killed_daemon_converges_and_no_visitor_notices() {
    let mut stack = Stack::published(Wiring::Webhooks);
    let path = format!("articles/{}", stack.article("story-3"));
    let crowd = Crowd::visit(&stack, &PAGES);
    for round in 0..6 {
        // Kill at a different moment of the build each time: at once, or a little into it.
        let answer = stack.edit(&path, &json!({ "title": format!("Take {round}") }));
        let seq: i64 = answer.header("X-Galley-Seq").parse().unwrap();
        if round % 2 == 1 {
            eventually("a build in progress", || {
                let state = stack.visitor.try_get(&format!("{}/readyz", stack.ssg_url))?.json();
                (state["seq"].as_i64()? >= seq - 1).then_some(())
            });
        }
        stack.ssg.as_mut().unwrap().kill();
        stack.start_daemon();
        stack.caught_up(&answer);
        assert!(stack.visit("/blog/story-3/").body.contains(&format!("Take {round}")));
        assert!(stack.visit("/blog/").body.contains(&format!("Take {round}")));
    }
    crowd.had_no_complaints();
}

#[test]
fn a_killed_content_server_loses_nothing_it_confirmed() {
    let mut stack = Stack::published(Wiring::Webhooks);
    let path = format!("articles/{}", stack.article("story-3"));
    let crowd = Crowd::visit(&stack, &PAGES);
    for round in 0..4 {
        let answer = stack.edit(&path, &json!({ "title": format!("Take {round}") }));
        stack.cms.kill();
        stack.restart_cms();
        // The webhook row survived with the edit; nobody polls in this wiring.
        stack.settled(&answer);
        assert!(stack.visit("/blog/story-3/").body.contains(&format!("Take {round}")));
    }
    crowd.had_no_complaints();
}

#[test]
fn a_hundred_edits_never_show_a_broken_page() {
    let stack = Stack::published(Wiring::Webhooks);
    let path = format!("articles/{}", stack.article("story-3"));
    let crowd = Crowd::visit(&stack, &PAGES);
    let mut last = None;
    for n in 0..100 {
        last = Some(stack.edit(&path, &json!({ "title": format!("Edit {n}") })));
    }
    stack.settled(&last.unwrap());
    assert!(stack.visit("/blog/story-3/").body.contains("Edit 99"));
    crowd.had_no_complaints();
}

#[test]
fn a_build_without_a_content_server_uses_the_replica() {
    let mut stack = Stack::start(Wiring::Webhooks);
    stack.seed();
    stack.build();
    stack.cms.terminate();
    let result = output(&mut stack.ssg_command(&["build", "--json"]));
    let errors = String::from_utf8_lossy(&result.stderr);
    assert!(result.status.success(), "{errors}");
    assert!(errors.to_lowercase().contains("warn"), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&result.stdout).unwrap();
    assert_eq!(report["stale"], true);
    assert!(stack.path().join("dist/current/blog/story-3/index.html").exists());
}

#[test]
fn a_first_build_without_a_content_server_says_so() {
    let mut stack = Stack::start(Wiring::Webhooks);
    stack.cms.terminate();
    let result = output(&mut stack.ssg_command(&["build"]));
    assert_eq!(result.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&result.stderr).contains(&stack.cms_url));
}

#[test]
fn forged_stale_and_repeated_webhooks_change_nothing() {
    let stack = Stack::published(Wiring::PollingOnly);
    let hook = format!("{}/hooks/cms", stack.ssg_url);
    let secret = Secret::parse(&format!("whsec_{}", "A".repeat(44))).unwrap();
    let now =
        i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let body = json!({ "event": "entry.update", "seq": 1 }).to_string();
    let send = |id: &str, at: i64, signature: &str| {
        let at = at.to_string();
        let headers = [(ID_HEADER, id), (TIMESTAMP_HEADER, &*at), (SIGNATURE_HEADER, signature)];
        stack.visitor.post_raw(&hook, &headers, &body)
    };
    let signed = |id: &str, at: i64| secret.sign(id, at, body.as_bytes());

    assert_eq!(send("msg_1", now, "v1,AAAA").status, 401);
    assert_eq!(send("msg_1", now - 301, &signed("msg_1", now - 301)).status, 401);
    assert_eq!(stack.visitor.post_raw(&hook, &[], &body).status, 401);
    assert_eq!(stack.visitor.get(&hook).status, 405);

    let first = send("msg_2", now, &signed("msg_2", now));
    let again = send("msg_2", now, &signed("msg_2", now));
    assert_eq!((first.status, again.status), (202, 202), "{} {}", first.body, again.body);
    assert_eq!(first.json()["seq"], 1);
    assert_eq!(stack.build()["release"], serde_json::Value::Null);
}

#[test]
fn nginx_serves_the_site_as_a_browser_expects() {
    let stack = Stack::published(Wiring::Webhooks);
    let moved = stack.visit("/blog");
    assert_eq!(moved.status, 301);
    assert!(moved.header("location").ends_with("/blog/"), "{:?}", moved.headers);
    let page = stack.visit("/");
    assert!(page.header("cache-control").contains("no-cache"), "{:?}", page.headers);
    assert!(!page.header("etag").is_empty());
    let missing = stack.visit("/no/such/page/");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("</html>"));
    let start = page.body.find("/assets/").expect("a stylesheet");
    let end = start + page.body[start..].find('"').unwrap();
    let asset = stack.visit(&page.body[start..end]);
    assert_eq!(asset.status, 200);
    assert!(asset.header("cache-control").contains("immutable"), "{:?}", asset.headers);
    // The browser speaks to one host; without a permission the public role sees nothing.
    assert_eq!(stack.visit("/api/articles").status, 403);
}

#[test]
fn servers_stop_when_asked() {
    let mut stack = Stack::published(Wiring::Webhooks);
    assert!(stack.ssg.as_mut().unwrap().terminate());
    assert!(stack.cms.terminate());
}
