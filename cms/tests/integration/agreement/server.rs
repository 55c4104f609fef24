//! A real server with content, asked over HTTP.

use std::collections::BTreeMap;

use cms_api::change::{Op, SyncItem, SyncPage};
use cms_api::model::ContentModel;
use serde_json::Value;
use ssg::content::Snapshot;
use tokio::runtime::Runtime;

use super::content;
use super::question::Question;
use crate::integration::conformance::{Place, Server, cms, start, token};

/// DocumentIds by the names that questions use for them.
pub(super) type Names = BTreeMap<String, String>;

pub(super) struct Answering {
    server: Server,
    runtime: Runtime,
    client: reqwest::Client,
    token: String,
    pub(super) names: Names,
}

impl Answering {
    /// Starts a server that lets everybody read what is published, and fills it.
    pub(super) fn start(place: Place<'_>) -> Self {
        let server = start(place);
        let grant = ["permission", "grant", "public", "*.find", "*.findOne"];
        assert!(cms(place).args(grant).status().unwrap().success());
        let token = token(place, "full-access");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Between two requests nobody listens when the server closes a connection.
        let client = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let mut filled = Self { server, runtime, client, token, names: Names::new() };
        for write in content::writes() {
            filled.write(&write);
        }
        filled
    }

    fn write(&mut self, write: &content::Write) {
        let named = |text: &str| content::named(text, &self.names);
        let url = format!("{}{}", self.server.url, named(&write.path));
        let body = named(&write.body);
        let method = write.method.parse().unwrap();
        let kind = write.content_type;
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let request = request.header("content-type", kind).body(body);
        let (status, body) = self.send(request);
        assert!(matches!(status, 200 | 201), "{write:?}: {status} {body}");
        let entry = if body.is_array() { &body[0] } else { &body["data"] };
        let id = entry["documentId"].as_str().unwrap().to_owned();
        self.names.insert(write.name.clone(), id);
    }

    fn send(&self, request: reqwest::RequestBuilder) -> (u16, Value) {
        self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap())
        })
    }

    /// Asks as the public does, which sees nothing of drafts.
    pub(super) fn ask(&self, question: &Question) -> (u16, Value) {
        let path = question.path(&self.names);
        self.send(self.client.get(format!("{}{path}", self.server.url)))
    }

    /// What a site knows after it has read the feed.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut items: Vec<SyncItem> = Vec::new();
        let mut query = "initial=true".to_owned();
        let locales = loop {
            let url = format!("{}/sync?{query}", self.server.url);
            let (_, page) = self.send(self.client.get(url).bearer_auth(&self.token));
            let page: SyncPage = serde_json::from_value(page).unwrap();
            items.extend(page.items);
            match page.next_page {
                Some(token) => query = format!("token={token}"),
                None => break page.locales,
            }
        };
        let schema = items.iter().find(|item| item.op == Op::Schema).unwrap();
        let model = ContentModel::from_json(schema.data.as_ref().unwrap()).unwrap();
        Snapshot::new(model.into(), locales).apply(&items).unwrap().snapshot
    }
}
