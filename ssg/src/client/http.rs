//! One HTTP client with named time-outs, and what its failures mean.

use std::time::Duration;

use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode, header, redirect,
};
use serde::{Deserialize, de::DeserializeOwned};
use url::{Host, Url};

use super::{ClientError, Result};

/// A CMS that is there accepts within this time, even across an ocean.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Silence in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Enough for http → https and a moved host; more is a loop.
const MAX_REDIRECTS: usize = 3;
const LOCAL: &str = "http on this machine";
const USER_AGENT: &str = concat!("galley-ssg/", env!("CARGO_PKG_VERSION"));

/// The part of the CMS's error body that decides and explains.
#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    name: String,
    message: String,
}

/// Requests relative to the CMS's base address.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client,
    base: Url,
    timeout: Duration,
}

impl Http {
    pub fn new(base: &Url, timeout: Duration) -> Result<Self> {
        let mut base = base.clone();
        // `Url::join` replaces the last part of a path that does not end in `/`.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        Ok(Self { client: build_client(scheme(&base), follow)?, base, timeout })
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// A request whose whole answer must come within the time-out.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        Ok(self.streaming(method, path)?.timeout(self.timeout))
    }

    /// A request whose answer may take long, as long as it never falls silent.
    pub(super) fn streaming(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.base.join(path.trim_start_matches('/'));
        let url = url.map_err(|error| ClientError::Contract(format!("`{path}`: {error}")))?;
        if url.origin() != self.base.origin() {
            return Err(ClientError::Contract(format!("`{path}` leads away from {}", self.base)));
        }
        Ok(self.client.request(method, url))
    }
}

/// The scheme of an address; one on this machine never leads to TLS, so that nobody has to wait
/// until the system's certificates are read.
pub(super) fn scheme(base: &Url) -> &str {
    let here = match base.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if here && base.scheme() == "http" { LOCAL } else { base.scheme() }
}

/// Without CA certificates on the system (slim containers) the builder fails
/// even where no TLS is wanted; then it is built without any.
pub(super) fn build_client(
    scheme: &str,
    configure: impl Fn(ClientBuilder) -> ClientBuilder,
) -> Result<Client> {
    let builder = || configure(with_limits(Client::builder()));
    let failed = |error: reqwest::Error| ClientError::Contract(chain(&error));
    if scheme == LOCAL {
        return builder().tls_certs_only([]).build().map_err(failed);
    }
    match builder().build() {
        Ok(client) => Ok(client),
        Err(_) if scheme == "http" => builder().tls_certs_only([]).build().map_err(failed),
        Err(error) => Err(ClientError::Contract(format!(
            "TLS cannot be set up: {}; is the package `ca-certificates` installed?",
            chain(&error)
        ))),
    }
}

fn with_limits(builder: ClientBuilder) -> ClientBuilder {
    builder
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .http1_only()
}

fn follow(builder: ClientBuilder) -> ClientBuilder {
    builder.redirect(redirect::Policy::limited(MAX_REDIRECTS))
}

/// Sends, and turns everything but a success into an error.
pub(super) async fn send(request: RequestBuilder) -> Result<Response> {
    let response = request.send().await.map_err(transport)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    Err(refusal(status, response).await)
}

pub(super) async fn json<T: DeserializeOwned>(response: Response) -> Result<T> {
    let bytes = response.bytes().await.map_err(transport)?;
    serde_json::from_slice(&bytes).map_err(|error| match error.is_eof() && !bytes.is_empty() {
        // Cut off on the way, by something that did not know its length.
        true => ClientError::Transient { message: error.to_string(), retry_after: None },
        false => ClientError::Contract(error.to_string()),
    })
}

async fn refusal(status: StatusCode, response: Response) -> ClientError {
    let retry_after = retry_after(&response);
    let body = response.bytes().await.unwrap_or_default();
    let (name, message) = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => (body.error.name, body.error.message),
        Err(_) => (String::new(), status.canonical_reason().unwrap_or("no reason given").into()),
    };
    match status.as_u16() {
        401 => ClientError::Unauthorized(message),
        408 | 425 | 429 | 500 | 502 | 503 | 504 => ClientError::Transient {
            message: format!("{message} ({})", status.as_u16()),
            retry_after,
        },
        status => ClientError::Permanent { status, name, message },
    }
}

/// Seconds, or a date in the future.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(wait).unwrap_or_default())
}

pub(super) fn transport(error: reqwest::Error) -> ClientError {
    // The address is known, and its query holds the feed's token.
    let error = error.without_url();
    if error.is_builder() || error.is_redirect() {
        return ClientError::Contract(chain(&error));
    }
    ClientError::Transient { message: chain(&error), retry_after: None }
}

/// reqwest's own message says little without its causes.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
