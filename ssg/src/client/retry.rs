//! Trying again, without making a bad hour worse.
//!
//! Waits grow and are spread at random, so that many clients of a CMS that
//! comes back do not all knock at once; what the CMS asks for in `Retry-After`
//! is honoured. Only idempotent calls may come here.

use std::time::Duration;

use super::{ClientError, Result};

/// When to stop, and how long to wait in between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retry {
    pub(super) attempts: u32,
    pub(super) first_wait: Duration,
    /// A longer `Retry-After` ends the retries: the caller has better to do.
    pub(super) longest_wait: Duration,
}

/// About three seconds in all: `ssg build` then goes on with its replica, and
/// the daemon comes again by itself.
pub(super) const PATIENT: Retry = Retry {
    attempts: 4,
    first_wait: Duration::from_millis(250),
    longest_wait: Duration::from_secs(10),
};

impl Retry {
    pub(super) async fn run<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tried = 0;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            tried += 1;
            let Some(wait) = self.wait_after(&error, tried) else { return Err(error) };
            tracing::debug!(%error, tried, wait_ms = wait.as_millis(), "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    /// None: it makes no sense to try again.
    pub(super) fn wait_after(&self, error: &ClientError, tried: u32) -> Option<Duration> {
        let ClientError::Transient { retry_after, .. } = error else { return None };
        if tried >= self.attempts {
            return None;
        }
        let grown = self.first_wait * 2_u32.saturating_pow(tried - 1);
        let wait = grown.min(self.longest_wait).mul_f64(jitter());
        match retry_after {
            Some(asked) if *asked > self.longest_wait => None,
            Some(asked) => Some(wait.max(*asked)),
            None => Some(wait),
        }
    }
}

/// Between a half and one and a half.
fn jitter() -> f64 {
    0.5 + f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transient(retry_after: Option<u64>) -> ClientError {
        let retry_after = retry_after.map(Duration::from_secs);
        ClientError::Transient { message: "busy".into(), retry_after }
    }

    #[test]
    fn waits_grow_within_bounds_and_end() {
        for tried in 1..4 {
            let wait = PATIENT.wait_after(&transient(None), tried).unwrap();
            let middle = PATIENT.first_wait * 2_u32.pow(tried - 1);
            assert!((middle / 2..=middle * 2).contains(&wait), "{tried}: {wait:?}");
        }
        assert_eq!(PATIENT.wait_after(&transient(None), 4), None);
    }

    #[test]
    fn what_the_server_asks_for_is_honoured_or_left_to_the_caller() {
        assert!(PATIENT.wait_after(&transient(Some(3)), 1).unwrap() >= Duration::from_secs(3));
        assert_eq!(PATIENT.wait_after(&transient(Some(3600)), 1), None);
    }

    #[test]
    fn only_transient_errors_are_tried_again() {
        let refused = ClientError::Unauthorized("no".into());
        assert_eq!(PATIENT.wait_after(&refused, 1), None);
    }
}
