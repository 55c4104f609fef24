//! Everything that talks to the CMS over the network.
//!
//! [`Cms`] is the door: it reads the change feed and fetches media, keeps the
//! access token fresh and repeats what may be repeated. Nothing outside this
//! folder knows reqwest, and nothing in it knows what the content is for.
//!
//! ```text
//! Cms ─► retry( token ─► send ─► decode )     token: API token, or login and
//!                                             refresh, single flight, shared
//!                                             by processes through a file
//! ```

use std::{fmt, time::Duration};

pub(crate) use self::breaker::{Breaker, Limits};
pub use self::{
    answering::answering,
    call::{Call, CallError, Caller, Reply},
    cms::{Cms, SyncReply, SyncRequest},
    http::Http,
    pairing::redeem,
    probe::{Knock, knock, look},
    token::Authorizer,
    upstream::{Answer, Chunks, Headers, NoAnswer, Outgoing, Upstream},
};

mod answering;
mod breaker;
mod call;
mod cms;
mod http;
mod pairing;
mod patience;
mod probe;
mod retry;
mod token;
mod upstream;

/// One variant for each thing a caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientError {
    /// The CMS does not accept our credentials: tell the operator.
    Unauthorized(String),
    /// Worth another try, later: the CMS is away, busy or slow.
    Transient { message: String, retry_after: Option<Duration> },
    /// The CMS understood and refused: stop and report.
    Permanent { status: u16, name: String, message: String },
    /// The answer is not what the two programs agreed on: a version mismatch,
    /// or no CMS at all at that address.
    Contract(String),
}

pub type Result<T, E = ClientError> = std::result::Result<T, E>;

impl ClientError {
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized(why) => write!(out, "the CMS refuses our credentials: {why}"),
            Self::Transient { message, .. } => write!(out, "the CMS cannot answer now: {message}"),
            Self::Permanent { status, name, message } => {
                write!(out, "the CMS refuses: {message} ({status} {name})")
            }
            Self::Contract(what) => write!(out, "the CMS answers something unexpected: {what}"),
        }
    }
}

impl std::error::Error for ClientError {}
