//! Dates and times of content, written as a template asks.
//!
//! Formats are strftime's. Instants are shown in UTC: a page must not depend
//! on the clock or the place of the machine that built it.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::month_names::of_locale;

pub mod style;

/// The format when a template names none.
pub const DEFAULT_FORMAT: &str = "%Y-%m-%d";

/// Formats a date (`2024-05-01`), an instant (RFC 3339) or a time of day (`13:30:00.000`).
///
/// # Errors
/// A sentence that says what is wrong with the value or the format, and what is accepted.
pub fn format(value: &str, format: &str, locale: &str) -> Result<String, String> {
    let moment = parse(value)?;
    let format = with_names(format, &moment, locale);
    jiff::fmt::strtime::format(&format, &moment).map_err(|error| {
        format!("the date format `{format}` cannot be used: {error}; strftime's words are accepted")
    })
}

/// Formats milliseconds since 1970.
///
/// # Errors
/// As [`format()`].
pub fn format_millis(millis: i64, pattern: &str, locale: &str) -> Result<String, String> {
    let time = Timestamp::from_millisecond(millis)
        .map_err(|_| format!("`{millis}` is not a number of milliseconds since 1970"))?;
    format(&time.to_string(), pattern, locale)
}

fn parse(text: &str) -> Result<Zoned, String> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok();
    let instant = || text.parse::<Timestamp>().ok().map(|time| time.to_zoned(TimeZone::UTC));
    let date_time = || text.parse::<DateTime>().ok().and_then(utc);
    let date = || text.parse::<Date>().ok().and_then(|date| utc(date.at(0, 0, 0, 0)));
    let time = || {
        text.parse::<Time>().ok().and_then(|time| utc(Date::constant(1970, 1, 1).to_datetime(time)))
    };
    instant().or_else(date_time).or_else(date).or_else(time).ok_or_else(|| {
        format!(
            "`{text}` is not a date; accepted are `2024-05-01`, `2024-05-01T13:30:00Z` and \
             `13:30:00`"
        )
    })
}

/// Replaces the names of months and days, which the formatter knows in English only.
fn with_names(format: &str, moment: &Zoned, locale: &str) -> String {
    let names = of_locale(locale);
    let month = usize::try_from(moment.month() - 1).unwrap_or_default();
    let day = usize::try_from(moment.weekday().to_monday_zero_offset()).unwrap_or_default();
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let mut chars = after.chars();
        let name = match chars.next() {
            Some('B') => names.months.get(month),
            Some('b' | 'h') => names.short_months.get(month),
            Some('A') => names.days.get(day),
            Some('a') => names.short_days.get(day),
            Some('%') => Some(&"%%"),
            _ => None,
        };
        match name {
            Some(name) => {
                out.push_str(name);
                rest = chars.as_str();
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_in_the_language_of_the_page() {
        for (value, pattern, locale, expected) in [
            ("2024-03-05", "%-d %B %Y", "en", "5 March 2024"),
            ("2024-03-05", "%A, %-d. %B %Y", "de", "Dienstag, 5. März 2024"),
            ("2024-03-05", "%a %b", "de-AT", "Di. März"),
            ("2024-12-05", "%-d %b %Y", "xx", "5 Dec 2024"),
            ("2024-03-05T23:30:00.000Z", "%Y-%m-%d %H:%M 100%%", "fr", "2024-03-05 23:30 100%"),
            ("13:30:00.000", "%H:%M", "en", "13:30"),
        ] {
            assert_eq!(format(value, pattern, locale).as_deref(), Ok(expected));
        }
        assert_eq!(format_millis(0, DEFAULT_FORMAT, "en").as_deref(), Ok("1970-01-01"));
    }

    #[test]
    fn mistakes_are_explained() {
        let error = format("yesterday", "%Y", "en").unwrap_err();
        assert!(error.starts_with("`yesterday` is not a date; accepted are"), "{error}");
        let error = format("2024-03-05", "%Q?%&", "en").unwrap_err();
        assert!(error.contains("cannot be used"), "{error}");
    }
}
