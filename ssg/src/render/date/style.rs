//! Dates as a language usually writes them, from short to full.

use crate::render::language;

/// The styles by name, as indices into a language's patterns.
pub const STYLES: [&str; 4] = ["short", "medium", "long", "full"];

/// The strftime pattern of a style; none when there is no such style.
#[must_use]
pub fn pattern(style: &str, locale: &str) -> Option<&'static str> {
    let at = STYLES.iter().position(|known| *known == style)?;
    patterns(locale).get(at).copied()
}

fn patterns(locale: &str) -> [&'static str; 4] {
    let code = locale.to_ascii_lowercase().replace('_', "-");
    match (language::of(locale).as_str(), code.as_str()) {
        ("en", "en-gb" | "en-au" | "en-nz" | "en-ie" | "en-in" | "en-za") => {
            ["%d/%m/%Y", "%-d %b %Y", "%-d %B %Y", "%A, %-d %B %Y"]
        }
        ("de", _) => ["%d.%m.%y", "%d.%m.%Y", "%-d. %B %Y", "%A, %-d. %B %Y"],
        ("fr", _) => ["%d/%m/%Y", "%-d %b %Y", "%-d %B %Y", "%A %-d %B %Y"],
        ("es", _) => ["%-d/%-m/%y", "%-d %b %Y", "%-d de %B de %Y", "%A, %-d de %B de %Y"],
        ("pt", _) => ["%d/%m/%Y", "%-d de %b de %Y", "%-d de %B de %Y", "%A, %-d de %B de %Y"],
        ("it", _) => ["%d/%m/%y", "%-d %b %Y", "%-d %B %Y", "%A %-d %B %Y"],
        ("nl", _) => ["%d-%m-%Y", "%-d %b %Y", "%-d %B %Y", "%A %-d %B %Y"],
        ("sv", _) => ["%Y-%m-%d", "%-d %b %Y", "%-d %B %Y", "%A %-d %B %Y"],
        ("da", _) => ["%d.%m.%Y", "%-d. %b %Y", "%-d. %B %Y", "%A den %-d. %B %Y"],
        ("nb" | "no" | "nn", _) => ["%d.%m.%Y", "%-d. %b %Y", "%-d. %B %Y", "%A %-d. %B %Y"],
        ("pl", _) => ["%-d.%m.%Y", "%-d %b %Y", "%-d %B %Y", "%A, %-d %B %Y"],
        ("ja", _) => ["%Y/%m/%d", "%Y/%m/%d", "%Y年%-m月%-d日", "%Y年%-m月%-d日%A"],
        ("zh", _) => ["%Y/%-m/%-d", "%Y年%-m月%-d日", "%Y年%-m月%-d日", "%Y年%-m月%-d日%A"],
        ("en", _) => ["%-m/%-d/%y", "%b %-d, %Y", "%B %-d, %Y", "%A, %B %-d, %Y"],
        // Where names of months are not known, numbers are right.
        _ => ["%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d"],
    }
}
