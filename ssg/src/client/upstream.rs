//! Passing a visitor's request on to the CMS, both bodies streaming.
//!
//! It goes out as the visitor's own, and a visitor gets what the public role, or their own
//! token, allows. Only where the caller says so it carries the site's credentials; they are
//! added here, on the way out, and nothing outside of this folder ever holds them.

use std::{io, path::Path, pin::Pin, time::Duration};

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::{Body, Client, Method, redirect};
use tokio::time::timeout;
use url::Url;

use super::{Authorizer, ClientError, Http, Result, http};
use crate::config::CmsConfig;

#[derive(Debug)]
pub struct Upstream {
    client: Client,
    base: Url,
    authorizer: Authorizer,
}

/// Names in lower case.
pub type Headers = Vec<(String, Vec<u8>)>;

/// A request to the CMS, without its body.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub method: String,
    pub path_and_query: String,
    pub headers: Headers,
    /// From the first byte sent to the head of the answer.
    pub deadline: Duration,
}

/// Why there is no answer to pass back.
#[derive(Debug)]
pub enum NoAnswer {
    /// The path leads elsewhere once the address is put together.
    Elsewhere,
    Unreachable(String),
    TimedOut,
    /// The CMS does not accept the site's credentials, renewed ones included.
    Refused(String),
}

/// A body on its way from the CMS.
pub type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

pub struct Answer {
    pub status: u16,
    pub headers: Headers,
    pub length: Option<u64>,
    response: reqwest::Response,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Upstream {
    pub fn new(config: &CmsConfig, cache: &Path) -> Result<Self, ClientError> {
        let base = &config.url;
        // Compressed bytes pass as they are; a redirect is the visitor's to follow.
        let configure =
            |builder: reqwest::ClientBuilder| builder.no_gzip().redirect(redirect::Policy::none());
        let authorizer =
            Authorizer::new(&Http::new(base, config.timeout)?, &config.credentials, cache);
        let client = http::build_client(http::scheme(base), configure)?;
        Ok(Self { client, base: base.clone(), authorizer })
    }

    /// As the visitor's own.
    pub async fn forward(
        &self,
        request: &Outgoing,
        body: Option<impl Stream<Item = io::Result<Bytes>> + Send + 'static>,
    ) -> Result<Answer, NoAnswer> {
        self.send(request, body.map(Body::wrap_stream), None).await
    }

    /// With the site's credentials; once more with new ones when the CMS refuses the first.
    pub async fn forward_as_site(
        &self,
        request: &Outgoing,
        body: Option<Bytes>,
    ) -> Result<Answer, NoAnswer> {
        let copy = || body.clone().map(Body::from);
        let Some(token) = self.authorizer.bearer().await? else {
            let answer = self.send(request, copy(), None).await?;
            return accepted(answer, "SSG_CMS_TOKEN is not set");
        };
        let answer = self.send(request, copy(), Some(&token)).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        match self.authorizer.after_refusal(&token).await? {
            Some(fresh) => accepted(
                self.send(request, copy(), Some(&fresh)).await?,
                "the renewed token is not accepted",
            ),
            None => Err(NoAnswer::Refused("the API token is not accepted".into())),
        }
    }

    async fn send(
        &self,
        given: &Outgoing,
        body: Option<Body>,
        token: Option<&str>,
    ) -> Result<Answer, NoAnswer> {
        let url = self.url(&given.path_and_query).ok_or(NoAnswer::Elsewhere)?;
        let method =
            Method::from_bytes(given.method.as_bytes()).map_err(|_| NoAnswer::Elsewhere)?;
        let mut request = self.client.request(method, url);
        for (name, value) in &given.headers {
            request = request.header(name, value.as_slice());
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        match timeout(given.deadline, request.send()).await {
            Ok(Ok(response)) => Ok(Answer::from(response)),
            Ok(Err(error)) if error.is_timeout() && !error.is_connect() => Err(NoAnswer::TimedOut),
            Ok(Err(error)) => Err(NoAnswer::Unreachable(http::chain(&error.without_url()))),
            Err(_) => Err(NoAnswer::TimedOut),
        }
    }

    /// Addresses are normalised when they are put together (`..` and its
    /// encoded forms), so the result is looked at, not the parts.
    fn url(&self, path_and_query: &str) -> Option<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path_and_query}")).ok()?;
        let prefix = format!("{}/api/", self.base.path().trim_end_matches('/'));
        (url.origin() == self.base.origin() && url.path().starts_with(&prefix)).then_some(url)
    }
}

fn accepted(answer: Answer, otherwise: &str) -> Result<Answer, NoAnswer> {
    if answer.status == 401 { Err(NoAnswer::Refused(otherwise.to_owned())) } else { Ok(answer) }
}

/// There is no token to send.
impl From<ClientError> for NoAnswer {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Transient { message, .. } => Self::Unreachable(message),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<reqwest::Response> for Answer {
    fn from(response: reqwest::Response) -> Self {
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        Self {
            status: response.status().as_u16(),
            headers: headers.collect(),
            length: response.content_length(),
            response,
        }
    }
}

impl Answer {
    pub fn into_body(self) -> Chunks {
        Box::pin(self.response.bytes_stream().map(|chunk| chunk.map_err(io::Error::other)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Credentials;

    #[test]
    fn only_the_api_is_reached() {
        let config = CmsConfig {
            url: Url::parse("http://cms:1337/base").unwrap(),
            credentials: Credentials::Anonymous,
            timeout: Duration::from_secs(1),
            phase_deadline: Duration::from_secs(60),
        };
        let upstream = Upstream::new(&config, Path::new(".")).unwrap();
        let url = |path| upstream.url(path).map(String::from);
        assert_eq!(url("/api/x?a[b]=1").as_deref(), Some("http://cms:1337/base/api/x?a[b]=1"));
        for path in
            ["/api/../admin", "/api/%2e%2e/admin", "/admin", "/api/..\\admin", "@evil/api/x"]
        {
            assert_eq!(url(path), None, "{path}");
        }
    }
}
