//! What can go wrong between a visitor and the CMS, and the one form in which they hear of it.

use std::{fmt, time::Duration};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use cms_api::error::{ApiError, ErrorName};
use serde_json::json;

use super::request_id;
use crate::client::NoAnswer;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The path leads out of the API.
    Elsewhere,
    Unreachable(String),
    TimedOut,
    /// The CMS says itself that it cannot, perhaps with a time to wait.
    Status(u16, Option<String>),
    /// It says that it is JSON, and is not.
    Garbled(String),
    /// The answer ended before its end.
    Cut(String),
    /// The site's credentials are not accepted.
    Refused(String),
    /// Not asked: the CMS is left alone for a while.
    Resting(Duration),
    /// The visitor's body is larger than the route allows.
    TooLarge,
    /// The answer cannot be made into what the site's owner wants.
    Unusable(String),
}

impl Failure {
    /// Whether it says that the CMS is not there, rather than that it failed at this request.
    pub(super) fn is_absence(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Garbled(_) | Self::Cut(_) => true,
            Self::Status(status, _) => matches!(status, 502..=504),
            _ => false,
        }
    }

    /// Whether an older answer is better than this.
    pub(super) fn excuses_stale(&self) -> bool {
        !matches!(self, Self::Elsewhere | Self::TooLarge)
    }

    /// The status that the CMS gave, or would have given.
    pub(super) fn status(&self) -> u16 {
        self.name().status()
    }

    fn name(&self) -> ErrorName {
        match self {
            Self::Elsewhere => ErrorName::NotFoundError,
            Self::TimedOut | Self::Status(504, _) => ErrorName::Other("GatewayTimeoutError", 504),
            Self::Status(500, _) => ErrorName::InternalServerError,
            Self::Status(503, _) | Self::Resting(_) => ErrorName::ServiceUnavailableError,
            Self::TooLarge => ErrorName::PayloadTooLargeError,
            _ => ErrorName::Other("BadGatewayError", 502),
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::Elsewhere => "Not Found",
            Self::Unreachable(_) => "the CMS cannot be reached",
            Self::TimedOut | Self::Status(504, _) => "the CMS did not answer in time",
            Self::Status(500, _) => "Internal Server Error",
            Self::Status(..) | Self::Resting(_) => "the CMS cannot answer now",
            Self::Garbled(_) | Self::Cut(_) => "the CMS answered something unreadable",
            Self::Refused(_) => "the CMS does not accept this site's credentials",
            Self::TooLarge => "Payload Too Large",
            Self::Unusable(_) => "the answer of the CMS cannot be shown",
        }
    }

    pub(super) fn answer(&self, id: &str) -> HttpResponse {
        let mut response = refusal(self.name(), self.message(), id);
        let wait = match self {
            Self::Resting(wait) => Some(wait.as_secs().max(1).to_string()),
            Self::Status(_, wait) => wait.clone(),
            _ => None,
        };
        if let Some(wait) = wait.and_then(|wait| wait.parse().ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }

    /// For the operator; visitors are not told why.
    pub(super) fn log(&self, id: &str, what: &str) {
        match self {
            Self::Elsewhere | Self::TooLarge | Self::Resting(_) => {
                tracing::debug!(request = id, what, "{self}");
            }
            Self::Refused(_) | Self::Unusable(_) => tracing::error!(request = id, what, "{self}"),
            _ => tracing::warn!(request = id, what, "{self}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.message())?;
        match self {
            Self::Unreachable(why)
            | Self::Garbled(why)
            | Self::Cut(why)
            | Self::Refused(why)
            | Self::Unusable(why) => write!(out, ": {why}"),
            Self::Status(status, _) => write!(out, ": status {status}"),
            _ => Ok(()),
        }
    }
}

impl From<NoAnswer> for Failure {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Elsewhere => Self::Elsewhere,
            NoAnswer::Unreachable(why) => Self::Unreachable(why),
            NoAnswer::TimedOut => Self::TimedOut,
            NoAnswer::Refused(why) => Self::Refused(why),
        }
    }
}

/// An error in the CMS's own shape, with the request's name in its details.
pub(super) fn refusal(name: ErrorName, message: &str, id: &str) -> HttpResponse {
    let error = ApiError::new(name, message).with_details(json!({ "requestId": id }));
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((request_id::HEADER, id))
        .json(error.body())
}

pub(super) fn not_allowed(allowed: &str, id: &str) -> HttpResponse {
    let mut response = refusal(ErrorName::MethodNotAllowedError, "Method Not Allowed", id);
    if let Ok(value) = allowed.parse() {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
