//! Single questions whose answer is not content: is anybody there?

use std::time::{Duration, Instant};

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{Method, header};

use super::{Http, Result, http};
use crate::config::CmsConfig;

/// For a server on this machine.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(5);

/// What came back from the content server's door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knock {
    pub status: u16,
    /// The time on the server's clock.
    pub date: Option<Timestamp>,
    pub took: Duration,
}

/// Asks the content server for its health, once.
pub async fn knock(config: &CmsConfig) -> Result<Knock> {
    let began = Instant::now();
    let request = Http::new(&config.url, config.timeout)?.request(Method::GET, "_health")?;
    let answer = request.send().await.map_err(http::transport)?;
    let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    Ok(Knock { status: answer.status().as_u16(), date, took: began.elapsed() })
}

/// Status and text of a page on this machine; `None` when nobody answers.
pub async fn look(url: &str) -> Option<(u16, String)> {
    let client = http::build_client("http", |builder| builder.timeout(LOCAL_TIMEOUT)).ok()?;
    let answer = client.get(url).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}
