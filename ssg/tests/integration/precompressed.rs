//! Compressed copies beside pages: they follow their file through edits, rollbacks, changed
//! settings and clean builds.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use serde_json::json;
use ssg::{
    build::{What, verify},
    config::NginxConfig,
    release::{Encoding, Store},
    rules::Rules,
};

use super::{
    magazine::magazine,
    nginx::{Nginx, client},
    site_harness::{Site, changed},
};

const SETTING: &str = "[publish]\nprecompress = [\"gzip\", \"brotli\"]\n\n[words.en]";
const PAGE: &str = "blog/two/index.html";

/// Two articles are long enough to be compressed, the other pages are not.
fn long_reads() -> Site {
    let mut site = magazine();
    site.replace("site.toml", "[words.en]", SETTING);
    for id in ["one", "two"] {
        site.cms.edit("article", id, "en", "body", json!("The tide came in. ".repeat(100)));
    }
    site.build();
    site
}

fn live(site: &Site, file: &str) -> PathBuf {
    site.paths().out.join("current").canonicalize().unwrap().join(file)
}

/// The copies of the live tree, each compared with its file in bytes and time.
fn copies(site: &Site) -> Vec<String> {
    let tree = site.tree();
    let mut copies = Vec::new();
    for (file, bytes) in &tree {
        let Some((original, encoding)) = ssg::release::encoding::original(file) else { continue };
        assert_eq!(encoding.expand(bytes).unwrap(), tree[original], "{file}");
        let time = |file| live(site, file).metadata().unwrap().mtime();
        assert_eq!(time(file), time(original), "{file}");
        copies.push(file.clone());
    }
    copies
}

fn inode(site: &Site, file: &str) -> u64 {
    live(site, file).metadata().unwrap().ino()
}

fn of_both() -> [&'static str; 4] {
    [
        "blog/one/index.html.br",
        "blog/one/index.html.gz",
        "blog/two/index.html.br",
        "blog/two/index.html.gz",
    ]
}

#[test]
fn long_text_has_copies_and_nobody_speaks_of_them() {
    let site = long_reads();
    assert_eq!(copies(&site), of_both());
    let releases = Store::open(&site.paths().out).unwrap();
    assert_eq!(releases.file_count().unwrap(), site.tree().len() as u64 - 4);
    let report = releases.report(1).unwrap();
    assert!(!report.to_string().contains(".gz"), "{report}");
    let found = verify(&site.paths()).unwrap();
    assert!(found.is_sound(), "{found:?}");
}

#[test]
fn only_a_changed_page_gets_new_copies() {
    let mut site = long_reads();
    let untouched = inode(&site, "blog/one/index.html.gz");
    let before = inode(&site, "blog/two/index.html.gz");
    site.cms.edit("article", "two", "en", "body", json!("The tide went out. ".repeat(100)));
    let report = site.build();
    assert_eq!((changed(&report).as_str(), report.written), ("~blog/two/index.html", 1));
    assert_eq!(copies(&site), of_both());
    assert_eq!(inode(&site, "blog/one/index.html.gz"), untouched);
    assert_ne!(inode(&site, "blog/two/index.html.gz"), before);
    let releases = Store::open(&site.paths().out).unwrap();
    let diff = releases.diff(1, 2).unwrap();
    assert_eq!(diff.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), [PAGE]);
}

#[test]
fn copies_go_where_their_page_goes() {
    let mut site = long_reads();
    let first = site.tree();
    site.cms.edit("article", "two", "en", "body", json!("Short."));
    site.build();
    assert_eq!(copies(&site), of_both()[..2]);
    site.cms.delete("article", "one");
    site.build();
    assert_eq!(copies(&site), [""; 0]);
    let releases = Store::open(&site.paths().out).unwrap();
    releases.rollback(Some(1)).unwrap();
    assert_eq!(site.tree(), first, "a rollback brings the copies back");
    releases.unpin().unwrap();
    assert_eq!(copies(&site), [""; 0]);
}

#[test]
fn a_clean_build_of_the_same_site_takes_the_copies_over() {
    let mut site = long_reads();
    let inodes = of_both().map(|file| inode(&site, file));
    fs::remove_dir_all(site.paths().cache).unwrap();
    site.restart();
    let report = site.build();
    assert_eq!(report.release, None, "nothing differs");
    site.cms.edit("article", "three", "en", "body", json!("Other words."));
    fs::remove_dir_all(site.paths().cache).unwrap();
    site.restart();
    assert_eq!(site.build().written, 1);
    assert_eq!(copies(&site), of_both());
    assert_eq!(of_both().map(|file| inode(&site, file)), inodes);
}

#[test]
fn the_setting_is_followed_at_the_next_build() {
    let mut site = long_reads();
    site.replace("site.toml", "\"gzip\", \"brotli\"", "\"gzip\"");
    let report = site.build();
    assert_eq!((report.written, report.removed, report.rendered), (0, 0, 0));
    assert_eq!(copies(&site), ["blog/one/index.html.gz", "blog/two/index.html.gz"]);
    site.replace("site.toml", SETTING.replace(", \"brotli\"", "").as_str(), "[words.en]");
    site.build();
    assert_eq!(copies(&site), [""; 0]);
    site.restart();
    site.replace("site.toml", "[words.en]", SETTING);
    site.build();
    assert_eq!(copies(&site), of_both());
    assert_eq!(site.build().release, None);
}

#[test]
fn a_file_of_the_site_under_a_copys_name_is_left_alone() {
    let mut site = long_reads();
    site.write("static/a.txt", &"words and words ".repeat(100));
    site.write("static/a.txt.gz", "mine");
    site.build();
    assert_eq!(site.page("a.txt.gz"), "mine");
    assert!(site.has("a.txt.br"));
    site.write("static/a.txt", &"more words and words ".repeat(100));
    site.build();
    assert_eq!(site.page("a.txt.gz"), "mine");
    site.remove("static/a.txt.gz");
    site.build();
    assert!(copies(&site).contains(&"a.txt.gz".to_owned()));
    site.write("static/a.txt.gz", "mine again");
    site.build();
    assert_eq!(site.page("a.txt.gz"), "mine again");
}

#[test]
fn a_copy_that_tells_something_else_is_found() {
    let site = long_reads();
    let copy = Encoding::Gzip.compress(b"other words").unwrap();
    fs::write(live(&site, "blog/two/index.html.gz"), copy).unwrap();
    let found = verify(&site.paths()).unwrap();
    let found: Vec<_> =
        found.differences.iter().map(|found| (found.what, found.file.as_str())).collect();
    assert_eq!(found, [(What::Differs, "blog/two/index.html.gz")]);
}

#[test]
fn an_encoding_nobody_knows_is_named_with_its_line() {
    let mut site = magazine();
    site.replace("site.toml", "[words.en]", "[publish]\nprecompress = [\"zip\"]\n[words.en]");
    let report = site.build_alone(&ssg::build::Request::default()).unwrap();
    let message = &report.failed[0].message;
    assert!(message.contains("`gzip` and `brotli`, not `zip`"), "{message}");
    assert!(report.failed[0].line.is_some());
}

#[tokio::test]
async fn nginx_sends_the_copy_and_revalidates_by_it() {
    let mut site = long_reads();
    let prefix = tempfile::tempdir().unwrap();
    let config = NginxConfig { upstream: "127.0.0.1:1".into(), ..NginxConfig::default() };
    let out = site.paths().out;
    let nginx = Nginx::start_as(prefix.path(), &out, &Rules::default(), &config).await;
    let url = format!("{}/blog/two/", nginx.url);
    let get = async |etag: &str| {
        let request = client().get(&url).header("accept-encoding", "gzip");
        request.header("if-none-match", etag).send().await.unwrap()
    };
    let answer = get("none").await;
    assert_eq!(answer.status(), 200);
    // The client unpacks; what travelled is what stands on disk.
    let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let copy = live(&site, "blog/two/index.html.gz").metadata().unwrap();
    assert_eq!(etag, format!("\"{:x}-{:x}\"", copy.mtime(), copy.len()));
    assert!(answer.text().await.unwrap().contains("The tide came in."));
    assert_eq!(get(&etag).await.status(), 304);
    site.cms.edit("article", "two", "en", "body", json!("The tide went out. ".repeat(100)));
    site.build();
    let answer = get(&etag).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("The tide went out."));
}

#[test]
fn times_never_go_back() {
    let mut site = long_reads();
    let time = |site: &Site| live(site, "blog/two/index.html.gz").metadata().unwrap();
    let first = time(&site).mtime();
    let soon = SystemTime::now() + Duration::from_secs(60);
    assert!(time(&site).modified().unwrap() < soon);
    site.cms.edit("article", "two", "en", "body", json!("The tide went out. ".repeat(100)));
    site.build();
    assert!(time(&site).mtime() > first);
    assert_eq!(copies(&site), of_both());
}
