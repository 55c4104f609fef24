//! The single tests a value can fail, with the message of each.

use serde_json::Value;

use super::cast::Cast;
use super::email::is_email;
use super::print::{big_integer, number_text};
use super::rule::Check;
use super::spot::Spot;

/// One test. Unless noted, a missing or null value passes.
pub(crate) enum Test<'a> {
    /// Neither missing nor null.
    Defined,
    /// May be missing, but not null.
    NotNull,
    /// Neither missing, null nor the empty text.
    Present,
    MinLength(u64),
    MaxLength(u64),
    NotEmpty,
    Matches {
        pattern: &'a str,
        skip_empty: bool,
    },
    Email,
    Integer,
    Finite,
    BigInteger,
    Min(f64),
    Max(f64),
    MinItems(u64, Option<&'static str>),
    MaxItems(u64),
    /// The value is held at this spot alone.
    Unique(Spot),
    /// A test that needs no state, with its message.
    Holds(&'static str, fn(Option<&Value>) -> bool),
}

impl Test<'_> {
    /// # Errors
    /// The message for the client.
    pub(super) fn run(&self, cast: &Cast, name: &str, check: &mut Check<'_>) -> Result<(), String> {
        let value = match cast {
            Cast::Json(value) => Some(value),
            Cast::Absent | Cast::NotFinite(_) => None,
        };
        let present = value.filter(|value| !value.is_null());
        match self {
            Self::Defined => holds(present.is_some(), || format!("{name} must be defined.")),
            Self::NotNull => {
                holds(value != Some(&Value::Null), || format!("{name} cannot be null."))
            }
            Self::Present => {
                let filled = present.is_some_and(|value| value.as_str() != Some(""));
                holds(filled, || format!("{name} is a required field"))
            }
            Self::Holds(message, test) => holds(test(value), || (*message).to_owned()),
            _ => match cast {
                Cast::NotFinite(number) => self.run_number(*number, name),
                _ => present.map_or(Ok(()), |value| self.run_present(value, name, check)),
            },
        }
    }

    fn run_present(&self, value: &Value, name: &str, check: &mut Check<'_>) -> Result<(), String> {
        let length = || value.as_str().map_or(0, |text| text.encode_utf16().count() as u64);
        let items = || value.as_array().map_or(0, |items| items.len() as u64);
        match self {
            Self::MinLength(least) => {
                holds(length() >= *least, || format!("{name} must be at least {least} characters"))
            }
            Self::MaxLength(most) => {
                holds(length() <= *most, || format!("{name} must be at most {most} characters"))
            }
            Self::NotEmpty => holds(length() > 0, || format!("{name} cannot be empty")),
            Self::Matches { pattern, skip_empty } => matches(value, pattern, *skip_empty, name),
            Self::Email => {
                let text = value.as_str().unwrap_or_default();
                let fine = text.is_empty() || is_email(text);
                holds(fine, || format!("{name} must be a valid email"))
            }
            Self::Integer | Self::Finite | Self::Min(_) | Self::Max(_) => {
                self.run_number(value.as_f64().unwrap_or_default(), name)
            }
            Self::BigInteger => {
                holds(big_integer(value).is_some(), || format!("{name} must be a valid integer"))
            }
            Self::MinItems(least, message) => holds(items() >= *least, || match message {
                Some(message) => (*message).to_owned(),
                None => format!("{name} field must have at least {least} items"),
            }),
            Self::MaxItems(most) => holds(items() <= *most, || {
                format!("{name} field must have less than or equal to {most} items")
            }),
            Self::Unique(spot) => {
                holds(!(check.is_taken)(spot, value), || "This attribute must be unique".to_owned())
            }
            Self::Defined | Self::NotNull | Self::Present | Self::Holds(..) => Ok(()),
        }
    }

    fn run_number(&self, number: f64, name: &str) -> Result<(), String> {
        match self {
            Self::Integer => holds(number.fract() == 0.0, || format!("{name} must be an integer")),
            Self::Finite => holds(number.is_finite(), || format!("{name} must be a finite number")),
            Self::Min(least) => holds(number >= *least, || {
                format!("{name} must be greater than or equal to {}", number_text(*least))
            }),
            Self::Max(most) => holds(number <= *most, || {
                format!("{name} must be less than or equal to {}", number_text(*most))
            }),
            _ => Ok(()),
        }
    }
}

fn holds(fine: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(message()) }
}

fn matches(value: &Value, pattern: &str, skip_empty: bool, name: &str) -> Result<(), String> {
    let text = value.as_str().unwrap_or_default();
    if text.is_empty() && skip_empty {
        return Ok(());
    }
    let regex = regress::Regex::new(pattern).map_err(|error| {
        format!("{name} has an invalid regular expression in its schema: {error}")
    })?;
    holds(regex.find(text).is_some(), || {
        format!("{name} must match the following: \"/{}/\"", pattern.replace('/', "\\/"))
    })
}
