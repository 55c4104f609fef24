//! How often one client may try to log in.

use std::net::IpAddr;
use std::sync::Arc;

use cms_api::error::{ApiError, ErrorName};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config::Rate;

/// Forgotten clients are swept out once this many are known.
const SWEEP_ABOVE: usize = 10_000;

type Key = (IpAddr, &'static str);

/// Counts attempts per client and route. Cheap to clone.
#[derive(Clone, Default)]
pub struct AuthLimit(Option<Arc<DefaultKeyedRateLimiter<Key>>>);

impl std::fmt::Debug for AuthLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AuthLimit").field(&self.0.is_some()).finish()
    }
}

impl AuthLimit {
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let quota = rate.0.and_then(|(times, span)| {
            Some(Quota::with_period(span.checked_div(times.get())?)?.allow_burst(times))
        });
        Self(quota.map(|quota| Arc::new(RateLimiter::keyed(quota))))
    }

    /// Counts one attempt.
    ///
    /// # Errors
    /// 429 when there were too many.
    pub fn check(&self, client: IpAddr, route: &'static str) -> Result<(), ApiError> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        if limiter.len() > SWEEP_ABOVE {
            limiter.retain_recent();
        }
        limiter.check_key(&(client, route)).map_err(|_| {
            let message = "Too many requests, please try again later.";
            ApiError::new(ErrorName::RateLimitError, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_and_route_has_its_own_count() {
        let limit = AuthLimit::new("2/1h".parse().unwrap());
        let (a, b) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        assert!(limit.check(a, "login").is_ok());
        assert!(limit.check(a, "login").is_ok());
        assert_eq!(limit.check(a, "login").unwrap_err().status(), 429);
        assert!(limit.check(b, "login").is_ok());
        assert!(limit.check(a, "register").is_ok());
    }

    #[test]
    fn off_never_refuses() {
        let limit = AuthLimit::new("off".parse().unwrap());
        assert!((0..100).all(|_| limit.check([10, 0, 0, 1].into(), "login").is_ok()));
    }
}
