//! From changed files to the URLs whose answers changed.
//!
//! A page stands at its folder's URL and at its file's, and the folder without
//! the slash leads there or nowhere. Hashed assets never change at their URL.

use std::collections::BTreeSet;

use crate::{
    release::FileAction,
    site::public_url::{self, INDEX},
};

/// Paths of URLs, encoded, each once and in order.
pub(super) fn of(changes: &[(String, FileAction)]) -> Vec<String> {
    let mut urls = BTreeSet::new();
    for (file, action) in changes {
        if public_url::is_hashed_asset(file) {
            continue;
        }
        urls.insert(public_url::encode(&format!("/{file}")));
        let Some(folder) = file.strip_suffix(INDEX) else { continue };
        if !(folder.is_empty() || folder.ends_with('/')) {
            continue;
        }
        urls.insert(public_url::encode(&format!("/{folder}")));
        let comes_or_goes = *action != FileAction::Change;
        if let Some(bare) = folder.strip_suffix('/').filter(|_| comes_or_goes) {
            urls.insert(public_url::encode(&format!("/{bare}")));
        }
    }
    urls.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(file: &str, action: FileAction) -> Vec<String> {
        of(&[(file.to_owned(), action)])
    }

    #[test]
    fn a_page_has_as_many_urls_as_clients_ask_for_it() {
        assert_eq!(
            urls("blog/x/index.html", FileAction::Change),
            ["/blog/x/", "/blog/x/index.html"]
        );
        assert_eq!(
            urls("blog/x/index.html", FileAction::Add),
            ["/blog/x", "/blog/x/", "/blog/x/index.html"]
        );
        assert_eq!(urls("index.html", FileAction::Remove), ["/", "/index.html"]);
        assert_eq!(urls("feed.xml", FileAction::Remove), ["/feed.xml"]);
        assert_eq!(urls("myindex.html", FileAction::Add), ["/myindex.html"]);
    }

    #[test]
    fn urls_are_encoded_and_named_once() {
        let changes = [
            ("über uns/index.html".to_owned(), FileAction::Add),
            ("über uns/index.html".to_owned(), FileAction::Change),
        ];
        assert_eq!(
            of(&changes),
            ["/%C3%BCber%20uns", "/%C3%BCber%20uns/", "/%C3%BCber%20uns/index.html"]
        );
    }

    #[test]
    fn hashed_assets_are_left_alone() {
        assert!(urls("assets/site.0123456789ab.css", FileAction::Remove).is_empty());
        assert_eq!(urls("assets/site.css", FileAction::Change), ["/assets/site.css"]);
    }
}
