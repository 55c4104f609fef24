//! Cloudflare: a list of whole URLs in one call.

use serde_json::{Value, json};
use url::Url;

use super::Secret;
use crate::client::Call;

/// URLs in one call.
const BATCH: usize = 100;

pub(super) fn urls(
    api: &Url,
    zone: &str,
    token: &Secret,
    site: &str,
    paths: &[String],
) -> Vec<Call> {
    let batches = paths.chunks(BATCH).map(|batch| {
        let files: Vec<_> = batch.iter().map(|path| format!("{site}{path}")).collect();
        call(api, zone, token, json!({ "files": files }))
    });
    batches.collect()
}

pub(super) fn everything(api: &Url, zone: &str, token: &Secret, tag: Option<&str>) -> Call {
    let body = match tag {
        Some(tag) => json!({ "tags": [tag] }),
        None => json!({ "purge_everything": true }),
    };
    call(api, zone, token, body)
}

fn call(api: &Url, zone: &str, token: &Secret, body: Value) -> Call {
    let api = api.as_str().trim_end_matches('/');
    Call {
        method: "POST",
        url: format!("{api}/client/v4/zones/{zone}/purge_cache"),
        headers: vec![("authorization", format!("Bearer {}", token.reveal()))],
        body: Some(body),
    }
}
