//! A content cache on a bad disk: whatever it holds, the site is what a clean build makes.

use std::fs;

use serde_json::json;
use ssg::build::Request;

use crate::integration::magazine::magazine;

/// Places that are altered, spread over what the file holds.
const PLACES: usize = 60;

/// Where something is written: most of a small database's file is room for more.
fn written(bytes: &[u8]) -> Vec<usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte != 0).map(|(at, _)| at).collect()
}

#[test]
fn a_flipped_bit_in_the_cache_never_becomes_a_page() {
    let mut site = magazine();
    site.build();
    let state = site.paths().cache.join("state.redb");
    for place in 0..PLACES {
        site.restart();
        let mut bytes = fs::read(&state).unwrap();
        let written = written(&bytes);
        // Not in step with the file's own structure.
        let at = written[(place * 7919 + 13) % written.len()];
        bytes[at] ^= 1 << (place % 8);
        fs::write(&state, bytes).unwrap();
        site.cms.edit("article", "two", "en", "body", json!(format!("round {place}")));
        site.build();
        assert!(site.page("blog/two/index.html").contains(&format!("round {place}")));
        // And without a content server: the damaged file is all there is.
        site.restart();
        let mut bytes = fs::read(&state).unwrap();
        let at = self::written(&bytes)[place * 104_729 % self::written(&bytes).len()];
        bytes[at] ^= 0x40;
        fs::write(&state, bytes).unwrap();
        let before = site.tree();
        site.cms.go_away(true);
        let alone = site.build_alone(&Request::default());
        site.cms.go_away(false);
        assert!(site.tree() == before, "{place}: {alone:?}");
        site.restart();
        site.build();
    }
}

#[test]
fn a_cache_that_was_cut_off_is_made_anew() {
    let mut site = magazine();
    site.build();
    let state = site.paths().cache.join("state.redb");
    for part in 0..8 {
        site.restart();
        let bytes = fs::read(&state).unwrap();
        fs::write(&state, &bytes[..bytes.len() * part / 8]).unwrap();
        site.cms.edit("article", "two", "en", "body", json!(format!("part {part}")));
        site.build();
    }
}

#[test]
fn a_damaged_picture_in_the_cache_is_fetched_again() {
    let mut site = magazine();
    site.cms.upload("pic", "/uploads/pic.png", "a picture");
    site.cms.edit("article", "two", "en", "cover", json!("pic"));
    site.build();
    let cache = site.paths().cache;
    let files = walkdir::WalkDir::new(&cache).into_iter().map(|entry| entry.unwrap().into_path());
    let kept = files.filter(|file| fs::read(file).is_ok_and(|bytes| bytes == b"a picture"));
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept.len(), 1);
    site.restart();
    fs::write(&kept[0], "a pixture").unwrap();
    fs::remove_dir_all(site.paths().out).unwrap();
    site.build();
    assert_eq!(site.page("uploads/pic.png"), "a picture");
}
