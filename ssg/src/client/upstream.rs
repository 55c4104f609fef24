//! Passing a visitor's request on to the CMS, both bodies streaming.
//!
//! It goes out as the visitor's own: our token is never added, so a visitor
//! gets what the public role, or their own token, allows.

use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use reqwest::{Body, Client, Method, redirect};
use tokio::time::timeout;
use url::Url;

use super::{ClientError, Result, http};

/// From the first byte sent to the head of the answer, a visitor's upload included.
const HEAD_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone)]
pub struct Upstream {
    client: Client,
    base: Url,
}

/// Why there is no answer to pass back.
#[derive(Debug)]
pub enum NoAnswer {
    /// The path leads elsewhere once the address is put together.
    Elsewhere,
    Unreachable(String),
    TimedOut,
}

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub length: Option<u64>,
    response: reqwest::Response,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Upstream {
    pub fn new(base: &Url) -> Result<Self, ClientError> {
        // Compressed bytes pass as they are; a redirect is the visitor's to follow.
        let configure =
            |builder: reqwest::ClientBuilder| builder.no_gzip().redirect(redirect::Policy::none());
        Ok(Self { client: http::build_client(base.scheme(), configure)?, base: base.clone() })
    }

    pub async fn forward(
        &self,
        method: &str,
        path_and_query: &str,
        headers: Vec<(String, Vec<u8>)>,
        body: Option<impl Stream<Item = std::io::Result<Bytes>> + Send + 'static>,
    ) -> Result<Answer, NoAnswer> {
        let url = self.url(path_and_query).ok_or(NoAnswer::Elsewhere)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| NoAnswer::Elsewhere)?;
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(Body::wrap_stream(body));
        }
        match timeout(HEAD_DEADLINE, request.send()).await {
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
    pub fn into_body(self) -> impl Stream<Item = std::io::Result<Bytes>> {
        self.response.bytes_stream().map(|chunk| chunk.map_err(std::io::Error::other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_api_is_reached() {
        let upstream = Upstream::new(&Url::parse("http://cms:1337/base").unwrap()).unwrap();
        let url = |path| upstream.url(path).map(String::from);
        assert_eq!(url("/api/x?a[b]=1").as_deref(), Some("http://cms:1337/base/api/x?a[b]=1"));
        for path in
            ["/api/../admin", "/api/%2e%2e/admin", "/admin", "/api/..\\admin", "@evil/api/x"]
        {
            assert_eq!(url(path), None, "{path}");
        }
    }
}
