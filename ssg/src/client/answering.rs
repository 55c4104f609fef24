//! Whether addresses of other sites are answered.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use reqwest::{Client, Method, StatusCode, redirect};

use super::http;

/// At the same time; most addresses are of different sites.
const AT_ONCE: usize = 8;
/// A page that has moved is there; a circle is not.
const MOST_REDIRECTS: usize = 5;

/// For each address why it is not answered, in order.
pub async fn answering(urls: &[String], patience: Duration) -> Vec<Result<(), String>> {
    let configure = |builder: reqwest::ClientBuilder| {
        builder.timeout(patience).redirect(redirect::Policy::limited(MOST_REDIRECTS))
    };
    let client = match http::build_client("https", configure) {
        Ok(client) => client,
        Err(error) => return urls.iter().map(|_| Err(error.to_string())).collect(),
    };
    stream::iter(urls).map(|url| ask(&client, url)).buffered(AT_ONCE).collect().await
}

/// Servers that know no HEAD are asked as a browser would.
async fn ask(client: &Client, url: &str) -> Result<(), String> {
    let status = |method| async {
        let answer = client.request(method, url).send().await;
        answer.map(|answer| answer.status()).map_err(|error| http::chain(&error))
    };
    let found = match status(Method::HEAD).await {
        Ok(status) if status.is_success() => return Ok(()),
        _ => status(Method::GET).await?,
    };
    // Whoever wants to know who asks is there.
    let guarded = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];
    if found.is_success() || guarded.contains(&found) {
        return Ok(());
    }
    Err(format!("the answer is {found}"))
}
