//! The time, as the parts of the daemon see it that decide by it how old something is.
//!
//! It never goes back, whatever happens to the machine's clock; a test's stands still
//! until the test moves it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    /// What time it was at an instant.
    System(Duration, Instant),
    /// Milliseconds since 1970.
    Frozen(Arc<AtomicU64>),
}

impl Default for Clock {
    fn default() -> Self {
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Kind::System(started, Instant::now()))
    }
}

impl Clock {
    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn frozen() -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Kind::Frozen(Arc::new(AtomicU64::new(millis(start)))))
    }

    /// Moves a frozen clock on; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Kind::Frozen(now) = &self.0 {
            now.fetch_add(millis(by), Ordering::AcqRel);
        }
    }

    /// Since 1970.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.0 {
            Kind::System(started, at) => *started + at.elapsed(),
            Kind::Frozen(now) => Duration::from_millis(now.load(Ordering::Acquire)),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_when_it_is_told_to() {
        let clock = Clock::frozen();
        let before = clock.now();
        clock.clone().advance(Duration::from_secs(3));
        assert_eq!(clock.now() - before, Duration::from_secs(3));
    }

    #[test]
    fn the_system_clock_does_not_go_back() {
        let clock = Clock::default();
        assert!(clock.now() <= clock.now());
    }
}
