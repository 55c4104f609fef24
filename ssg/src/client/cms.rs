//! What we ask of the CMS: its change feed, its REST answers and its media.

use std::{io, path::Path, time::Duration};

use cms_api::change::{FILTER_MISMATCH, SyncPage, TOKEN_EXPIRED};
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use tokio::{fs, io::AsyncWriteExt};

use super::{Authorizer, ClientError, Http, Result, http, patience::Patience};
use crate::config::CmsConfig;

/// Entries in one page of the feed: a few megabytes at most.
const PAGE_LIMIT: &str = "500";

#[derive(Debug)]
pub struct Cms {
    http: Http,
    authorizer: Authorizer,
    patience: Patience,
    deadline: Duration,
}

/// Where to go on in the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncRequest<'a> {
    /// From the beginning: everything that is published.
    Initial,
    /// From the beginning: every draft.
    Drafts,
    /// From a token of an earlier page.
    Token(&'a str),
}

#[derive(Debug, Clone, PartialEq)]
pub enum SyncReply {
    Page(SyncPage),
    /// The token is too old or not for this filter: begin again, and sweep
    /// what the new listing does not name.
    Restart,
    /// There is no feed: a plain Strapi.
    NoFeed,
}

impl Cms {
    pub fn new(config: &CmsConfig, cache: &Path) -> Result<Self> {
        let http = Http::new(&config.url, config.timeout)?;
        let authorizer = Authorizer::new(&http, &config.credentials, cache);
        let deadline = config.phase_deadline;
        Ok(Self { http, authorizer, patience: Patience::default(), deadline })
    }

    pub async fn sync(&self, request: SyncRequest<'_>) -> Result<SyncReply> {
        let query = match request {
            SyncRequest::Initial => {
                vec![("initial", "true"), ("status", "published"), ("limit", PAGE_LIMIT)]
            }
            SyncRequest::Drafts => {
                vec![("initial", "true"), ("status", "draft"), ("limit", PAGE_LIMIT)]
            }
            SyncRequest::Token(token) => vec![("token", token)],
        };
        let query = query.as_slice();
        match self.patience.run(move || self.page(query)).await {
            Ok(page) => Ok(SyncReply::Page(page)),
            Err(ClientError::Permanent { name, .. })
                if name == TOKEN_EXPIRED || name == FILTER_MISMATCH =>
            {
                Ok(SyncReply::Restart)
            }
            Err(ClientError::Permanent { status: 410, .. }) => Ok(SyncReply::Restart),
            Err(ClientError::Permanent { status: 404, .. }) => Ok(SyncReply::NoFeed),
            Err(error) => Err(error),
        }
    }

    /// An answer of the REST API.
    pub async fn read(&self, path: &str, query: &[(String, String)]) -> Result<Value> {
        self.patience
            .run(move || async move {
                let build = || Ok(self.http.request(Method::GET, path)?.query(query));
                http::json(self.authorized(build).await?).await
            })
            .await
    }

    /// Fetches a file of the media library to `dest`, which appears complete or
    /// not at all. Returns its size.
    pub async fn download(&self, path: &str, dest: &Path) -> Result<u64> {
        self.within(self.patience.run(move || self.fetch(path, dest))).await
    }

    /// What one phase of a build has to ask, within its time. A CMS that sends a byte now and
    /// then never falls silent, and would hold up a build for ever.
    ///
    /// # Errors
    /// Those of the phase; one that takes too long is transient.
    pub async fn within<T>(&self, phase: impl Future<Output = Result<T>>) -> Result<T> {
        let late = |_| ClientError::Transient {
            message: format!("it took longer than {} s", self.deadline.as_secs()),
            retry_after: None,
        };
        tokio::time::timeout(self.deadline, phase).await.map_err(late)?
    }

    async fn page(&self, query: &[(&str, &str)]) -> Result<SyncPage> {
        let build = || Ok(self.http.request(Method::GET, "sync")?.query(query));
        http::json(self.authorized(build).await?).await
    }

    async fn fetch(&self, path: &str, dest: &Path) -> Result<u64> {
        save(self.authorized(|| self.http.streaming(Method::GET, path)).await?, dest).await
    }

    /// Sends with the current token, and once more with a new one when the CMS
    /// refuses the first.
    async fn authorized(&self, build: impl Fn() -> Result<RequestBuilder>) -> Result<Response> {
        let token = self.authorizer.bearer().await?;
        let refused = match (send_as(build()?, token.as_deref()).await, &token) {
            (Err(ClientError::Unauthorized(why)), Some(token)) => (why, token),
            (answer, _) => return answer,
        };
        match self.authorizer.after_refusal(refused.1).await? {
            Some(fresh) => send_as(build()?, Some(&fresh)).await,
            None => Err(ClientError::Unauthorized(refused.0)),
        }
    }
}

async fn send_as(request: RequestBuilder, token: Option<&str>) -> Result<Response> {
    match token {
        Some(token) => http::send(request.bearer_auth(token)).await,
        None => http::send(request).await,
    }
}

async fn save(response: Response, dest: &Path) -> Result<u64> {
    let aside = dest.with_added_extension("part");
    let saved = stream_to(response, &aside).await;
    let moved = match saved {
        Ok(size) => fs::rename(&aside, dest).await.map(|()| size).map_err(|error| disk(&error)),
        Err(error) => Err(error),
    };
    if moved.is_err() {
        // Half a file is of no use to anybody; the next attempt starts afresh.
        let _ = fs::remove_file(&aside).await;
    }
    moved
}

async fn stream_to(response: Response, file: &Path) -> Result<u64> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).await.map_err(|error| disk(&error))?;
    }
    let mut out = fs::File::create(file).await.map_err(|error| disk(&error))?;
    let mut chunks = response.bytes_stream();
    let mut size = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(http::transport)?;
        out.write_all(&chunk).await.map_err(|error| disk(&error))?;
        size += chunk.len() as u64;
    }
    out.flush().await.map_err(|error| disk(&error))?;
    Ok(size)
}

/// Not the CMS's fault, and trying again does not help.
fn disk(error: &io::Error) -> ClientError {
    ClientError::Permanent {
        status: 0,
        name: "Disk".into(),
        message: format!("the file cannot be written: {error}"),
    }
}
