//! One request to somebody else's interface: a CDN's, or a page of the site.
//!
//! It says what the answer means and leaves to the caller when to try again.
//! No message may hold a header: credentials travel in them.

use std::{fmt, time::Duration};

use reqwest::{Client, Method, redirect};
use serde_json::Value;
use url::Url;

use super::{ClientError, http};

/// One answer, whole. Purges and pages are small.
const DEADLINE: Duration = Duration::from_secs(10);
/// Of a refusal, for the message.
const SHOWN_OF_BODY: usize = 300;

/// What is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    pub method: &'static str,
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

impl fmt::Debug for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.method, self.url)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Worth another try, later.
    #[error("{message}")]
    Transient { message: String, retry_after: Option<Duration> },
    /// They understood and refused: somebody has to change a setting.
    #[error("refused with {status}: {message}")]
    Refused { status: u16, message: String },
}

/// Sends calls to hosts with this scheme. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    client: Client,
}

impl Caller {
    pub fn new(scheme: &str) -> Result<Self, ClientError> {
        let plain = |builder: reqwest::ClientBuilder| builder.redirect(redirect::Policy::none());
        Ok(Self { client: http::build_client(scheme, plain)? })
    }

    /// The answer to a call, if it is a success.
    pub async fn call(&self, call: &Call) -> Result<Reply, CallError> {
        let (reply, retry_after) = self.answer(call).await?;
        match reply.status {
            200..=299 => Ok(reply),
            408 | 425 | 429 | 500.. => {
                let message = format!("{call:?} answers {}", reply.status);
                Err(CallError::Transient { message, retry_after })
            }
            status => {
                let said = String::from_utf8_lossy(&reply.body);
                let said: String = said.trim().chars().take(SHOWN_OF_BODY).collect();
                Err(CallError::Refused { status, message: format!("{call:?}: {said}") })
            }
        }
    }

    /// Whatever a page answers, redirects included.
    pub async fn ask(&self, call: &Call) -> Result<Reply, CallError> {
        Ok(self.answer(call).await?.0)
    }

    async fn answer(&self, call: &Call) -> Result<(Reply, Option<Duration>), CallError> {
        let unusable = |why: String| CallError::Refused { status: 0, message: why };
        let method = Method::from_bytes(call.method.as_bytes());
        let method = method.map_err(|error| unusable(error.to_string()))?;
        let url = Url::parse(&call.url);
        let url = url.map_err(|error| unusable(format!("`{}`: {error}", call.url)))?;
        let mut request = self.client.request(method, url).timeout(DEADLINE);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| CallError::Transient {
            message: format!("{call:?}: {}", http::chain(&error.without_url())),
            retry_after: None,
        };
        let response = request.send().await.map_err(failed)?;
        let retry_after = http::retry_after(&response);
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(failed)?.to_vec();
        Ok((Reply { status, body }, retry_after))
    }
}
