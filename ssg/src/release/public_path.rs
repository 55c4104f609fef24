//! Which names may stand below `dist/current`.
//!
//! Everything below the root is public and served as it is, so this is the one
//! gate: relative, normalised, UTF-8, no hidden traversal. It must never let a
//! name through that reaches outside the tree.

use super::error::{ReleaseError, Result};

/// Linux's limit for one name; longer ones fail late and half-way.
const MAX_SEGMENT: usize = 255;
/// Well below PATH_MAX, so that the tree's own folder fits in front.
const MAX_PATH: usize = 2048;

pub(super) fn check(path: &str) -> Result<()> {
    match objection(path) {
        None => Ok(()),
        Some(why) => Err(ReleaseError::BadPath { path: path.to_owned(), why }),
    }
}

fn objection(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > MAX_PATH {
        return Some("it is longer than 2048 bytes");
    }
    if path.contains(['\0', '\\']) {
        return Some("it contains a NUL or a backslash");
    }
    path.split('/').find_map(segment_objection)
}

fn segment_objection(segment: &str) -> Option<&'static str> {
    match segment {
        "" => Some("a part of it is empty (`//`, or `/` at the start or end)"),
        "." | ".." => Some("it contains `.` or `..`"),
        long if long.len() > MAX_SEGMENT => Some("a part of it is longer than 255 bytes"),
        _ => None,
    }
}

/// The folders above a file, nearest first: `a/b/c` → `a/b`, `a`.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(at, _)| &path[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_pass_and_everything_else_is_refused() {
        for good in ["index.html", "blog/über/index.html", ".well-known/security.txt", "a/..b"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = "x".repeat(256);
        for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\0b", "a\\b", &long] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn ancestors_go_from_near_to_far() {
        assert_eq!(ancestors("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(ancestors("a").count(), 0);
    }
}
