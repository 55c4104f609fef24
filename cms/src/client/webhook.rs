//! Sends one delivery to a webhook endpoint.

use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::guard::Guard;

/// From the first byte sent to the last one of the answer's head.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const USER_AGENT: &str = concat!("galley-cms/", env!("CARGO_PKG_VERSION"));

/// How the reason begins when nobody listens there.
pub(crate) const NO_CONNECTION: &str = "cannot connect";

/// What the endpoint answered. Its body is of no interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// How long the endpoint asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// Clients for both kinds of endpoints; connections are reused.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    guarded: (reqwest::Client, Guard),
    open: (reqwest::Client, Guard),
}

impl Sender {
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(allowed: &[IpNet]) -> anyhow::Result<Self> {
        let side = |allow_private| {
            let guard = Guard::new(allowed.to_vec(), allow_private);
            anyhow::Ok((client(&guard)?, guard))
        };
        Ok(Self { guarded: side(false)?, open: side(true)? })
    }

    /// Posts `body`. Redirects are not followed: they are answers like any other.
    ///
    /// # Errors
    /// When no answer comes, or the address is not allowed.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: String,
        allow_private: bool,
    ) -> anyhow::Result<Reply> {
        let (client, guard) = if allow_private { &self.open } else { &self.guarded };
        let url = Url::parse(url)?;
        check_literal(&url, guard)?;
        let response = client.post(url).headers(header_map(headers)?).body(body).send().await;
        let response = response.map_err(|error| anyhow::anyhow!(reason(&error)))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(wait);
        Ok(Reply { status: response.status().as_u16(), retry_after })
    }

    /// Whether somebody listens there again. Nothing is sent.
    pub(crate) async fn listens(&self, url: &str, allow_private: bool) -> bool {
        let guard = if allow_private { &self.open.1 } else { &self.guarded.1 };
        let Some((host, port)) = Url::parse(url).ok().and_then(|url| {
            let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
            Some((host, url.port_or_known_default()?))
        }) else {
            return false;
        };
        let knock = async {
            let found = tokio::net::lookup_host((host.as_str(), port)).await.ok()?;
            let addresses: Vec<_> = found.filter(|it| guard.permits(it.ip())).collect();
            tokio::net::TcpStream::connect(addresses.as_slice()).await.ok()
        };
        matches!(tokio::time::timeout(CONNECT_TIMEOUT, knock).await, Ok(Some(_)))
    }
}

fn client(guard: &Guard) -> anyhow::Result<reqwest::Client> {
    let builder = || {
        reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .http1_only()
            // A proxy would do the look-up, unguarded.
            .no_proxy()
            .dns_resolver(guard.clone())
    };
    // A machine without any CA certificate can still reach endpoints without TLS.
    Ok(builder().build().or_else(|_| builder().tls_certs_only([]).build())?)
}

/// An address in the URL needs no look-up, so the resolver never sees it.
fn check_literal(url: &Url, guard: &Guard) -> anyhow::Result<()> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(_)) => return Ok(()),
        None => anyhow::bail!("the URL has no host"),
    };
    if !guard.permits(address) {
        anyhow::bail!(
            "`{address}` is no public address; private ones need `--allow-private` or a network \
             in CMS_WEBHOOK_ALLOW"
        );
    }
    Ok(())
}

fn header_map(headers: &[(String, String)]) -> anyhow::Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    Ok(map)
}

/// Seconds, or the time until a date.
fn wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_millisecond();
    u64::try_from(at.saturating_sub(crate::clock::now())).ok().map(Duration::from_millis)
}

/// The innermost cause; the URL may hold credentials and is left out.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => format!("{NO_CONNECTION}: {cause}"),
        (false, true) => "no answer in time".to_owned(),
        (false, false) => cause.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let wait = |text: &str| wait(&HeaderValue::try_from(text).unwrap());
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert!(wait("Fri, 31 Dec 2100 23:59:59 GMT").is_some());
        assert_eq!(wait("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(wait("soon"), None);
    }
}
