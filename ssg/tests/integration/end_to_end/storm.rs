//! Everything goes wrong at once: both programs are killed at random moments while editors
//! write, webhooks get lost, doubled and reordered, and the network stalls and cuts off. When
//! it is over, the site is what a clean build makes, and nothing that was confirmed is missing.
//!
//! `GALLEY_LOAD=full` kills ten times as often. A failed run is repeated with the `GALLEY_SEED`
//! it printed, as far as processes can be made to repeat themselves.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use ssg::state::Store;

use self::cluster::Cluster;
use self::courier::Courier;
use self::dice::Dice;
use self::editor::{Editor, Work};
use self::wire::Wire;
use super::postgres::Postgres;
use super::process::{eventually, printed};
use super::stack::{SQLITE, Stack, Wiring};

mod cluster;
mod courier;
mod dice;
mod editor;
mod wire;

const EDITORS: u64 = 3;
/// What a lost webhook costs.
const POLL: &str = "1s";
/// Shorter than the longest stall.
const CMS_TIMEOUT: &str = "2s";

#[expect(clippy::disallowed_methods, reason = "tests are asked for more by the environment")]
fn kills() -> u64 {
    if std::env::var("GALLEY_LOAD").is_ok_and(|it| it == "full") { 300 } else { 30 }
}

#[test]
fn nothing_confirmed_is_lost_in_a_storm() {
    weather(SQLITE, 1);
}

#[test]
fn nothing_confirmed_is_lost_in_a_storm_on_two_servers_with_postgres() {
    let postgres = Postgres::start();
    weather(&postgres.url(), 2);
}

fn weather(database: &str, servers: usize) {
    let seed = dice::seed();
    eprintln!("GALLEY_SEED={seed}");
    let mut stack = Stack::start_on(database, Wiring::PollingOnly);
    stack.seed();
    let mut cluster = Cluster::start(&stack, servers);
    let raging = Arc::new(AtomicBool::new(false));
    let courier = Courier::start(stack.ssg_url.trim_start_matches("http://"), seed, &raging);
    let wire = Wire::start(&cluster.address, seed, &raging);
    let hook = ["--name", "site", "--url", &courier.url, "--allow-private"];
    let secret = stack.cms_admin(&[&["webhook", "add"], &hook[..]].concat());
    stack.set("SSG_WEBHOOK_SECRET", secret);
    stack.set("SSG_CMS_URL", &wire.url);
    stack.set("SSG_POLL_INTERVAL", POLL);
    stack.set("SSG_CMS_TIMEOUT", CMS_TIMEOUT);
    stack.start_daemon();

    let stop = Arc::new(AtomicBool::new(false));
    let url = format!("http://{}", cluster.address);
    let token = stack.editor.token().to_owned();
    let editors: Vec<_> =
        (0..EDITORS).map(|number| Editor::start(number, &url, &token, seed, &stop)).collect();
    raging.store(true, Ordering::Relaxed);
    rage(&mut stack, &mut cluster, Dice::new(seed));
    stop.store(true, Ordering::Relaxed);
    let work: Vec<Work> = editors.into_iter().map(|editor| editor.join().unwrap()).collect();
    raging.store(false, Ordering::Relaxed);
    cluster.answer(&stack);
    let last = stack.edit("homepage", &json!({ "headline": "After the storm" }));
    stack.caught_up(&last);

    told_once(&stack, &courier, &work);
    stack.ssg.as_mut().unwrap().terminate();
    let content = content(&stack);
    assert_eq!(replica(&stack.path().join("content-cache")), content, "the replica differs");
    is_a_clean_build(&stack);
    let articles = confirmed(&stack, &work);
    let hash = blake3::hash(format!("{content:?}").as_bytes()).to_hex();
    eprintln!(
        "{} kills, {} network faults, {} writes confirmed, {articles} articles, {} webhooks sent; \
         {} rows, database and replica are {}",
        kills(),
        wire.faults.load(Ordering::Relaxed),
        work.iter().map(|work| work.confirmed.len()).sum::<usize>(),
        courier.count(),
        content.len(),
        &hash[..16],
    );
}

/// Kills one or the other, over and over, sometimes while it is still starting.
fn rage(stack: &mut Stack, cluster: &mut Cluster, mut dice: Dice) {
    for _ in 0..kills() {
        std::thread::park_timeout(dice.millis(0, 900));
        if dice.percent(50) {
            stack.ssg.as_mut().unwrap().kill();
            std::thread::park_timeout(dice.millis(0, 200));
            stack.ssg = Some(super::process::Server::start(&mut stack.ssg_command(&["serve"])));
        } else {
            cluster.kill_one(stack, &mut dice);
        }
    }
}

/// What was confirmed was told, each event under one id, and nothing is left to tell.
fn told_once(stack: &Stack, courier: &Courier, work: &[Work]) {
    let log = ["webhook", "log", "--name", "site", "--state", "pending", "--limit", "1"];
    // There may be thousands left; what must not be is that nothing moves.
    while !stack.cms_admin(&log).is_empty() {
        let sent = courier.count();
        eventually("a delivery, or the end of all", || {
            (courier.count() > sent || stack.cms_admin(&log).is_empty()).then_some(())
        });
    }
    let dead = stack.cms_admin(&["webhook", "log", "--name", "site", "--state", "dead"]);
    assert!(dead.is_empty(), "given up: {dead}");
    let events = courier.events();
    for seq in work.iter().flat_map(|work| &work.confirmed) {
        assert!(events.contains_key(seq), "nobody was told of {seq}");
    }
}

/// Rows by type, document and locale.
type Rows = BTreeMap<String, Value>;

/// What the database holds, as it tells a new reader.
fn content(stack: &Stack) -> Rows {
    let mut rows = Rows::new();
    let mut query = "initial=true&status=published&limit=500".to_owned();
    loop {
        let page = stack.editor.get(&format!("{}/sync?{query}", stack.cms_url)).json();
        for item in page["items"].as_array().unwrap() {
            if item["op"] == "upsert" {
                let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
                let id = [text("uid"), text("documentId"), text("locale")].join(" ");
                rows.insert(id, item["data"].clone());
            }
        }
        match page["next_page"].as_str() {
            Some(next) => query = format!("token={next}"),
            None => return rows,
        }
    }
}

fn replica(cache: &Path) -> Rows {
    let store = Store::open(cache).unwrap();
    let mut rows = Rows::new();
    store
        .rows(|batch| {
            for row in batch {
                let id = [row.id.uid, row.id.document_id, row.id.locale].join(" ");
                rows.insert(id, serde_json::from_slice(&row.json).unwrap());
            }
        })
        .unwrap();
    rows
}

fn is_a_clean_build(stack: &Stack) {
    let mut build = stack.ssg_command(&["build", "--json"]);
    build.env("SSG_OUT", "clean/dist").env("SSG_CACHE", "clean/cache");
    printed(build.env("SSG_CMS_URL", &stack.cms_url));
    let (live, clean) =
        (stack.path().join("dist/current"), stack.path().join("clean/dist/current"));
    let (live, clean) = (tree(&live), tree(&clean));
    let differs = live.keys().chain(clean.keys()).find(|file| live.get(*file) != clean.get(*file));
    assert_eq!(differs, None, "the site is not what a clean build makes");
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = folder.canonicalize().unwrap();
    let files = walkdir::WalkDir::new(&folder).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(&folder).unwrap().display().to_string();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Every article is as its editor was told; returns how many there are.
fn confirmed(stack: &Stack, work: &[Work]) -> usize {
    let articles = work.iter().flat_map(|work| &work.articles);
    let mut there = 0;
    for (slug, known) in articles {
        let page = stack.path().join(format!("dist/current/blog/{slug}/index.html"));
        let page = std::fs::read_to_string(page).ok();
        there += usize::from(page.is_some());
        let fits = |title: &Option<String>| match (title, &page) {
            (None, None) => true,
            (Some(title), Some(page)) => page.contains(&format!("{title}<")),
            _ => false,
        };
        assert!(known.iter().any(fits), "{slug} should be one of {known:?}: {page:?}");
    }
    there
}
