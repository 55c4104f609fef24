//! The URL table and the OpenAPI document tell of the same routes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::contract::openapi::{self, Offers};

const ALL: Offered = Offered { actions: true, openapi: true };

fn model() -> ContentModel {
    let ty = |kind: &str, name: &str| {
        json!({
            "kind": kind, "collectionName": name,
            "info": { "singularName": name, "pluralName": format!("{name}s"), "displayName": name },
            "options": { "draftAndPublish": true },
            "attributes": { "title": { "type": "string" } },
        })
    };
    let types = json!({
        "api::article.article": ty("collectionType", "article"),
        "api::home.home": ty("singleType", "home"),
    });
    ContentModel::from_json(&json!({ "types": types, "components": {} })).unwrap()
}

/// Methods and paths, each parameter as a value of its own.
fn documented(document: &Value) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace(['{', '}'], "");
        for method in item.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
            found.push((method, path.clone()));
        }
    }
    found
}

fn routed(model: &ContentModel, method: &Method, path: &str) -> Option<Endpoint> {
    let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
    let found = endpoints(model, &segments, ALL).into_iter().find(|(known, _)| known == method);
    found.map(|(_, endpoint)| endpoint)
}

/// An endpoint's kind. Another one needs a place in [`KINDS`], and so in the document.
fn kind(endpoint: &Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Health => "health",
        Endpoint::Alive => "alive",
        Endpoint::Ready => "ready",
        Endpoint::OpenApi => "openapi",
        Endpoint::Docs => "docs",
        Endpoint::Sync => "sync",
        Endpoint::Events => "events",
        Endpoint::Graphql => "graphql",
        Endpoint::Pair => "pair",
        Endpoint::Locales => "locales",
        Endpoint::Email => "email",
        Endpoint::Content(call) => call.verb.as_str(),
        Endpoint::Auth(_) => "auth",
        Endpoint::Users(_) => "users",
        Endpoint::Roles(_) => "roles",
        Endpoint::Upload(_) => "upload",
        Endpoint::File(_) => "file",
    }
}

const KINDS: [&str; 24] = [
    "alive",
    "auth",
    "create",
    "delete",
    "discardDraft",
    "docs",
    "email",
    "events",
    "file",
    "find",
    "findOne",
    "graphql",
    "health",
    "locales",
    "openapi",
    "pair",
    "publish",
    "ready",
    "roles",
    "sync",
    "unpublish",
    "update",
    "upload",
    "users",
];

#[test]
fn openapi_every_route_documented() {
    let model = model();
    let document = openapi::document(&model, Offers { actions: true });
    let mut kinds = BTreeSet::new();
    let mut permissions = BTreeSet::new();
    for (method, path) in documented(&document) {
        let endpoint = routed(&model, &method, &path);
        let endpoint = endpoint.unwrap_or_else(|| panic!("no such route: {method} {path}"));
        kinds.insert(kind(&endpoint));
        permissions.extend(endpoint.permission());
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), KINDS);
    let told: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| Some(operation["x-permission"].as_str()?.to_owned()))
        .collect();
    // Every permission a route asks for, and of plugins every one that a role can be given.
    let missing: Vec<_> = permissions.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_switched_off_is_no_route() {
    let off = Offered { actions: false, openapi: false };
    let none = |path: &[&str]| {
        let segments: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
        endpoints(&model(), &segments, off).is_empty()
    };
    assert!(none(&["openapi.json"]) && none(&["docs"]));
    assert!(none(&["api", "articles", "x", "actions", "publish"]));
}
