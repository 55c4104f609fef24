//! ISO 8601 as the date library behind Strapi reads it: more forms than most readers take,
//! among them centuries, weeks, days of a year and fractions of hours.
//!
//! What has no offset is UTC. All arithmetic is in 64-bit floats, as it is there, so that a
//! fraction of a second is cut at the same digit.

use super::{days, is_leap, length_of};

const MS_PER_DAY: f64 = 86_400_000.0;
const MS_PER_HOUR: f64 = 3_600_000.0;
const MS_PER_MINUTE: f64 = 60_000.0;
/// The farthest moment from 1970 a date can hold, in milliseconds.
const FARTHEST: f64 = 8.64e15;

/// A text split into its three parts; each without its separator.
#[derive(Debug, Default, PartialEq)]
struct Parts<'a> {
    date: &'a str,
    time: &'a str,
    zone: &'a str,
}

/// Milliseconds since 1970.
pub(super) fn parse(text: &str) -> Option<i64> {
    let parts = split(text)?;
    let day = day(parts.date)?;
    let time = if parts.time.is_empty() { 0.0 } else { clock(parts.time)? };
    let offset = if parts.zone.is_empty() { 0.0 } else { zone(parts.zone)? };
    #[expect(clippy::cast_precision_loss, reason = "no year has more than six digits")]
    in_range(day as f64 * MS_PER_DAY + time + offset)
}

/// Whole milliseconds, when a date can hold them.
pub(super) fn in_range(milliseconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (milliseconds.abs() <= FARTHEST).then_some(milliseconds as i64)
}

fn split(text: &str) -> Option<Parts<'_>> {
    let mut halves = text.split(['T', ' ']);
    let (first, second) = (halves.next()?, halves.next());
    // A third part or a colon before the time makes it no date at all.
    if halves.next().is_some() || first.contains(':') {
        return None;
    }
    let (date, rest) = match first.find(['Z', 'z', ' ']) {
        Some(at) => text.split_at(at),
        None => (first, second.unwrap_or_default()),
    };
    Some(match rest.find(['Z', '+', '-']) {
        Some(at) => Parts { date, time: &rest[..at], zone: &rest[at..] },
        None => Parts { date, time: rest, zone: "" },
    })
}

/// Days since 1970.
fn day(text: &str) -> Option<i64> {
    let (year, rest) = year(text)?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    if let Some(week) = rest.strip_prefix('W') {
        return of_week(year, week);
    }
    if rest.is_empty() {
        return Some(days(year, 1, 1));
    }
    if let Some(of_year) = digits(rest, 3).filter(|_| rest.len() == 3) {
        let last = if is_leap(year) { 366 } else { 365 };
        return (1..=last).contains(&of_year).then(|| days(year, 1, 1) + of_year - 1);
    }
    let month = digits(rest, 2)?;
    let rest = &rest[2..];
    let day = match rest.strip_prefix('-').unwrap_or(rest) {
        "" if rest.is_empty() => 1,
        day => digits(day, 2).filter(|_| day.len() == 2)?,
    };
    let valid = (1..=12).contains(&month) && (1..=length_of(year, month)).contains(&day);
    valid.then(|| days(year, month, day))
}

/// The year a text begins with: four digits, or a sign and six. A century stands alone.
fn year(text: &str) -> Option<(i64, &str)> {
    let signed = text.strip_prefix(['+', '-']);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (body, long, short) = match signed {
        Some(body) => (body, 6, 4),
        None => (text, 4, 2),
    };
    match digits(body, long) {
        Some(year) => Some((sign * year, &body[long..])),
        None => digits(body, short).filter(|_| body.len() == short).map(|c| (sign * c * 100, "")),
    }
}

/// `05`, `05-3` or `053` of an ISO year.
fn of_week(year: i64, text: &str) -> Option<i64> {
    let week = digits(text, 2)?;
    let rest = &text[2..];
    let weekday = match rest.strip_prefix('-').unwrap_or(rest) {
        "" if rest.is_empty() => 1,
        day => digits(day, 1).filter(|_| day.len() == 1)?,
    };
    if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    let fourth = days(year, 1, 4);
    // 1970-01-01 was a Thursday; Monday counts as 0.
    let monday = fourth - (fourth + 3).rem_euclid(7);
    Some(monday + (week - 1) * 7 + weekday - 1)
}

/// Milliseconds of a time of day; any part may have a fraction.
fn clock(text: &str) -> Option<f64> {
    let (hours, rest) = unit(text)?;
    let (minutes, rest) = next_unit(rest)?;
    let (seconds, rest) = next_unit(rest)?;
    let valid = if hours == 24.0 {
        minutes == 0.0 && seconds == 0.0
    } else {
        hours < 25.0 && minutes < 60.0 && seconds < 60.0
    };
    (rest.is_empty() && valid)
        .then_some(hours * MS_PER_HOUR + minutes * MS_PER_MINUTE + seconds * 1000.0)
}

fn next_unit(text: &str) -> Option<(f64, &str)> {
    if text.is_empty() { Some((0.0, "")) } else { unit(text.strip_prefix(':').unwrap_or(text)) }
}

/// Two digits and maybe a fraction.
fn unit(text: &str) -> Option<(f64, &str)> {
    digits(text, 2)?;
    let rest = &text[2..];
    let end = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            3 + length
        }
        None => 2,
    };
    let number = text[..end].replace(',', ".");
    Some((number.parse().ok()?, &text[end..]))
}

/// Milliseconds to add for UTC. An offset that cannot be read counts as none.
fn zone(text: &str) -> Option<f64> {
    let sign = if text.starts_with('+') { -1.0 } else { 1.0 };
    let body = text.get(1..).unwrap_or_default();
    let minutes = body.get(2..).unwrap_or_default();
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let (Some(hours), false) = (digits(body, 2), text.starts_with('Z')) else { return Some(0.0) };
    let minutes = match minutes {
        "" if body.len() == 2 => 0,
        minutes => match digits(minutes, 2).filter(|_| minutes.len() == 2) {
            Some(minutes) => minutes,
            None => return Some(0.0),
        },
    };
    #[expect(clippy::cast_precision_loss, reason = "two digits each")]
    (minutes < 60).then_some(sign * (hours as f64 * MS_PER_HOUR + minutes as f64 * MS_PER_MINUTE))
}

/// The number the first `count` characters are, when all of them are digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let part = text.get(..count)?;
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::super::format_datetime;
    use super::parse;

    #[test]
    fn every_form_of_a_date_and_a_time() {
        for (given, read) in [
            ("2024-02-29T10:00:00+02:00", "2024-02-29T08:00:00.000Z"),
            ("2024-02-29T10:00:00.1239Z", "2024-02-29T10:00:00.123Z"),
            ("2024-02-29 10:00", "2024-02-29T10:00:00.000Z"),
            ("20240229T100000Z", "2024-02-29T10:00:00.000Z"),
            ("2024-02-29T10.5", "2024-02-29T10:30:00.000Z"),
            ("2024-02-29T24:00:00Z", "2024-03-01T00:00:00.000Z"),
            ("2024-02-29T10:00:00x", ""),
            ("2024-02-29T10:00:00+xx", "2024-02-29T10:00:00.000Z"),
            ("2024-02-29Z", "2024-02-29T00:00:00.000Z"),
            ("2024-02", "2024-02-01T00:00:00.000Z"),
            ("2024", "2024-01-01T00:00:00.000Z"),
            ("20", "2000-01-01T00:00:00.000Z"),
            ("2024-060", "2024-02-29T00:00:00.000Z"),
            ("2024-W09-4", "2024-02-29T00:00:00.000Z"),
            ("2024W09", "2024-02-26T00:00:00.000Z"),
            ("-1000", "-100000-01-01T00:00:00.000Z"),
            ("+012024-01-01", "+012024-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(parse(given).map(format_datetime).unwrap_or_default(), read, "{given}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for wrong in [
            "",
            "7",
            "abc",
            "2024-13-01",
            "2024-02-30",
            "2024-2-9",
            "2024-366x",
            "2023-366",
            "2024-W54",
            "2024-02-29t10:00:00z",
            "2024-02-29T25:00",
            "2024-02-29T10:60",
            "10:00",
            "2024-02-29T10:00 Z",
            "1700000000000",
            "ÄÖ",
            "2024-02-29T10:00:00+02:60",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
