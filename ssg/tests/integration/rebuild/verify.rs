//! `ssg verify`: the live tree against a clean build, in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::json;
use ssg::build::{Request, Verification, What, verify};

use crate::integration::magazine::{article, magazine};
use crate::integration::site_harness::Site;

fn live(site: &Site, file: &str) -> PathBuf {
    site.paths().out.join("current").canonicalize().unwrap().join(file)
}

fn ask(site: &Site) -> Verification {
    verify(&site.paths()).unwrap()
}

fn found(site: &Site) -> Vec<(What, String)> {
    ask(site).differences.into_iter().map(|found| (found.what, found.file)).collect()
}

/// Names, sizes and times of everything in a folder.
fn inventory(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
    entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            (entry.path().to_owned(), (metadata.len(), metadata.modified().unwrap()))
        })
        .collect()
}

#[test]
fn a_sound_site_is_sound_after_every_kind_of_build() {
    let mut site = magazine();
    site.cms.upload("pic", "/uploads/pic.png", "pixels");
    site.build();
    let first = ask(&site);
    assert!(first.is_sound(), "{first:?}");
    assert_eq!((first.live, first.pages), (Some(1), 14));
    assert_eq!(first.compared, site.tree().len());
    site.cms.edit("article", "two", "en", "cover", json!("pic"));
    site.build();
    site.cms.edit("author", "ann", "", "name", json!("Anna"));
    site.build();
    site.cms.publish("article", "four", "de", article("Vier", 9, "bob", &["sea"]));
    site.write("static/site.css", "body {}");
    site.build();
    site.cms.delete("article", "one");
    site.restart();
    site.build();
    let before = inventory(&site.paths().out);
    let last = ask(&site);
    assert!(last.is_sound() && last.notes().is_empty(), "{last:?}");
    assert_eq!(last.compared, site.tree().len());
    assert_eq!(inventory(&site.paths().out), before, "something was written");
    assert_eq!(site.build().rendered, 0);
}

#[test]
fn a_flipped_byte_a_missing_and_an_extra_file_are_found() {
    let mut site = magazine();
    site.cms.upload("pic", "/uploads/pic.png", "pixels");
    site.cms.edit("article", "two", "en", "cover", json!("pic"));
    site.build();
    let page = live(&site, "blog/two/index.html");
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("<h1>Two", "<h1>Twp")).unwrap();
    fs::remove_file(live(&site, "sitemap.xml")).unwrap();
    fs::remove_file(live(&site, "uploads/pic.png")).unwrap();
    fs::write(live(&site, "site.css"), [0xff, 0]).unwrap();
    fs::create_dir(live(&site, "old")).unwrap();
    fs::write(live(&site, "old/index.html"), "old").unwrap();
    let found = ask(&site);
    let shown: Vec<_> = found
        .differences
        .iter()
        .map(|found| format!("{} {} {}", found.what.as_str(), found.url, found.file))
        .collect();
    assert_eq!(
        shown,
        [
            "differs /blog/two/ blog/two/index.html",
            "extra /old/ old/index.html",
            "differs /site.css site.css",
            "missing /sitemap.xml sitemap.xml",
            "missing /uploads/pic.png uploads/pic.png",
        ]
    );
    let at = found.differences[0].at.as_ref().unwrap();
    let number = text.lines().position(|line| line.contains("<h1>")).unwrap() + 1;
    assert_eq!(at.line, number);
    let line = |text: &Option<String>| text.clone().unwrap();
    assert_eq!((line(&at.live), line(&at.clean)), ("<h1>Twp</h1>".into(), "<h1>Two</h1>".into()));
    assert_eq!(found.differences[2].at, None, "no text");
}

#[test]
fn a_page_that_fails_is_reported_and_not_compared() {
    let mut site = magazine();
    site.build();
    site.replace("author.html", "{{ entry.name }}", "{{ entry.name.first.second }}");
    let found = ask(&site);
    assert!(!found.is_sound());
    let urls: Vec<_> = found.failed.iter().map(|failure| failure.url.as_deref()).collect();
    assert_eq!(urls, [Some("/author/ann/"), Some("/author/bob/")]);
    assert_eq!(found.unchecked, ["author/ann/index.html", "author/bob/index.html"]);
    assert_eq!(found.differences, []);
    site.replace("site.toml", "author.html", "auhtor.html");
    let refused = ask(&site);
    assert_eq!((refused.failed.len(), refused.compared), (1, 0));
}

#[test]
fn content_that_was_only_pulled_and_a_rollback_are_named() {
    let mut site = magazine();
    site.build();
    site.cms.edit("article", "two", "en", "body", json!("new words"));
    site.pull();
    let pulled = ask(&site);
    assert_eq!((pulled.pending, pulled.differences.len()), (1, 1));
    assert!(pulled.notes()[0].contains("not built yet: 1;"), "{:?}", pulled.notes());
    site.build();
    assert!(ask(&site).is_sound());
    let releases = ssg::release::Store::open(&site.paths().out).unwrap();
    releases.rollback(None).unwrap();
    let back = ask(&site);
    assert_eq!((back.live, back.newest, back.pinned), (Some(1), Some(2), true));
    assert!(back.notes()[0].contains("release 1 is live and 2 is the newest"));
    assert_eq!(found(&site), [(What::Differs, "blog/two/index.html".to_owned())]);
}

#[test]
fn media_without_a_copy_are_left_out_and_named() {
    let mut site = magazine();
    site.cms.upload("pic", "/uploads/pic.png", "pixels");
    site.cms.edit("article", "two", "en", "cover", json!("pic"));
    site.build();
    fs::remove_dir_all(site.paths().cache.join("media")).unwrap();
    let found = ask(&site);
    assert!(found.is_sound(), "{found:?}");
    assert_eq!(found.unchecked, ["uploads/pic.png"]);
    assert!(found.notes()[0].contains("uploads/pic.png"));
}

#[test]
fn there_must_be_a_site_and_a_replica() {
    let mut site = magazine();
    let nothing = verify(&site.paths()).unwrap_err().to_string();
    assert_eq!(nothing, "nothing has been published yet");
    site.build_alone(&Request::default()).unwrap();
    site.restart();
    fs::remove_dir_all(site.paths().cache).unwrap();
    let replica = verify(&site.paths()).unwrap_err().to_string();
    assert!(replica.contains("verifying needs a replica"), "{replica}");
}
