//! What a person would call the device behind a `User-Agent`: `Firefox on Linux`. A guess,
//! shown to the user in the list of sessions and trusted for nothing.

/// No honest header is longer.
const MAX_BYTES: usize = 1_024;

/// Browsers by the word before the slash of their version. Most also name the browsers they
/// descend from, so the order matters.
const BROWSERS: [(&str, &[&str]); 9] = [
    ("Edge", &["Edg/", "Edge/", "EdgA/", "EdgiOS/"]),
    ("Opera", &["OPR/", "Opera/"]),
    ("Samsung Internet", &["SamsungBrowser/"]),
    ("Vivaldi", &["Vivaldi/"]),
    ("Yandex Browser", &["YaBrowser/", "Yowser/"]),
    ("Brave", &["Brave/"]),
    ("Firefox", &["Firefox/", "FxiOS/"]),
    ("Chrome", &["Chrome/", "CriOS/", "Chromium/"]),
    ("Safari", &["Safari/"]),
];

/// Phones also name the system theirs descends from.
const SYSTEMS: [(&str, &[&str]); 6] = [
    ("Windows", &["Windows NT"]),
    ("iOS", &["iPhone", "iPad", "iPod"]),
    ("Android", &["Android"]),
    ("macOS", &["Macintosh", "Mac OS X"]),
    ("ChromeOS", &["CrOS"]),
    ("Linux", &["Linux"]),
];

pub(crate) fn name(user_agent: &str) -> Option<String> {
    let end = user_agent.floor_char_boundary(MAX_BYTES);
    let text = user_agent.get(..end).unwrap_or_default();
    let first = |list: &[(&'static str, &[&str])]| {
        list.iter().find(|(_, words)| words.iter().any(|word| holds(text, word))).map(|it| it.0)
    };
    match (first(&BROWSERS), first(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// Whether the text holds the word, not as a part of a longer one.
fn holds(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + word.len()..));
        let open = |side: Option<char>| !side.is_some_and(is_part);
        open(before.and_then(|text| text.chars().next_back()))
            && (word.ends_with('/') || open(after.and_then(|text| text.chars().next())))
    })
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn devices_are_called_what_people_call_them() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36";
        for (header, called) in [
            (chrome, Some("Chrome on Windows")),
            (
                "Mozilla/5.0 (iPhone; like Mac OS X) Version/17.0 Mobile/15E Safari/604.1",
                Some("Safari on iOS"),
            ),
            ("Mozilla/5.0 (Macintosh) Chrome/120 Safari/537 Edg/120", Some("Edge on macOS")),
            ("X11; Linux Firefox/1", Some("Firefox on Linux")),
            ("CrOS", Some("ChromeOS")),
            ("curl/8.5", None),
            ("NotFirefox/1", None),
            ("", None),
        ] {
            assert_eq!(name(header).as_deref(), called, "{header}");
        }
    }
}
