//! How a site and a content server come to know each other: `POST /-/pair`.
//!
//! The content server's administrator makes a code (`cms pair`), the site's gives it to
//! `ssg pair`, and the answer has all the site needs. A code works once and for a short time.

use serde::{Deserialize, Serialize};

/// Where a code is redeemed.
pub const PATH: &str = "/-/pair";

/// What the site says.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    pub code: String,
    /// Where the site takes webhooks, as `https://example.org/hooks/cms`; without one it polls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
}

/// What it gets.
#[derive(Clone, Serialize, Deserialize)]
pub struct PairReply {
    /// The name of the token and of the webhook at the content server.
    pub name: String,
    /// A read-only API token.
    pub token: String,
    /// Signs the webhooks, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// The code is unknown, used or too old.
pub const BAD_CODE: &str = "PairingCodeError";

// Neither codes nor what they buy may reach a log through `{:?}`.
impl std::fmt::Debug for PairRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PairRequest").field("hook", &self.hook).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PairReply {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PairReply").field("name", &self.name).finish_non_exhaustive()
    }
}
