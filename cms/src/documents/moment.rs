//! Dates, times and moments: what is accepted and how each is stored.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

const DATE_EXPECTED: &str = "Invalid format, expected yyyy-MM-dd";
const TIME_EXPECTED: &str = "Invalid time format, expected HH:mm:ss.SSS";
const DATETIME_EXPECTED: &str = "Invalid format, expected a timestamp or an ISO date";

/// `YYYY-MM-DD`; a text that begins with a date is cut after it.
///
/// # Errors
/// The message for the client.
pub(crate) fn date(value: &Value) -> Result<String, String> {
    let text = value.as_str().and_then(|text| text.get(..10)).unwrap_or_default();
    let shape = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.is_empty() || !shape {
        return Err(DATE_EXPECTED.into());
    }
    text.parse::<Date>().map(|_| text.to_owned()).map_err(|_| "Invalid date".into())
}

/// `HH:MM:SS.mmm`; the fraction may be shorter or missing.
///
/// # Errors
/// The message for the client.
pub(crate) fn time(value: &Value) -> Result<String, String> {
    let Some(text) = value.as_str() else {
        return Err(format!("Expected a string, got a {}", type_name(value)));
    };
    let expected = || TIME_EXPECTED.to_owned();
    let (clock, fraction) = text.split_at_checked(8).ok_or_else(expected)?;
    let mut parts = clock.split(':');
    for limit in [24, 60, 60] {
        let part = parts.next().filter(|part| part.len() == 2).ok_or_else(expected)?;
        let fine = part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number < limit);
        if !fine {
            return Err(expected());
        }
    }
    let digits = match fraction.chars().next() {
        None => "",
        Some(separator) => fraction.get(separator.len_utf8()..).unwrap_or_default(),
    };
    let whole = digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !whole || (!fraction.is_empty() && digits.is_empty()) {
        return Err(expected());
    }
    Ok(format!("{clock}.{digits:0<3}"))
}

/// RFC 3339 in UTC with milliseconds, from an ISO text or Unix milliseconds.
///
/// # Errors
/// The message for the client.
pub(crate) fn datetime(value: &Value) -> Result<String, String> {
    let moment = match value {
        Value::Number(number) => number.as_f64().and_then(from_milliseconds),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => from_milliseconds(number),
            Err(_) => from_text(text.trim()),
        },
        _ => None,
    };
    moment.map(|moment| format!("{moment:.3}")).ok_or_else(|| DATETIME_EXPECTED.to_owned())
}

fn from_milliseconds(number: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "out of range is refused below")]
    let whole = number.trunc() as i64;
    Timestamp::from_millisecond(whole).ok().filter(|_| number.is_finite())
}

/// With an offset, without one (UTC), or a date alone (midnight UTC).
fn from_text(text: &str) -> Option<Timestamp> {
    let moment = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok().and_then(in_utc))
        .or_else(|| {
            text.parse::<Date>()
                .ok()
                .and_then(|date| in_utc(date.to_datetime(jiff::civil::Time::midnight())))
        })?;
    // Anything finer than a millisecond is cut off.
    Timestamp::from_millisecond(moment.as_millisecond()).ok()
}

fn in_utc(moment: DateTime) -> Option<Timestamp> {
    moment.to_zoned(TimeZone::UTC).ok().map(|zoned: Zoned| zoned.timestamp())
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_keep_their_first_ten_characters() {
        assert_eq!(date(&json!("2024-02-29")).unwrap(), "2024-02-29");
        assert_eq!(date(&json!("2024-02-29T23:59:59.000Z")).unwrap(), "2024-02-29");
        assert_eq!(date(&json!("2023-02-29")).unwrap_err(), "Invalid date");
        for wrong in [json!("tomorrow"), json!(""), json!(5), json!("2024-2-9"), json!("ÄÖÜÄÖÜ")]
        {
            assert_eq!(date(&wrong).unwrap_err(), DATE_EXPECTED, "{wrong}");
        }
    }

    #[test]
    fn times_are_padded_to_milliseconds() {
        for (given, stored) in [
            ("08:30:15", "08:30:15.000"),
            ("23:59:59.9", "23:59:59.900"),
            ("00:00:00.123", "00:00:00.123"),
        ] {
            assert_eq!(time(&json!(given)).unwrap(), stored);
        }
        for wrong in
            ["25:99", "noon", "24:00:00", "08:30", "08:30:15.", "08:30:15.1234", "8:30:150"]
        {
            assert_eq!(time(&json!(wrong)).unwrap_err(), TIME_EXPECTED, "{wrong}");
        }
        assert_eq!(time(&json!(1)).unwrap_err(), "Expected a string, got a number");
    }

    #[test]
    fn moments_become_utc() {
        for (given, stored) in [
            (json!("2024-05-06T07:08:09+02:00"), "2024-05-06T05:08:09.000Z"),
            (json!("2024-05-06T07:08:09.1239Z"), "2024-05-06T07:08:09.123Z"),
            (json!("2024-05-06 07:08:09"), "2024-05-06T07:08:09.000Z"),
            (json!("2024-05-06"), "2024-05-06T00:00:00.000Z"),
            (json!(1_700_000_000_000_i64), "2023-11-14T22:13:20.000Z"),
            (json!("1700000000000"), "2023-11-14T22:13:20.000Z"),
        ] {
            assert_eq!(datetime(&given).unwrap(), stored, "{given}");
        }
        for wrong in [json!("soon"), json!(true), json!([]), json!("2024-13-01")] {
            assert_eq!(datetime(&wrong).unwrap_err(), DATETIME_EXPECTED, "{wrong}");
        }
    }
}
