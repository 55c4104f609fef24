//! A token bucket: bursts are fine, a steady flood is not.
//!
//! It counts in the wall clock and is stored with a cache's place, so that a
//! build every second does not begin with a full bucket every second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many calls at once, and so many in a period after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub calls: u32,
    pub period: Duration,
}

impl Rate {
    fn per_second(self) -> f64 {
        f64::from(self.calls) / self.period.as_secs_f64().max(f64::EPSILON)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Bucket {
    /// Taken out and not yet refilled.
    missing: f64,
    /// In seconds since 1970.
    at: f64,
}

impl Bucket {
    /// Takes a call's worth out, or says how long to wait for it.
    pub(super) fn take(&mut self, rate: Rate, now: f64) -> Result<(), Duration> {
        // A clock that was set back refills nothing and costs nothing.
        let passed = (now - self.at).max(0.0);
        self.missing = (self.missing - passed * rate.per_second()).max(0.0);
        self.at = now;
        let over = self.missing + 1.0 - f64::from(rate.burst.max(1));
        if over <= 0.0 {
            self.missing += 1.0;
            return Ok(());
        }
        let wait = over / rate.per_second().max(f64::EPSILON);
        Err(Duration::try_from_secs_f64(wait).unwrap_or(rate.period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, calls: 5, period: Duration::from_secs(60) };

    #[test]
    fn a_burst_passes_and_then_calls_come_at_the_rate() {
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            bucket.take(RATE, 1000.0).unwrap();
        }
        let wait = bucket.take(RATE, 1000.0).unwrap_err();
        assert!((wait.as_secs_f64() - 12.0).abs() < 0.001, "{wait:?}");
        bucket.take(RATE, 1012.001).unwrap();
        assert!(bucket.take(RATE, 1012.1).is_err());
        // After a long time it is full again, and no fuller.
        for _ in 0..3 {
            bucket.take(RATE, 9000.0).unwrap();
        }
        assert!(bucket.take(RATE, 9000.0).is_err());
    }

    #[test]
    fn over_an_hour_no_more_passes_than_the_limit() {
        let (mut bucket, mut passed, mut now) = (Bucket::default(), 0, 0.0);
        while now < 3600.0 {
            match bucket.take(RATE, now) {
                Ok(()) => passed += 1,
                Err(wait) => now += wait.as_secs_f64() + 1e-6,
            }
        }
        assert!((295..=303).contains(&passed), "{passed}");
    }

    #[test]
    fn a_clock_that_was_set_back_does_no_harm() {
        let mut bucket = Bucket::default();
        bucket.take(RATE, 1000.0).unwrap();
        bucket.take(RATE, 10.0).unwrap();
        bucket.take(RATE, 10.0).unwrap();
        assert!(bucket.take(RATE, 10.0).is_err());
    }
}
