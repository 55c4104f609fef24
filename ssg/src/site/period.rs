//! How long a page may stay as it is when it shows the time.
//!
//! Periods are counted from 1970, so that every machine, every restart and a clean build
//! agree where one ends.

use std::time::Duration;

use crate::engine::{Answer, Fingerprint};

/// A whole number of seconds, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(u64);

impl Period {
    /// Longer than any site lives; keeps sums far from overflow.
    pub const LONGEST: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

    /// None for less than a second, for parts of a second and for more than ten years.
    #[must_use]
    pub fn new(duration: Duration) -> Option<Self> {
        let whole = duration.subsec_nanos() == 0 && duration.as_secs() > 0;
        (whole && duration <= Self::LONGEST).then_some(Self(duration.as_secs()))
    }

    /// A period that was [`Period::seconds`] once.
    #[must_use]
    pub fn of_seconds(seconds: u64) -> Option<Self> {
        Self::new(Duration::from_secs(seconds))
    }

    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// When the period that a time (in Unix seconds) belongs to began.
    #[must_use]
    pub fn start(self, now: i64) -> i64 {
        let length = self.0.cast_signed();
        now.div_euclid(length).saturating_mul(length)
    }

    /// When it ends.
    #[must_use]
    pub fn end(self, now: i64) -> i64 {
        self.start(now).saturating_add(self.0.cast_signed())
    }

    /// What pages see as the time: RFC 3339 in UTC with milliseconds, as the API writes it.
    #[must_use]
    pub fn text(self, now: i64) -> String {
        let start = jiff::Timestamp::from_second(self.start(now)).unwrap_or_default();
        format!("{start:.3}")
    }

    /// The engine's side of [`Period::text`].
    #[must_use]
    pub fn answer(self, now: i64) -> Answer {
        Answer::plain(Fingerprint::of_bytes(&self.start(now).to_le_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_counted_from_1970() {
        let period = Period::of_seconds(600).unwrap();
        assert_eq!((period.start(1_200), period.end(1_200)), (1_200, 1_800));
        assert_eq!((period.start(1_799), period.end(1_799)), (1_200, 1_800));
        assert_eq!(period.start(-1), -600);
        assert_eq!(period.text(1_799), "1970-01-01T00:20:00.000Z");
        assert_eq!(period.answer(1_200), period.answer(1_799));
        assert_ne!(period.answer(1_200), period.answer(1_800));
    }

    #[test]
    fn a_period_is_whole_seconds() {
        assert_eq!(Period::new(Duration::ZERO), None);
        assert_eq!(Period::new(Duration::from_millis(1_500)), None);
        assert_eq!(Period::of_seconds(u64::MAX), None);
    }
}
