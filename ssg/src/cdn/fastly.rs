//! Fastly: the method PURGE at a page's own URL, and an interface for the rest.

use serde_json::json;
use url::Url;

use super::Secret;
use crate::client::Call;

pub(super) fn urls(token: &Secret, soft: bool, site: &str, paths: &[String]) -> Vec<Call> {
    let call = |path: &String| Call {
        method: "PURGE",
        url: format!("{site}{path}"),
        headers: headers(token, soft),
        body: None,
    };
    paths.iter().map(call).collect()
}

/// Fastly forgets a whole service only the hard way.
pub(super) fn everything(
    api: &Url,
    service: &str,
    token: &Secret,
    tag: Option<&str>,
    soft: bool,
) -> Call {
    let service = format!("{}/service/{service}", api.as_str().trim_end_matches('/'));
    let (url, body) = match tag {
        Some(tag) => (format!("{service}/purge"), Some(json!({ "surrogate_keys": [tag] }))),
        None => (format!("{service}/purge_all"), None),
    };
    let soft = soft && body.is_some();
    Call { method: "POST", url, headers: headers(token, soft), body }
}

fn headers(token: &Secret, soft: bool) -> Vec<(&'static str, String)> {
    let mut headers =
        vec![("fastly-key", token.reveal().to_owned()), ("accept", "application/json".to_owned())];
    if soft {
        headers.push(("fastly-soft-purge", "1".to_owned()));
    }
    headers
}
