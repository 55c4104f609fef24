//! Lengths of time as people write them: `30m`, `7d`, `10s`.

use std::str::FromStr;
use std::time::Duration;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

impl Span {
    #[must_use]
    pub fn millis(self) -> i64 {
        i64::try_from(self.0.as_millis()).unwrap_or(i64::MAX)
    }

    #[must_use]
    pub fn seconds(self) -> i64 {
        self.millis() / 1_000
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        if matches!(trimmed, "off" | "0") {
            return Ok(Self(Duration::ZERO));
        }
        UNITS
            .iter()
            .find_map(|(suffix, unit)| {
                let number: u64 = trimmed.strip_suffix(suffix)?.trim().parse().ok()?;
                number.checked_mul(*unit)
            })
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| {
                format!(
                    "`{text}` is no length of time; accepted are `10s`, `30m`, `12h`, `7d`, `off`"
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit() {
        for (text, seconds) in
            [("10s", 10), ("30m", 1_800), ("2h", 7_200), ("7d", 604_800), ("0s", 0), ("off", 0)]
        {
            assert_eq!(text.parse::<Span>().map(Span::seconds), Ok(seconds), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1w", "99999999999999999999d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
