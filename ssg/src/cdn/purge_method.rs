//! Varnish and its like: the method PURGE, to every cache by itself.
//!
//! The method has no word for everything, so there is a header for it that the
//! cache's own configuration must know; docs/operating.md has one for Varnish.

use url::Url;

use crate::client::Call;

const EVERYTHING: (&str, &str) = ("galley-purge", "everything");

pub(super) fn urls(endpoints: &[Url], site: &str, paths: &[String]) -> Vec<Call> {
    let calls =
        endpoints.iter().flat_map(|endpoint| paths.iter().map(|path| call(endpoint, site, path)));
    calls.collect()
}

pub(super) fn everything(endpoints: &[Url], site: &str) -> Vec<Call> {
    let calls = endpoints.iter().map(|endpoint| {
        let mut call = call(endpoint, site, "/");
        call.headers.push((EVERYTHING.0, EVERYTHING.1.to_owned()));
        call
    });
    calls.collect()
}

/// The cache knows the page by the site's host, wherever the cache is.
fn call(endpoint: &Url, site: &str, path: &str) -> Call {
    let host = site.split_once("://").map_or(site, |(_, host)| host);
    Call {
        method: "PURGE",
        url: format!("{}{path}", endpoint.as_str().trim_end_matches('/')),
        headers: vec![("host", host.to_owned())],
        body: None,
    }
}
