//! What a language does with numbers: signs between digits, plural forms.

/// Signs between groups of digits and before decimals, and where a currency stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    pub(crate) group: &'static str,
    pub(crate) decimal: &'static str,
    /// Numbers of four digits are not grouped.
    pub(crate) only_long: bool,
    /// The currency comes first, with this after it; else last, after a blank.
    pub(crate) before: Option<&'static str>,
    /// What stands before a percent sign.
    pub(crate) percent: &'static str,
}

const NBSP: &str = "\u{a0}";
const NARROW: &str = "\u{202f}";

const fn signs(
    group: &'static str,
    decimal: &'static str,
    only_long: bool,
    before: Option<&'static str>,
    percent: &'static str,
) -> Signs {
    Signs { group, decimal, only_long, before, percent }
}

static ENGLISH: Signs = signs(",", ".", false, Some(""), "");
static GERMAN: Signs = signs(".", ",", false, None, NBSP);
static SWISS: Signs = signs("’", ".", false, Some(NBSP), "");
static FRENCH: Signs = signs(NARROW, ",", false, None, NARROW);
static SPANISH: Signs = signs(".", ",", true, None, NBSP);
static ITALIAN: Signs = signs(".", ",", false, None, "");
static DUTCH: Signs = signs(".", ",", false, Some(NBSP), "");
static BRAZILIAN: Signs = signs(".", ",", false, Some(NBSP), "");
static PORTUGUESE: Signs = signs(NBSP, ",", true, None, "");
static POLISH: Signs = signs(NBSP, ",", true, None, "");
static SPACED: Signs = signs(NBSP, ",", false, None, NBSP);
static DOTTED: Signs = signs(".", ",", false, None, "");
static TURKISH: Signs = signs(".", ",", false, Some(""), "");

/// The language of a locale code: `de` of `de-AT`.
pub(crate) fn of(locale: &str) -> String {
    locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

pub(crate) fn signs_of(locale: &str) -> &'static Signs {
    let code = locale.to_ascii_lowercase().replace('_', "-");
    match (of(locale).as_str(), code.as_str()) {
        ("de" | "it" | "rm", code) if code.ends_with("-ch") || code.ends_with("-li") => &SWISS,
        ("pt", "pt-pt") => &PORTUGUESE,
        ("de" | "da" | "id" | "hr" | "sr" | "sl" | "is", _) => match of(locale).as_str() {
            "id" => &DOTTED,
            _ => &GERMAN,
        },
        ("fr", _) => &FRENCH,
        ("es" | "ca", _) => &SPANISH,
        ("it" | "el" | "ro", _) => &ITALIAN,
        ("nl", _) => &DUTCH,
        ("pt", _) => &BRAZILIAN,
        ("pl" | "bg", _) => &POLISH,
        ("tr", _) => &TURKISH,
        (
            "sv" | "fi" | "nb" | "no" | "nn" | "cs" | "sk" | "hu" | "ru" | "uk" | "be" | "lt"
            | "lv" | "et",
            _,
        ) => &SPACED,
        _ => &ENGLISH,
    }
}

/// The plural form of a whole number, by CLDR's names.
pub(crate) fn plural(locale: &str, number: u64) -> &'static str {
    let (ten, hundred) = (number % 10, number % 100);
    let teens = (11..=19).contains(&hundred);
    match (of(locale).as_str(), number) {
        ("ja" | "zh" | "ko" | "th" | "vi" | "id" | "ms", _) => "other",
        ("fr" | "pt", 0 | 1) => "one",
        ("ru" | "uk" | "be" | "sr" | "hr" | "bs", _) => match ten {
            1 if hundred != 11 => "one",
            2..=4 if !(12..=14).contains(&hundred) => "few",
            _ if ["sr", "hr", "bs"].contains(&of(locale).as_str()) => "other",
            _ => "many",
        },
        ("pl", 1) => "one",
        ("pl", _) => match ten {
            2..=4 if !(12..=14).contains(&hundred) => "few",
            _ => "many",
        },
        ("cs" | "sk", 2..=4) => "few",
        ("lt", _) => match ten {
            1 if !teens => "one",
            2..=9 if !teens => "few",
            _ => "other",
        },
        ("lv", _) => match ten {
            0 => "zero",
            _ if teens => "zero",
            1 => "one",
            _ => "other",
        },
        ("sl", _) => match hundred {
            1 => "one",
            2 => "two",
            3 | 4 => "few",
            _ => "other",
        },
        ("ro", 0) => "few",
        ("ro", 2..) if (1..=19).contains(&hundred) => "few",
        ("ar", _) => match (number, hundred) {
            (0, _) => "zero",
            (1, _) => "one",
            (2, _) => "two",
            (_, 3..=10) => "few",
            (_, 11..=99) => "many",
            _ => "other",
        },
        ("he", 2) => "two",
        (_, 1) => "one",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_forms_are_those_of_the_language() {
        for (locale, forms) in [
            ("en", ["other", "one", "other", "other", "other", "other"]),
            ("fr-CA", ["one", "one", "other", "other", "other", "other"]),
            ("ru", ["many", "one", "few", "many", "many", "one"]),
            ("pl", ["many", "one", "few", "many", "many", "many"]),
            ("cs", ["other", "one", "few", "other", "other", "other"]),
            ("ar", ["zero", "one", "two", "few", "many", "many"]),
            ("ja", ["other"; 6]),
        ] {
            let found = [0, 1, 2, 5, 11, 21].map(|number| plural(locale, number));
            assert_eq!(found, forms, "{locale}");
        }
    }
}
