//! Leaves a CMS alone that does not answer.
//!
//! After some failures in a row nobody is sent there for a while; then one request tries,
//! and its success lets all others through again. A CMS that answers with an error is
//! there: only its absence counts.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What others wait while one request tries.
const WHILE_PROBING: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    in_a_row: u32,
    closed_until: Option<Duration>,
    probing: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) failures: u32,
    pub(crate) pause: Duration,
}

/// Leave to ask the CMS; says how it went, or nothing if nobody waited for the end.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    limits: Limits,
    is_probe: bool,
    told: bool,
}

impl Breaker {
    /// # Errors
    /// How long to wait.
    pub(crate) fn permit(&self, limits: Limits, now: Duration) -> Result<Permit<'_>, Duration> {
        let mut state = self.state();
        let is_probe = match state.closed_until {
            None => false,
            Some(until) if now < until => return Err(until - now),
            Some(_) if state.probing => return Err(WHILE_PROBING),
            Some(_) => true,
        };
        state.probing = is_probe;
        Ok(Permit { breaker: self, limits, is_probe, told: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    pub(crate) fn answered(mut self) {
        self.told = true;
        *self.breaker.state() = State::default();
    }

    pub(crate) fn absent(mut self, now: Duration) {
        self.told = true;
        let mut state = self.breaker.state();
        state.in_a_row = state.in_a_row.saturating_add(1);
        if self.is_probe || state.in_a_row >= self.limits.failures {
            state.closed_until = Some(now + self.limits.pause);
            state.probing = false;
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.told {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { failures: 2, pause: Duration::from_secs(10) };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn failures_in_a_row_close_it_and_one_probe_opens_it() {
        let breaker = Breaker::default();
        breaker.permit(LIMITS, at(0)).unwrap().absent(at(0));
        breaker.permit(LIMITS, at(0)).unwrap().answered();
        breaker.permit(LIMITS, at(0)).unwrap().absent(at(0));
        breaker.permit(LIMITS, at(1)).unwrap().absent(at(1));
        assert_eq!(breaker.permit(LIMITS, at(3)).unwrap_err(), at(8));
        let probe = breaker.permit(LIMITS, at(11)).unwrap();
        assert_eq!(breaker.permit(LIMITS, at(11)).unwrap_err(), WHILE_PROBING);
        probe.absent(at(12));
        assert_eq!(breaker.permit(LIMITS, at(12)).unwrap_err(), at(10));
        // Somebody who goes away in the middle decides nothing.
        drop(breaker.permit(LIMITS, at(22)).unwrap());
        breaker.permit(LIMITS, at(22)).unwrap().answered();
        breaker.permit(LIMITS, at(22)).unwrap().absent(at(22));
        assert!(breaker.permit(LIMITS, at(22)).is_ok());
    }
}
