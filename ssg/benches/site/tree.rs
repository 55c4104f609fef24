//! A site as it lies on disk: its pages by kind, and what differs between two of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A post in a list, in every generator's templates.
const CARD: &str = "class=\"card\"";

/// Every file below a folder, with the hash of its bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<PathBuf, blake3::Hash>);

impl Tree {
    pub(crate) fn read(root: &Path) -> Self {
        let hash = |path: PathBuf| {
            let bytes = std::fs::read(root.join(&path)).unwrap();
            (path, blake3::hash(&bytes))
        };
        Self(files(root).map(hash).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Files that are in one only, or not the same in both.
    pub(crate) fn differences(&self, other: &Self) -> BTreeSet<PathBuf> {
        let paths = self.0.keys().chain(other.0.keys());
        paths.filter(|path| self.0.get(*path) != other.0.get(*path)).cloned().collect()
    }
}

/// Files of a tree, as paths below its root.
fn files(root: &Path) -> impl Iterator<Item = PathBuf> {
    // The live tree is named by a link.
    let root = root.canonicalize().unwrap();
    let entries = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(move |entry| entry.path().strip_prefix(&root).unwrap().to_owned())
}

/// Files in which a text occurs.
pub(crate) fn containing(root: &Path, text: &str) -> BTreeSet<PathBuf> {
    let has = |path: &PathBuf| shows(&std::fs::read(root.join(path)).unwrap(), text);
    files(root).filter(has).collect()
}

pub(crate) fn shows(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Pages by kind, under the names of `expected.json`. It does not count the terms that no post
/// has, and the smallest sites have some.
fn pages(root: &Path) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for path in files(root) {
        let text = path.to_str().unwrap();
        let kind = kind(text);
        let is_term = matches!(kind, Some("authors" | "categories" | "tags"));
        if is_term && !shows(&std::fs::read(root.join(&path)).unwrap(), CARD) {
            continue;
        }
        if text.ends_with(".html") {
            *counts.entry("html_pages").or_default() += 1;
        }
        if let Some(kind) = kind {
            *counts.entry(kind).or_default() += 1;
        }
    }
    counts
}

fn kind(path: &str) -> Option<&'static str> {
    let parts: Vec<_> = path.split('/').collect();
    Some(match parts[..] {
        ["index.html"] => "home",
        ["rss.xml"] => "rss",
        ["sitemap.xml"] => "sitemap",
        ["posts", "index.html"] | ["posts", "page", _, "index.html"] => "blog_index",
        ["posts", _, "index.html"] => "posts",
        ["authors", .., "index.html"] => "authors",
        ["categories", .., "index.html"] => "categories",
        ["tags", .., "index.html"] => "tags",
        _ => return None,
    })
}

/// Stops the run when a site lacks pages or has too many: its figures would mean nothing.
pub(crate) fn check_pages(root: &Path, expected: &Value) -> u64 {
    let counts = pages(root);
    let names = [
        "html_pages",
        "home",
        "blog_index",
        "posts",
        "authors",
        "categories",
        "tags",
        "rss",
        "sitemap",
    ];
    let wrong: Vec<_> = names
        .iter()
        .map(|name| (name, counts.get(name).copied().unwrap_or(0), &expected[name]))
        .filter(|(_, count, expected)| expected.as_u64() != Some(*count))
        .map(|(name, count, expected)| format!("{name}: {count} instead of {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{} has the wrong pages: {}", root.display(), wrong.join(", "));
    counts["html_pages"]
}

/// How many pages a peer wrote; its lists of lists are its own affair.
pub(crate) fn count_html(root: &Path) -> u64 {
    pages(root).get("html_pages").copied().unwrap_or(0)
}
