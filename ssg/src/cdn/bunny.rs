//! bunny.net: one URL to a call.

use serde_json::json;
use url::{Url, form_urlencoded};

use super::Secret;
use crate::client::Call;

pub(super) fn urls(api: &Url, token: &Secret, site: &str, paths: &[String]) -> Vec<Call> {
    let api = api.as_str().trim_end_matches('/');
    let call = |path: &String| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("url", &format!("{site}{path}")).finish();
        Call {
            method: "POST",
            url: format!("{api}/purge?{query}"),
            headers: headers(token),
            body: None,
        }
    };
    paths.iter().map(call).collect()
}

pub(super) fn everything(api: &Url, pull_zone: &str, token: &Secret, tag: Option<&str>) -> Call {
    let api = api.as_str().trim_end_matches('/');
    Call {
        method: "POST",
        url: format!("{api}/pullzone/{pull_zone}/purgeCache"),
        headers: headers(token),
        body: Some(tag.map_or_else(|| json!({}), |tag| json!({ "CacheTag": tag }))),
    }
}

fn headers(token: &Secret) -> Vec<(&'static str, String)> {
    vec![("accesskey", token.reveal().to_owned())]
}
