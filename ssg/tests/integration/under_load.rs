//! Visitors while releases come and go: nobody may notice, except that the
//! text changes.
//!
//! `GALLEY_LOAD=full` makes ten times as many switches; the figures are printed
//! either way (`-- --nocapture`).

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use ssg::release::{Changes, Meta, Settings, Store};

use super::nginx::{Nginx, client};

const PAGES: usize = 40;
/// Longer than what nginx sends at once, so that a switch falls into answers.
const FILLING: usize = 50_000;
const VISITORS: usize = 8;
/// Requests that must have been answered between two switches: at 10 switches
/// a second these are 1000 requests a second.
const REQUESTS_PER_SWITCH: u64 = 100;

/// What visitors met.
#[derive(Debug, Default)]
struct Seen {
    requests: AtomicU64,
    slowest_us: AtomicU64,
    over: AtomicBool,
}

fn page(n: usize) -> String {
    format!("p{n}/index.html")
}

/// The same number in every page and in the asset they all ask for.
fn release(number: usize) -> Changes {
    let filling = "x".repeat(FILLING);
    let asset = format!("assets/site.{number:08x}.css");
    let html = format!("<{number}>{filling}/{asset}{filling}<{number}>");
    let mut upserts: Vec<_> = (0..PAGES).map(|n| (page(n), html.clone().into_bytes())).collect();
    upserts.push((asset, number.to_string().into_bytes()));
    Changes { upserts, full: true, ..Changes::default() }
}

async fn ask(client: &Client, url: String, seen: &Seen) -> String {
    let began = Instant::now();
    let answer = client.get(&url).send().await.unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert_eq!(status.as_u16(), 200, "{url}");
    seen.requests.fetch_add(1, Ordering::Relaxed);
    let took = u64::try_from(began.elapsed().as_micros()).unwrap();
    seen.slowest_us.fetch_max(took, Ordering::Relaxed);
    body
}

/// Reads pages, and what they ask for, until told that it is over.
async fn visit(url: String, first: usize, seen: Arc<Seen>) {
    let client = client();
    let mut n = first;
    while !seen.over.load(Ordering::Relaxed) {
        n = (n + 1) % PAGES;
        let html = ask(&client, format!("{url}/p{n}/"), &seen).await;
        let begins = html.split('>').next().unwrap().trim_start_matches('<');
        let ends = html.rsplit('<').next().unwrap().trim_end_matches('>');
        assert_eq!(begins, ends, "a page of two releases");
        let asset = format!("{url}/assets/site.{:08x}.css", begins.parse::<usize>().unwrap());
        assert_eq!(ask(&client, asset, &seen).await, begins, "an asset of another release");
    }
}

fn meta() -> Meta {
    Meta { reason: "test".into(), ..Meta::default() }
}

/// Publishes, and goes back and forth after every tenth; returns what a switch
/// took, sorted.
fn publish(dist: &Path, switches: usize, seen: &Seen) -> Vec<Duration> {
    let store = Store::open_with(dist, Settings { keep: 3, ..Settings::default() }).unwrap();
    let mut took = Vec::new();
    for number in 1..=switches {
        let began = Instant::now();
        store.publish(release(number), meta()).unwrap();
        took.push(began.elapsed());
        if number % 10 == 0 {
            store.rollback(None).unwrap();
            store.unpin().unwrap();
        }
        let enough = seen.requests.load(Ordering::Relaxed) + REQUESTS_PER_SWITCH;
        while seen.requests.load(Ordering::Relaxed) < enough && !seen.over.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
    }
    took.sort_unstable();
    took
}

#[expect(clippy::disallowed_methods, reason = "tests are asked for more by the environment")]
fn switches() -> usize {
    if std::env::var("GALLEY_LOAD").is_ok_and(|it| it == "full") { 1000 } else { 100 }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_never_notice_a_switch_or_a_rollback() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    Store::open(&dist).unwrap().publish(release(0), meta()).unwrap();
    let nginx = Nginx::start(folder.path(), &dist, "http://127.0.0.1:9").await;
    let seen = Arc::new(Seen::default());
    let began = Instant::now();
    let visitors: Vec<_> = (0..VISITORS)
        .map(|n| tokio::spawn(visit(nginx.url.clone(), n * PAGES / VISITORS, Arc::clone(&seen))))
        .collect();
    let publisher = {
        let (seen, switches) = (Arc::clone(&seen), switches());
        tokio::task::spawn_blocking(move || publish(&dist, switches, &seen))
    };
    // A visitor that met something wrong ends the publisher, too.
    let watched = futures_util::future::select_all(visitors);
    let (took, visitors) = match futures_util::future::select(publisher, watched).await {
        futures_util::future::Either::Left((took, visitors)) => {
            (took.unwrap(), visitors.into_inner())
        }
        futures_util::future::Either::Right(((visitor, ..), _)) => {
            seen.over.store(true, Ordering::Relaxed);
            visitor.unwrap();
            unreachable!("visitors end when it is over");
        }
    };
    seen.over.store(true, Ordering::Relaxed);
    for visitor in visitors {
        visitor.await.unwrap();
    }
    let requests = seen.requests.load(Ordering::Relaxed);
    let seconds = began.elapsed().as_secs_f64();
    eprintln!(
        "{} switches, {} rollbacks, {requests} requests in {seconds:.1} s ({:.0} a second), none \
         wrong; slowest answer {:.1} ms; publishing {} files: p50 {:.1} ms, slowest {:.1} ms",
        took.len(),
        took.len() / 10,
        requests as f64 / seconds,
        seen.slowest_us.load(Ordering::Relaxed) as f64 / 1e3,
        PAGES + 1,
        took[took.len() / 2].as_secs_f64() * 1e3,
        took[took.len() - 1].as_secs_f64() * 1e3,
    );
}
