//! The time. The only place that asks for it.

use jiff::Timestamp;

/// Unix milliseconds, as every table stores them.
#[must_use]
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// `2026-01-02T03:04:05.678Z`
#[must_use]
pub fn iso(millis: i64) -> String {
    let at = Timestamp::from_millisecond(millis).unwrap_or_default();
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn always_shows_milliseconds() {
        assert_eq!(super::iso(1_767_323_045_000), "2026-01-02T03:04:05.000Z");
        assert_eq!(super::iso(1_767_323_045_678), "2026-01-02T03:04:05.678Z");
    }
}
