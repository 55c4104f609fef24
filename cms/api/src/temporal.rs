//! Dates and times as Strapi reads and writes them: ISO 8601 in, one spelling out.
//!
//! Everything is UTC; a time without an offset is taken as UTC.

mod iso;

const MS_PER_DAY: i64 = 86_400_000;

/// `2015-01-01T00:00:00.000Z`
#[must_use]
pub fn format_datetime(ms: i64) -> String {
    let (year, month, day) = civil(ms.div_euclid(MS_PER_DAY));
    let time = ms.rem_euclid(MS_PER_DAY);
    let (hours, minutes) = (time / 3_600_000, time / 60_000 % 60);
    let (seconds, millis) = (time / 1000 % 60, time % 1000);
    let sign = match year {
        ..0 => "-",
        0..=9999 => "",
        _ => "+",
    };
    let width = if sign.is_empty() { 4 } else { 6 };
    let year = year.unsigned_abs();
    format!(
        "{sign}{year:0width$}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z"
    )
}

/// An ISO date or date and time, or milliseconds since 1970 as digits.
#[must_use]
pub fn parse_datetime(text: &str) -> Option<i64> {
    iso::parse(text).or_else(|| epoch(text))
}

/// The date a text starts with, as `YYYY-MM-DD`.
#[must_use]
pub fn parse_date(text: &str) -> Option<&str> {
    let date = text.get(..10)?;
    let well_formed = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    (well_formed && iso::parse(date).is_some()).then_some(date)
}

/// `HH:MM:SS[.m]` as `HH:MM:SS.mmm`.
#[must_use]
pub fn parse_time(text: &str) -> Option<String> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, fraction),
        None => (text, "000"),
    };
    let digits = (1..=3).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let mut parts = clock.split(':').map(two_digits);
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let valid = digits && parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    valid.then(|| format!("{clock}.{fraction:0<3}"))
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| number(text))?
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok()
}

fn epoch(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| whole).and_then(iso::in_range)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length_of(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar; years start in March so that the leap
/// day is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days`]: year, month, day.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_iso_spelling_names_its_instant() {
        let spellings = [
            ("1970-01-01", 0),
            ("1970", 0),
            ("1970-01", 0),
            ("19700102", MS_PER_DAY),
            ("1970-002", MS_PER_DAY),
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01T01:00:00+0100", 0),
            ("1969-12-31T23:00-01", 0),
            ("1970-01-01 00:00:01.5", 1500),
            ("2015-01-01T00:00:00.000Z", 1_420_070_400_000),
            ("2024-02-29T24:00:00Z", 1_709_251_200_000),
            ("1420070400000", 1_420_070_400_000),
            ("-1", -1),
        ];
        for (text, ms) in spellings {
            assert_eq!(parse_datetime(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "garbage", "2015-13-01", "2015-02-29", "2015-01-01T00:00:00 02:00", "T"] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn dates_and_times_have_one_spelling() {
        assert_eq!(parse_date("2020-01-01T00:00:00.000Z"), Some("2020-01-01"));
        assert_eq!(parse_date("2020-02-30"), None);
        assert_eq!(parse_date("2020-1-1"), None);
        assert_eq!(parse_time("01:07:11.1").as_deref(), Some("01:07:11.100"));
        assert_eq!(parse_time("20:00:00").as_deref(), Some("20:00:00.000"));
        for text in ["01:00", "24:00:00", "01:00:00.", "01:00:00.1234", "x"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn formatting_is_the_inverse_of_reading() {
        for ms in [0, -1, 1_420_070_400_123, -62_135_596_800_000, 4_102_444_799_999] {
            assert_eq!(parse_datetime(&format_datetime(ms)), Some(ms));
        }
    }
}
