//! When a failed delivery is tried again: quickly at first, then over about three days.

use std::time::Duration;

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Milliseconds from a failed attempt to the next one.
const DELAYS: [u64; 13] = [
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    12 * HOUR,
    16 * HOUR,
    16 * HOUR,
];
/// Longest wait an endpoint can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Delays are stretched by up to a fifth, so that failed deliveries do not come back at once.
const JITTER_PERCENT: u64 = 20;

/// The wait after the attempt that followed `failed` failed ones; `None` when it was the
/// last. `noise` is any number.
pub(super) fn delay(failed: i32, retry_after: Option<Duration>, noise: u64) -> Option<i64> {
    let base = *DELAYS.get(usize::try_from(failed).ok()?)?;
    let jittered = base + base * (noise % (JITTER_PERCENT + 1)) / 100;
    let asked = retry_after.map_or(0, |wait| wait.min(MAX_RETRY_AFTER).as_millis());
    let asked = u64::try_from(asked).unwrap_or(0);
    i64::try_from(jittered.max(asked)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_end_after_about_three_days() {
        let total: i64 = (0..).map_while(|failed| delay(failed, None, 0)).sum();
        let hours = total / 3_600_000;
        assert!((70..=76).contains(&hours), "{hours}");
        assert_eq!(delay(13, None, 0), None);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        for noise in 0..100 {
            let delay = delay(0, None, noise).unwrap();
            assert!((5_000..=6_000).contains(&delay), "{delay}");
        }
    }

    #[test]
    fn an_endpoint_may_ask_for_more_time_but_not_for_ever() {
        let ask = |seconds| delay(0, Some(Duration::from_secs(seconds)), 0);
        assert_eq!(ask(1), Some(5_000));
        assert_eq!(ask(600), Some(600_000));
        assert_eq!(ask(1 << 40), Some(86_400_000));
    }
}
