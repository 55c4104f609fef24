//! Numbers as a language writes them.

use super::language::{Signs, signs_of};

/// More decimals say nothing a reader could use.
pub const MOST_DECIMALS: usize = 12;
/// Decimals shown when a template does not say, if the number has them.
const USUAL_DECIMALS: usize = 3;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    Plain,
    /// A part of a whole, from 0 to 1.
    Percent,
    /// An amount in the currency of this code.
    Money(&'a str),
}

/// Writes a number; without `decimals` as many as it has, up to three, and as many as money has.
#[must_use]
pub fn format(number: f64, decimals: Option<usize>, kind: Kind<'_>, locale: &str) -> String {
    let signs = signs_of(locale);
    let number = if kind == Kind::Percent { number * 100.0 } else { number };
    let digits = match (decimals, kind) {
        (Some(decimals), _) => format!("{:.*}", decimals.min(MOST_DECIMALS), number.abs()),
        (None, Kind::Money(code)) => format!("{:.*}", cents(code), number.abs()),
        (None, Kind::Percent) => format!("{:.0}", number.abs()),
        (None, Kind::Plain) => {
            let text = format!("{:.*}", USUAL_DECIMALS, number.abs());
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    let is_zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let minus = if number < 0.0 && !is_zero { "-" } else { "" };
    let digits = grouped(&digits, signs);
    match kind {
        Kind::Plain => format!("{minus}{digits}"),
        Kind::Percent => format!("{minus}{digits}{}%", signs.percent),
        Kind::Money(code) => {
            let symbol = symbol(code);
            match signs.before {
                // Letters do not stick to digits.
                Some("") if symbol.chars().all(char::is_alphabetic) => {
                    format!("{minus}{symbol}\u{a0}{digits}")
                }
                Some(space) => format!("{minus}{symbol}{space}{digits}"),
                None => format!("{minus}{digits}\u{a0}{symbol}"),
            }
        }
    }
}

fn grouped(digits: &str, signs: &Signs) -> String {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::with_capacity(digits.len() + 8);
    let groups = whole.len() > 3 && !(signs.only_long && whole.len() == 4);
    for (at, digit) in whole.chars().enumerate() {
        if groups && at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push_str(signs.group);
        }
        out.push(digit);
    }
    if !decimals.is_empty() {
        out.push_str(signs.decimal);
        out.push_str(decimals);
    }
    out
}

fn cents(code: &str) -> usize {
    match code {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "HUF" => 0,
        _ => 2,
    }
}

fn symbol(code: &str) -> &str {
    match code {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "BRL" => "R$",
        "PLN" => "zł",
        "CZK" => "Kč",
        "KRW" => "₩",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_the_language_of_the_page() {
        for (number, locale, expected) in [
            (1_234_567.5, "en", "1,234,567.5"),
            (1_234_567.5, "de", "1.234.567,5"),
            (1234.0, "de-CH", "1’234"),
            (1234.0, "es", "1234"),
            (12345.0, "es", "12.345"),
            (12345.0, "fr", "12\u{202f}345"),
            (-0.0001, "en", "0"),
            (-2.5, "sv", "-2,5"),
        ] {
            assert_eq!(format(number, None, Kind::Plain, locale), expected);
        }
        assert_eq!(format(2.0, Some(2), Kind::Plain, "en"), "2.00");
        assert_eq!(format(0.256, None, Kind::Percent, "de"), "26\u{a0}%");
        assert_eq!(format(1234.5, None, Kind::Money("EUR"), "de"), "1.234,50\u{a0}€");
        assert_eq!(format(1234.5, None, Kind::Money("USD"), "en"), "$1,234.50");
        assert_eq!(format(1234.5, None, Kind::Money("CHF"), "en"), "CHF\u{a0}1,234.50");
        assert_eq!(format(5.0, None, Kind::Money("JPY"), "ja"), "¥5");
    }
}
