//! The number of a row as clients write it in a path.
//!
//! Strapi hands the text to the database, which takes every spelling of a whole number.

/// `7`, `+7`, ` 7 `, `7.0` and `7e0` are all the seventh row; `None` when it is no row's.
pub(crate) fn of(text: &str) -> Option<i64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    text.parse().ok().or_else(|| whole(text))
}

/// Beyond this a number with a point or an exponent is no exact one.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(text: &str) -> Option<i64> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    let number: f64 = text.chars().all(digits).then(|| text.parse().ok())??;
    #[expect(clippy::cast_possible_truncation, reason = "whole and small enough")]
    let whole = (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_whole_number_is_that_number() {
        for text in ["7", "+7", "07", " 7", "7\t", "7.0", "7.", "70e-1", "7E0"] {
            assert_eq!(of(text), Some(7), "{text}");
        }
        for text in ["", " ", "x", "7x", "7.5", "0x7", "7,0", "inf", "nan", "1e300", "7 7"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
