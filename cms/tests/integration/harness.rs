//! A whole server of its own for every test: real HTTP, its own database and folders.

#![allow(dead_code, reason = "a toolbox: every test takes what it needs")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use cms::app::App;
use cms::auth::api_token::{self, TokenKind};
use cms::background::Background;
use cms::error::AppError;
use cms::{bootstrap, cli, server};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::databases;
use super::s3::S3;

/// The content model of the conformance suite: every kind of attribute.
pub(crate) const CONFORMANCE_SCHEMA: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/conformance/schemas/src");

/// A running server.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) base: String,
    pub(crate) folder: tempfile::TempDir,
    client: reqwest::Client,
    handle: ServerHandle,
    background: Background,
    /// Where its files are, unless they are in its folder.
    pub(crate) s3: Option<Arc<S3>>,
}

/// Below which the files of a test lie in its bucket.
const PREFIX: &str = "site/files";

impl TestApp {
    /// The conformance model, locales `en`, `de`, `fr`, no rate limit.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// As [`TestApp::start`], with further flags of `cms serve`.
    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, flags).await
    }

    /// The same twice: with its files in a folder, and in a bucket.
    pub(crate) async fn on_each_store(flags: &[&str]) -> [Self; 2] {
        let folder = Self::start_with(flags).await;
        [folder, Self::on_bucket(Arc::new(S3::start()), flags).await]
    }

    /// With its files in a bucket.
    pub(crate) async fn on_bucket(s3: Arc<S3>, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::on_bucket_in(folder, s3, flags).await
    }

    /// As [`TestApp::on_bucket`], on a folder that may hold the data of an earlier server.
    pub(crate) async fn on_bucket_in(
        folder: tempfile::TempDir,
        s3: Arc<S3>,
        flags: &[&str],
    ) -> Self {
        let own = s3.flags(PREFIX);
        let own = own.iter().flat_map(|(name, value)| [*name, value.as_str()]);
        let flags: Vec<&str> = own.chain(flags.iter().copied()).collect();
        Self { s3: Some(s3), ..Self::start_in(folder, &flags).await }
    }

    /// Names of the stored files, without those being received.
    pub(crate) fn stored(&self) -> Vec<String> {
        let Some(s3) = &self.s3 else {
            let entries = std::fs::read_dir(self.path("uploads")).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
            names.sort();
            return names;
        };
        let keys = s3.keys();
        let below = |key: &String| key.strip_prefix(PREFIX).unwrap()[1..].to_owned();
        keys.iter().map(below).collect()
    }

    /// Everything below the folder that uploads pass through.
    pub(crate) fn underway(&self) -> usize {
        let folder = if self.s3.is_some() { "uploads-aside" } else { "uploads" };
        std::fs::read_dir(self.path(folder)).unwrap().count()
    }

    /// On a folder that may hold the data of an earlier server.
    pub(crate) async fn start_in(folder: tempfile::TempDir, flags: &[&str]) -> Self {
        let database = databases::database(folder.path());
        let uploads = folder.path().join("uploads").display().to_string();
        let data = folder.path().display().to_string();
        let mut all = vec![
            ("--database-url", database.as_str()),
            ("--uploads", uploads.as_str()),
            ("--data-dir", data.as_str()),
            ("--schema", CONFORMANCE_SCHEMA),
            ("--locales", "en,de,fr"),
            ("--auth-rate-limit", "off"),
            ("--workers", "1"),
        ];
        for pair in flags.chunks_exact(2) {
            all.retain(|(name, _)| *name != pair[0]);
            all.push((pair[0], pair[1]));
        }
        let flags = all.iter().flat_map(|(name, value)| [*name, *value]);
        let app = bootstrap::open(cli::serve_settings(flags).unwrap()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = server::start(app.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let background = Background::start(&app).unwrap();
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { app, base, folder, client, handle, background, s3: None }
    }

    /// Where the test's files are.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The URL of its database.
    pub(crate) fn database(&self) -> String {
        self.app.settings.storage.database_url.to_string()
    }

    /// Stops the server and keeps its folder, to be started again.
    pub(crate) async fn stop(self) -> tempfile::TempDir {
        self.handle.stop(true).await;
        self.background.stop().await;
        self.folder
    }

    /// A client without credentials.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client { app: self, bearer: None }
    }

    /// A client with a bearer token of any kind.
    pub(crate) fn with_bearer(&self, token: impl Into<String>) -> Client<'_> {
        Client { app: self, bearer: Some(token.into()) }
    }

    pub(crate) fn full_access(&self) -> Client<'_> {
        self.with_bearer(self.token("full access", TokenKind::FullAccess, &[]))
    }

    pub(crate) fn read_only(&self) -> Client<'_> {
        self.with_bearer(self.token("read only", TokenKind::ReadOnly, &[]))
    }

    /// A new API token; names are made unique.
    pub(crate) fn token(&self, name: &str, kind: TokenKind, permissions: &[&str]) -> String {
        let name = format!("{name} {}", cms::auth::secret::random_text().unwrap());
        let permissions: Vec<_> = permissions.iter().map(ToString::to_string).collect();
        self.app
            .db
            .write::<_, AppError>(|conn| api_token::create(conn, &name, kind, &permissions, None))
            .unwrap()
    }

    /// Runs `cms` with these arguments on this app's database, as an administrator would,
    /// and returns exit code, stdout and stderr.
    pub(crate) async fn cms(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cms"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CMS_DATABASE_URL", self.database())
            .env("CMS_DATA_DIR", self.folder.path())
            .env("CMS_SCHEMA_DIR", CONFORMANCE_SCHEMA)
            .env("CMS_LOCALES", "en,de,fr");
        let output = actix_web::web::block(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// The same for a command that must succeed; returns stdout without its line end.
    pub(crate) async fn admin(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.cms(arguments).await;
        assert_eq!(code, 0, "{stderr}");
        stdout.trim_end().to_owned()
    }

    /// Lets a role do something, as `cms permission grant` does.
    pub(crate) fn grant(&self, role: &str, actions: &[&str]) {
        self.app
            .db
            .write::<_, cms::store::StoreError>(|conn| {
                for action in actions {
                    cms::store::registry::add_permission(conn, role, action)?;
                }
                Ok(())
            })
            .unwrap();
    }
}

/// Sends requests as somebody.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    app: &'a TestApp,
    bearer: Option<String>,
}

impl Client<'_> {
    /// A request to be completed and sent by the test itself.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.app.client.request(method, format!("{}{path}", self.app.base));
        match &self.bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        send(self.request(Method::PUT, path).json(&body)).await
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
    /// Null when the body is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The header's value, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The answer, once its status is as expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// `error.message` of an error's body.
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, text, body }
}
