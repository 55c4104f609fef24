//! Quotes as a language sets them.
//!
//! The parser knows which straight quote opens and which closes, and English marks for them;
//! other languages have others. An apostrophe is the same in all.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event};

/// Opening and closing marks, double and single.
#[derive(Debug)]
pub(super) struct Marks {
    double: [&'static str; 2],
    single: [&'static str; 2],
}

const ENGLISH: Marks = Marks { double: ["“", "”"], single: ["‘", "’"] };
const GERMAN: Marks = Marks { double: ["„", "“"], single: ["‚", "‘"] };
const FRENCH: Marks =
    Marks { double: ["«\u{a0}", "\u{a0}»"], single: ["‹\u{a0}", "\u{a0}›"] };
const GUILLEMETS: Marks = Marks { double: ["«", "»"], single: ["“", "”"] };
const POLISH: Marks = Marks { double: ["„", "”"], single: ["‚", "’"] };
const NORDIC: Marks = Marks { double: ["”", "”"], single: ["’", "’"] };
const RUSSIAN: Marks = Marks { double: ["«", "»"], single: ["„", "“"] };
const JAPANESE: Marks = Marks { double: ["「", "」"], single: ["『", "』"] };
const SWISS: Marks = Marks { double: ["«", "»"], single: ["‹", "›"] };

const APOSTROPHE: &str = "’";

/// Marks for a locale code: by language, but for Switzerland.
pub(super) fn of_locale(locale: &str) -> &'static Marks {
    let code = locale.to_ascii_lowercase().replace('_', "-");
    if code.ends_with("-ch") || code.ends_with("-li") {
        return &SWISS;
    }
    match code.split('-').next().unwrap_or_default() {
        "de" | "cs" | "sk" | "sl" | "hr" | "bg" | "is" | "lt" => &GERMAN,
        "fr" => &FRENCH,
        "es" | "it" | "pt" | "no" | "nb" | "nn" | "el" | "ca" => &GUILLEMETS,
        "pl" | "hu" | "ro" => &POLISH,
        "sv" | "fi" => &NORDIC,
        "ru" | "uk" | "be" => &RUSSIAN,
        "ja" => &JAPANESE,
        _ => &ENGLISH,
    }
}

/// Events with the marks of a language in place of the parser's.
pub(super) fn localized<'t>(
    source: &'t str,
    events: impl Iterator<Item = (Event<'t>, Range<usize>)>,
    marks: &'static Marks,
) -> Vec<Event<'t>> {
    let mut singles = 0_usize;
    events
        .map(|(event, place)| {
            let Event::Text(text) = &event else { return event };
            let written = source.get(place.clone()).unwrap_or_default();
            let mark = match (written, &**text) {
                ("\"", "“") => marks.double[0],
                ("\"", "”") => marks.double[1],
                ("'", "‘") => {
                    singles += 1;
                    marks.single[0]
                }
                ("'", "’") if singles > 0 && !inside_word(source, &place) => {
                    singles -= 1;
                    marks.single[1]
                }
                ("'", "’") => APOSTROPHE,
                _ => return event,
            };
            Event::Text(CowStr::Borrowed(mark))
        })
        .collect()
}

fn inside_word(source: &str, place: &Range<usize>) -> bool {
    let before = source.get(..place.start).and_then(|text| text.chars().next_back());
    let after = source.get(place.end..).and_then(|text| text.chars().next());
    [before, after].iter().all(|char| char.is_some_and(char::is_alphanumeric))
}
