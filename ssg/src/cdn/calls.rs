//! What to send, whoever it goes to.

use serde_json::Value;

use super::{Cdn, Provider, bunny, cloudflare, fastly, purge_method, urls};
use crate::{
    client::{Call, Reply},
    release::Forget,
};

/// The calls that make a cache forget something.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) calls: Vec<Call>,
    /// How many URLs are named; none: everything is meant.
    pub(super) urls: Option<usize>,
}

pub(super) fn order(cdn: &Cdn, forget: &Forget) -> Order {
    let paths = match forget {
        Forget::Paths(changes) => Some(urls::of(changes)).filter(|urls| urls.len() <= cdn.most),
        Forget::Everything => None,
    };
    match paths {
        Some(paths) => Order { calls: by_url(cdn, &paths), urls: Some(paths.len()) },
        None => Order { calls: everything(cdn), urls: None },
    }
}

fn by_url(cdn: &Cdn, paths: &[String]) -> Vec<Call> {
    let site = &cdn.site;
    match &cdn.provider {
        Provider::Cloudflare { api, zone, token, .. } => {
            cloudflare::urls(api, zone, token, site, paths)
        }
        Provider::Fastly { token, soft, .. } => fastly::urls(token, *soft, site, paths),
        Provider::Bunny { api, token, .. } => bunny::urls(api, token, site, paths),
        Provider::Purge { endpoints } => purge_method::urls(endpoints, site, paths),
    }
}

fn everything(cdn: &Cdn) -> Vec<Call> {
    match &cdn.provider {
        Provider::Cloudflare { api, zone, token, tag } => {
            vec![cloudflare::everything(api, zone, token, tag.as_deref())]
        }
        Provider::Fastly { api, service, token, tag, soft } => {
            vec![fastly::everything(api, service, token, tag.as_deref(), *soft)]
        }
        Provider::Bunny { api, pull_zone, token, tag } => {
            vec![bunny::everything(api, pull_zone, token, tag.as_deref())]
        }
        Provider::Purge { endpoints } => purge_method::everything(endpoints, &cdn.site),
    }
}

/// Some say in the body that they did not do what the status says they did.
pub(super) fn objection(cdn: &Cdn, reply: &Reply) -> Option<String> {
    if !matches!(cdn.provider, Provider::Cloudflare { .. }) {
        return None;
    }
    let said: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (said["success"] != true).then(|| format!("Cloudflare answers {}", said["errors"]))
}
