//! Chance that can be repeated: the same seed throws the same numbers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A small generator (xorshift); one per thread, so that threads do not disturb each other.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub(super) fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    pub(super) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// From `GALLEY_SEED`, or another one every time.
#[expect(clippy::disallowed_methods, reason = "a failed test is repeated by its seed")]
pub(super) fn seed() -> u64 {
    let given = std::env::var("GALLEY_SEED").ok().and_then(|text| text.parse().ok());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    given.unwrap_or(u64::try_from(now).unwrap())
}
