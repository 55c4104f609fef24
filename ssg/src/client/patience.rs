//! How much of our trying again a CMS in trouble has to bear.
//!
//! Each call is repeated a few times (see [`Retry`]). Above that stand two limits that all calls
//! share: repetitions are paid from a budget that only successes fill, so that a thousand
//! pictures do not each knock four times at a dead door; and after some failures in a row the
//! CMS is left alone for a while, so that a build learns at once that it has to do without.

use std::sync::{Mutex, PoisonError};

use super::{
    Breaker, ClientError, Limits, Result,
    retry::{PATIENT, Retry},
};
use crate::clock::Clock;

/// Repetitions in stock at the start, and at most.
const STOCK: f64 = 20.0;
/// What a success adds: in the long run one repetition for five calls.
const EARNED: f64 = 0.2;
/// A CMS that is started again needs a moment, and whoever waits for it a hint: not longer.
const LIMITS: Limits = Limits { failures: 8, pause: std::time::Duration::from_secs(3) };

#[derive(Debug)]
pub(super) struct Patience {
    retry: Retry,
    stock: Mutex<f64>,
    breaker: Breaker,
    clock: Clock,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retry: PATIENT,
            stock: Mutex::new(STOCK),
            breaker: Breaker::default(),
            clock: Clock::default(),
        }
    }
}

impl Patience {
    /// Calls, and calls again while that makes sense.
    pub(super) async fn run<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let mut tried = 0;
        loop {
            let error = match self.once(&mut attempt).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            tried += 1;
            let wait = self.retry.wait_after(&error, tried);
            let Some(wait) = wait.filter(|_| self.pays()) else { return Err(error) };
            tracing::debug!(%error, tried, wait_ms = wait.as_millis(), "trying again");
            tokio::time::sleep(wait).await;
        }
    }

    async fn once<T, F>(&self, attempt: &mut impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let permit = self.breaker.permit(LIMITS, self.clock.now()).map_err(|wait| {
            let seconds = wait.as_secs() + 1;
            ClientError::Transient {
                message: format!("it has not answered, and is left alone for {seconds} s"),
                // Longer than anybody waits: the caller has better to do.
                retry_after: Some(std::time::Duration::MAX),
            }
        })?;
        let result = attempt().await;
        match &result {
            // One that says when to come back is there.
            Err(ClientError::Transient { retry_after: None, .. }) => {
                permit.absent(self.clock.now());
            }
            _ => permit.answered(),
        }
        if result.is_ok() {
            let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
            *stock = (*stock + EARNED).min(STOCK);
        }
        result
    }

    fn pays(&self) -> bool {
        let mut stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *stock >= 1.0;
        if enough {
            *stock -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::*;

    /// One that repeats as often as any, and at once.
    fn hasty() -> Patience {
        let retry = Retry { first_wait: Duration::ZERO, ..PATIENT };
        Patience { retry, clock: Clock::frozen(), ..Patience::default() }
    }

    fn busy() -> ClientError {
        ClientError::Transient { message: "busy".into(), retry_after: Some(Duration::ZERO) }
    }

    fn away() -> ClientError {
        ClientError::Transient { message: "away".into(), retry_after: None }
    }

    async fn calls(patience: &Patience, answer: impl Fn() -> Result<()>) -> u32 {
        let count = Cell::new(0);
        let answer = || {
            count.set(count.get() + 1);
            std::future::ready(answer())
        };
        let _ = patience.run(answer).await;
        count.get()
    }

    #[tokio::test]
    async fn repetitions_are_paid_from_what_successes_earn() {
        let patience = hasty();
        let mut asked = 0;
        for _ in 0..30 {
            asked += calls(&patience, || Err(busy())).await;
        }
        assert_eq!(asked, 30 + 20, "every call once, and the stock");
        assert_eq!(calls(&patience, || Err(busy())).await, 1);
        for _ in 0..5 {
            calls(&patience, || Ok(())).await;
        }
        assert_eq!(calls(&patience, || Err(busy())).await, 2);
    }

    #[tokio::test]
    async fn a_cms_that_is_away_is_left_alone_until_one_call_gets_through() {
        let patience = hasty();
        assert_eq!(calls(&patience, || Err(away())).await, 4);
        assert_eq!(calls(&patience, || Err(away())).await, 4);
        assert_eq!(calls(&patience, || Err(away())).await, 0, "nobody is sent there");
        patience.clock.advance(LIMITS.pause);
        assert_eq!(calls(&patience, || Ok(())).await, 1);
        assert_eq!(calls(&patience, || Ok(())).await, 1);
    }
}
