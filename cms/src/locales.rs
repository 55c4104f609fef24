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

/// Languages whose locales clients may name without one of the site being in it.
const KNOWN: &str = "\
    ab ady af agq aig ak am ar as asa ast az bah bas be bem bez bg bm bn bo br brx bs ca \
    cgg chr ckb co cs cy da dav de dje dua dv dwr dyo ebu ee el en eo es et eu ewo fa ff \
    fi fil fo fr ga gd gl gmv gof gsw gu guz gv ha haw he hi hr ht hu hy id ig ii is it ja \
    jmc ka kaa kab kam kbd kde kea khq ki kk kl kln km kmr kn ko kok ksb ksf kw ky lag lao \
    lb lg lir ln lt lu luo luy lv mas mer mfe mg mgh mi mk ml mn mr ms mt mua my naq nb nd \
    ne nl nmg nn nus ny nyn om or pa pap pl ps pt rm rn ro rof ru rw rwk sa saq sbp sdh se \
    seh ses sg shi si sk sl smn sn so sq sr sv svc sw swc ta tch te teo tg th ti tk to tr \
    twq tzm ug uk ur uz vai val vi vic vun wo xh xog yav yo zh zu";

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

/// Whether a code names a locale there is somewhere in the world, by its language.
#[must_use]
pub fn is_known(code: &str) -> bool {
    let language = code.split('-').next().unwrap_or(code);
    let regions = code.split('-').skip(1).all(|part| part.len() >= 2);
    parse_code(code).is_ok() && regions && KNOWN.split(' ').any(|known| known == language)
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
    fn knows_locales_of_the_world() {
        assert!(["en", "de-AT", "zh-Hans-CN", "es-419", "zu"].iter().all(|code| is_known(code)));
        assert!(!["xx", "EN", "de-", "", "klingon"].iter().any(|code| is_known(code)));
    }

    #[test]
    fn refuses_codes_that_are_none() {
        assert!(parse_code("zh-Hans").is_ok());
        for code in ["", "a b", "../x", "en-", "en/de"] {
            assert!(parse_code(code).is_err(), "{code}");
        }
    }
}
