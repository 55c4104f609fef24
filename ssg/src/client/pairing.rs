//! Redeems a pairing code at the content server.
//!
//! Asked once: a code whose answer was lost is used up, and a new one costs a command.

use cms_api::pairing::{PATH, PairReply, PairRequest};
use reqwest::Method;

use super::{Http, Result, http};
use crate::config::CmsConfig;

/// Trades the code for the site's credentials.
pub async fn redeem(config: &CmsConfig, request: &PairRequest) -> Result<PairReply> {
    let http = Http::new(&config.url, config.timeout)?;
    let path = PATH.trim_start_matches('/');
    http::json(http::send(http.request(Method::POST, path)?.json(request)).await?).await
}
