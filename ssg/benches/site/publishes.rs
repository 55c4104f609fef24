//! Many publishes: one after the other for the times, all at once for the daemon's batches.

use std::time::Instant;

use serde_json::json;

use super::edits::{Document, documents};
use super::http::Client;
use super::live::{Live, Timing};
use super::phases::phases;
use super::process::printed;
use super::report::{Report, percentile};
use super::tree::Tree;

/// Posts of one request.
const PAGE: usize = 100;
/// Builds whose reports are looked at.
const RELEASES: usize = 9;
/// Editors who publish at the same time.
const EDITORS: usize = 8;

/// From the CMS's answer to the new bytes through nginx, each publish alone.
pub(crate) fn one_by_one(live: &mut Live, publishes: usize, report: &mut Report) {
    eprintln!("{publishes} publishes, one by one");
    let posts = spread(live, publishes);
    let before = live.settled();
    let publish = |n: usize| {
        let post = &posts[n % posts.len()];
        let text = format!("Publish {n}.");
        live.change(&post.path, &json!({ "body": with(post, &text) }), &post.page, &text)
    };
    let timings: Vec<Timing> = (0..publishes).map(publish).collect();
    let after = live.settled();
    let (builds, rendered) = (after.builds - before.builds, after.rendered - before.rendered);
    report.figure("publish_builds", builds);
    report.figure("publish_rendered", rendered);
    let live_times = timings.iter().map(|it| it.live).collect();
    times("publish", "publish, CMS's answer to nginx", live_times, report);
    let disk_times = timings.iter().map(|it| it.disk).collect();
    times("body_disk", "… webhook's arrival to disk", disk_times, report);
    report.row(
        "… what they took",
        format!("{publishes} publishes: {builds} builds, {rendered} pages rendered"),
    );
    phases(&live.content, RELEASES, "publish", report);
}

fn times(name: &str, what: &str, mut times: Vec<f64>, report: &mut Report) {
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|part| percentile(&mut times, part));
    report.figure(&format!("{name}_p50_ms"), p50);
    report.figure(&format!("{name}_p99_ms"), p99);
    report.figure(&format!("{name}_max_ms"), max);
    report.row(what, format!("p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms"));
}

/// Posts from all over the collection.
fn spread(live: &mut Live, wanted: usize) -> Vec<Document> {
    let pages = live.content.posts.div_ceil(PAGE);
    let needed = wanted.div_ceil(PAGE).min(pages);
    let numbers = (0..needed).map(|n| 1 + n * pages / needed);
    numbers.flat_map(|page| documents(live, "posts", page)).collect()
}

fn with(post: &Document, text: &str) -> String {
    format!("{}\n\n{text}\n", post.fields["body"].as_str().unwrap())
}

/// As fast as the content server takes them; then the site must be as if built from nothing.
pub(crate) fn at_once(live: &mut Live, publishes: usize, report: &mut Report) {
    let mut posts = spread(live, publishes);
    posts.truncate(publishes);
    eprintln!("{} publishes at once", posts.len());
    let before = live.settled();
    let text = |n: usize| format!("Burst {n}.");
    let (url, token) = (live.content.url.clone(), live.content.token.clone());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for editor in 0..EDITORS {
            let (posts, url, token) = (&posts, &url, &token);
            scope.spawn(move || {
                let mut client = Client::new(url, Some(token));
                for (n, post) in posts.iter().enumerate().skip(editor).step_by(EDITORS) {
                    client.put(&post.path, &json!({ "body": with(post, &text(n)) }));
                }
            });
        }
    });
    let accepted = began.elapsed().as_secs_f64();
    // The last ones first: what was confirmed before them is live with them or earlier.
    for (n, post) in posts.iter().enumerate().rev() {
        live.wait_until_shown(&post.page, &text(n));
    }
    let shown = began.elapsed().as_secs_f64();
    let after = live.settled();
    let (builds, releases) = (after.builds - before.builds, after.release - before.release);
    let exact = is_exact(live);
    report.figure("burst_publishes", posts.len());
    report.figure("burst_accepted_s", accepted);
    report.figure("burst_live_s", shown);
    report.figure("burst_builds", builds);
    report.figure("burst_releases", releases);
    report.figure("burst_exact", exact);
    report.row(
        &format!("{} publishes by {EDITORS} editors at once", posts.len()),
        format!(
            "accepted after {accepted:.2} s, all live after {shown:.2} s; {builds} builds, \
             {releases} releases, {} pages rendered",
            after.rendered - before.rendered
        ),
    );
}

/// Compares the live tree with a clean build from the content server into another folder.
fn is_exact(live: &Live) -> bool {
    let folder = live.content.folder.join("clean");
    let mut command = live.content.ssg(&["build", "--clean", "--json"]);
    command.env("SSG_OUT", folder.join("dist")).env("SSG_CACHE", folder.join("cache"));
    printed(&mut command);
    let (ours, clean) = (Tree::read(&live.dist()), Tree::read(&folder.join("dist/current")));
    let different = ours.differences(&clean);
    if !different.is_empty() {
        eprintln!("{} of {} files differ from a clean build:", different.len(), clean.len());
        different.iter().take(10).for_each(|path| eprintln!("  {}", path.display()));
    }
    std::fs::remove_dir_all(folder).unwrap();
    different.is_empty()
}
