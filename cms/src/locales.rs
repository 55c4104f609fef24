//! Locale codes and their names.

/// The languages people run sites in most, as Strapi names them.
const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "Arabic"),
    ("bg", "Bulgarian"),
    ("cs", "Czech"),
    ("da", "Danish"),
    ("de", "German"),
    ("el", "Greek"),
    ("en", "English"),
    ("es", "Spanish"),
    ("et", "Estonian"),
    ("fi", "Finnish"),
    ("fr", "French"),
    ("he", "Hebrew"),
    ("hi", "Hindi"),
    ("hr", "Croatian"),
    ("hu", "Hungarian"),
    ("id", "Indonesian"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("lt", "Lithuanian"),
    ("lv", "Latvian"),
    ("nb", "Norwegian Bokmål"),
    ("nl", "Dutch"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sk", "Slovak"),
    ("sl", "Slovenian"),
    ("sv", "Swedish"),
    ("th", "Thai"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("zh", "Chinese"),
];

/// Longest accepted code; `zh-Hans-CN` and the like fit well.
const MAX_CODE_LENGTH: usize = 35;

/// `English (en)`; a code we have no name for is its own name.
#[must_use]
pub fn display_name(code: &str) -> String {
    let language = code.split('-').next().unwrap_or(code);
    match LANGUAGES.iter().find(|(known, _)| *known == language) {
        Some((_, name)) => format!("{name} ({code})"),
        None => code.to_owned(),
    }
}

/// Codes become part of URLs and paths, so their alphabet is closed.
///
/// # Errors
/// Says what a code looks like.
pub fn parse_code(code: &str) -> Result<String, String> {
    let valid = !code.is_empty()
        && code.len() <= MAX_CODE_LENGTH
        && code
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if valid {
        Ok(code.to_owned())
    } else {
        Err(format!("`{code}` is no locale code; accepted are codes like `en`, `de-AT`, `zh-Hans`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_known_languages_and_keeps_other_codes() {
        assert_eq!(display_name("de"), "German (de)");
        assert_eq!(display_name("de-AT"), "German (de-AT)");
        assert_eq!(display_name("tlh"), "tlh");
    }

    #[test]
    fn refuses_codes_that_are_none() {
        assert!(parse_code("zh-Hans").is_ok());
        for code in ["", "a b", "../x", "en-", "en/de"] {
            assert!(parse_code(code).is_err(), "{code}");
        }
    }
}
