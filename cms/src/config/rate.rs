//! A rate limit as people write it: `5/5m`, or `off`.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use super::Span;

/// So many times in so long; `None` is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(pub Option<(NonZeroU32, Duration)>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim() == "off" {
            return Ok(Self(None));
        }
        let parsed = text.split_once('/').and_then(|(times, span)| {
            let span: Span = span.parse().ok()?;
            let times: NonZeroU32 = times.trim().parse().ok()?;
            (span.0 > Duration::ZERO).then_some((times, span.0))
        });
        match parsed {
            Some(rate) => Ok(Self(Some(rate))),
            None => Err(format!("`{text}` is no rate; accepted are `5/5m`, `10/30s`, `off`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_per_length_of_time() {
        let five = NonZeroU32::new(5).unwrap();
        assert_eq!("5/5m".parse(), Ok(Rate(Some((five, Duration::from_secs(300))))));
        assert_eq!("off".parse(), Ok(Rate(None)));
        for text in ["", "5", "0/5m", "5/0s", "x/5m", "5/x"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
