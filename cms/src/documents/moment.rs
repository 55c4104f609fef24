//! Dates, times and moments: what is accepted and how each is stored.

use cms_api::temporal;
use serde_json::Value;

use super::validate::joined;

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
    let number = |range| text.get(range).and_then(|part: &str| part.parse::<u8>().ok());
    let possible = number(5..7).is_some_and(|month| (1..=12).contains(&month))
        && number(8..10).is_some_and(|day| (1..=31).contains(&day));
    if !shape || !possible {
        return Err(DATE_EXPECTED.into());
    }
    temporal::parse_date(text).map(str::to_owned).ok_or_else(|| "Invalid date".into())
}

/// `HH:MM:SS.mmm`; the fraction may be shorter or missing.
///
/// # Errors
/// The message for the client.
pub(crate) fn time(value: &Value) -> Result<String, String> {
    let Some(text) = value.as_str() else {
        return Err(format!("Expected a string, got a {}", type_name(value)));
    };
    temporal::parse_time(text).ok_or_else(|| TIME_EXPECTED.to_owned())
}

/// RFC 3339 in UTC with milliseconds, from an ISO text or Unix milliseconds.
///
/// # Errors
/// The message for the client.
pub(crate) fn datetime(value: &Value) -> Result<String, String> {
    let moment = temporal::parse_datetime(&joined(value));
    moment.map(temporal::format_datetime).ok_or_else(|| DATETIME_EXPECTED.to_owned())
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
        assert_eq!(date(&json!("2024-13-01")).unwrap_err(), DATE_EXPECTED);
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
        for wrong in [
            "25:99",
            "noon",
            "24:00:00",
            "08:30",
            "08:30:15.",
            "08:30:15.1234",
            "8:30:150",
            "08:30:15,5",
        ] {
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
            (json!("12"), "1200-01-01T00:00:00.000Z"),
            (json!([7]), "1970-01-01T00:00:00.007Z"),
        ] {
            assert_eq!(datetime(&given).unwrap(), stored, "{given}");
        }
        for wrong in [json!("soon"), json!(true), json!([]), json!(1.5), json!("2024-13-01")] {
            assert_eq!(datetime(&wrong).unwrap_err(), DATETIME_EXPECTED, "{wrong}");
        }
    }
}
