//! A daemon with a site.toml of the test's own, between a scripted CMS and visitors.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::HttpResponse;
use cms_api::webhook::Secret;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use ssg::{
    clock::Clock,
    config::{Credentials, ServeConfig},
    daemon::{
        Batching, Built, Cause, Changed, Daemon, Documents, Listener, Options, Orders, Pipeline,
    },
    release::Store,
};

use crate::integration::{fake_cms::FakeCms, nginx::client};

pub(super) const HEAD: &str = "[site]\ntitle = \"T\"\nbase_url = \"https://site.example\"\n";

/// Longer than any test takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon whose builds do nothing; what its pulls bring, the test says.
pub(super) struct Bench {
    pub(super) daemon: Daemon,
    pub(super) clock: Clock,
    _folder: tempfile::TempDir,
    /// Making one takes long.
    pub(super) client: Client,
    listener: Arc<Mutex<Option<Listener>>>,
}

#[derive(Default)]
struct Nothing {
    listener: Arc<Mutex<Option<Listener>>>,
}

impl Pipeline for Nothing {
    fn run(&self, _: Cause, _: &mut Orders) -> anyhow::Result<Built> {
        Ok(Built::default())
    }

    fn listen(&self, told: Listener) {
        *self.listener.lock().unwrap() = Some(told);
    }

    fn model(&self) -> Option<Arc<cms_api::model::ContentModel>> {
        None
    }
}

impl Bench {
    pub(super) async fn start(cms: &FakeCms, site: &str) -> Self {
        Self::start_as(cms, site, Credentials::ApiToken("the-site's-own".into())).await
    }

    pub(super) async fn start_as(cms: &FakeCms, site: &str, credentials: Credentials) -> Self {
        Self::with_files(cms, site, &[], credentials)
    }

    /// With templates.
    pub(super) fn with_files(
        cms: &FakeCms,
        site: &str,
        files: &[(&str, &str)],
        credentials: Credentials,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("templates")).unwrap();
        let text = format!("{HEAD}{site}");
        fs::write(folder.path().join("templates/site.toml"), text).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join("templates").join(name), text).unwrap();
        }
        let clock = Clock::frozen();
        let options = Options {
            serve: ServeConfig {
                listen: "127.0.0.1:0".into(),
                serve_static: true,
                poll_interval: Duration::from_secs(3600),
                batching: Batching::default(),
                webhook_secrets: vec![Secret::from_bytes([2; 32])],
                webhook_authorization: None,
            },
            cms: cms.config(credentials),
            site: folder.path().join("templates"),
            folders: Vec::new(),
            cache: folder.path().join("cache"),
            clock: clock.clone(),
        };
        let store = Store::open(&folder.path().join("dist")).unwrap();
        let pipeline = Nothing::default();
        let listener = Arc::clone(&pipeline.listener);
        let daemon = Daemon::start(&options, store, Arc::new(pipeline)).unwrap();
        Self { daemon, clock, _folder: folder, client: client(), listener }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.daemon.url())
    }

    pub(super) async fn get(&self, path: &str) -> Seen {
        self.send(self.client.get(self.url(path))).await
    }

    pub(super) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let request = self.client.get(self.url(path));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    pub(super) async fn send(&self, request: RequestBuilder) -> Seen {
        Seen::read(request.timeout(PATIENCE).send().await.unwrap()).await
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// As if a pull had brought changes of these types.
    pub(super) fn pulled(&self, types: &[&str]) {
        let mut documents = Documents::default();
        types.iter().for_each(|uid| documents.add_type(uid));
        let listener = self.listener.lock().unwrap().clone().unwrap();
        listener(&Changed::Only(documents));
    }

    pub(super) async fn hook(&self, body: &Value) -> StatusCode {
        let (body, time) = (body.to_string(), jiff::Timestamp::now().as_second());
        let id = format!("msg_{}", blake3::hash(body.as_bytes()));
        let signature = Secret::from_bytes([2; 32]).sign(&id, time, body.as_bytes());
        let request = self
            .client
            .post(self.url("/hooks/cms"))
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.unwrap().status()
    }

    /// Until so many requests wait for the CMS.
    pub(super) async fn until_waiting(&self, count: usize) {
        let line = format!("\nssg_proxy_waiting {count}\n");
        let look = async {
            while !self.get("/metrics").await.body.contains(&line) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap();
    }
}

/// A whole answer as a visitor saw it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    async fn read(response: Response) -> Self {
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
        let (headers, status) = (headers.collect(), response.status().as_u16());
        Self { status, headers, body: response.text().await.unwrap_or_default() }
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(super) fn cache(&self) -> &str {
        self.header("cache-status")
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(super) fn error(&self) -> String {
        self.json()["error"]["name"].as_str().unwrap_or_default().to_owned()
    }
}

/// JSON that says how often the CMS was asked for anything.
pub(super) fn counting() -> FakeCms {
    let count = std::sync::atomic::AtomicUsize::new(0);
    FakeCms::start(move |_| {
        let count = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        HttpResponse::Ok().json(json!({ "data": count + 1 }))
    })
}

/// A CMS that answers as the test last said.
pub(super) struct Script {
    pub(super) cms: FakeCms,
    next: Arc<Mutex<Arc<Reply>>>,
}

type Reply = dyn Fn(&crate::integration::fake_cms::Asked) -> HttpResponse + Send + Sync;

impl Script {
    pub(super) fn new(
        reply: impl Fn(&crate::integration::fake_cms::Asked) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        let first: Arc<Reply> = Arc::new(reply);
        let next = Arc::new(Mutex::new(first));
        let told = Arc::clone(&next);
        let cms = FakeCms::start(move |asked| {
            let reply = Arc::clone(&told.lock().unwrap());
            reply(asked)
        });
        Self { cms, next }
    }

    pub(super) fn now(
        &self,
        reply: impl Fn(&crate::integration::fake_cms::Asked) -> HttpResponse + Send + Sync + 'static,
    ) {
        *self.next.lock().unwrap() = Arc::new(reply);
    }
}
